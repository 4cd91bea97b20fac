"""Normalisation rules for numbers that name something: telephones, plates, roads, rooms, documents."""

import re

from broadcaster.text.digits import say_amount, say_as_code, say_one_by_one
from broadcaster.text.normalisation_rule import NormalisationRule, rule

# What a four- or five-digit 12xxx or 9xxxx is counted in; before these it is an amount.
COUNTED = (
    "多|余|元|块|万|千|亿|人|户|亩|斤|公斤|吨|个|名|位|米|次|份|只|头|辆|台|套|袋|桶|件|箱|平|立|年|里|公里|例|棵|株|"
    "册|度|%|℃|k|m"
)
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

# Two characters each, for a pattern that looks back must know how far.
SEEDS = """
    郑单 先玉 登海 浚单 京科 伟科 隆平 裕丰 联创 济麦 石麦 衡麦 冀麦 邯麦 中麦 豫麦 农大 山农 百农 烟农
    """.split()

CALLED = (
    r"(?:固话|车号|车牌号?|电话|手机|座机|热线|拨打|致电|报警|急救|火警|匪警|号码|密码|验证码|邮编|邮政编码|传真|客服|分机|短号|"
    r"微信|微信号|QQ|群号|尾号|账号|帐号|卡号|编号|证号|单号|订单号|身份证|咨询|举报|求助|联系|打|拨|转)"
)


def _telephones(match: re.Match[str]) -> str:
    return match[1] + re.sub(r"\d+|-", lambda part: say_as_code(part[0]), match[2])


def _code(match: re.Match[str]) -> str:
    return say_as_code(match[0])


def _address(match: re.Match[str]) -> str:
    return "杠".join(
        say_as_code(part) if len(part) > 2 else say_amount(part) for part in match[0].split("-")
    )


def _after_letters(match: re.Match[str]) -> str:
    whole, point, fraction = match[2].partition(".")
    return match[1] + say_one_by_one(whole) + ("点" + say_one_by_one(fraction) if point else "")


RULES: tuple[NormalisationRule, ...] = (
    rule("number sign", r"(?:No|NO|no|№)\.? ?(\d+)", lambda m: f"{m[1]}号"),
    rule("ordinal", r"(?<=第)(\d+)", lambda m: say_amount(m[1])),
    rule("landline", r"(?<![\d.-])0\d{2,3}[-—– ]?\d{7,8}(?!\d)", _code),
    rule("landline in brackets", r"\(0\d{2,3}\) ?\d{7,8}(?!\d)", _code),
    rule("mobile", r"(?<![\d.-])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)", _code),
    rule(
        "second telephone",
        r"(?<=[零幺二三四五六七八九]{7})([或和、，,/])(\d{7,8})(?!\d)",
        lambda m: m[1] + say_as_code(m[2]),
    ),
    rule("country code", r"(?<!\d)\+(\d{2})(?!\d)", lambda m: "加" + say_one_by_one(m[1])),
    rule("service number", r"(?<![\d.-])[48]00[- ]?\d{3,4}[- ]?\d{3,4}(?!\d)", _code),
    rule(
        "after a word that calls",
        rf"({CALLED}(?:号码|号|电话)?(?:[是为:： ]|分别是)*)"
        r"(\d[\d-]{2,}(?:[、,，或和/](?:\d[\d-]{2,}))*)"
        rf"(?!\d|\.\d|{COUNTED}|:\d)",
        _telephones,
    ),
    rule(
        "before a word that is called",
        r"(?<![\d.])\d{3,6}(?=(?:服务|政务|监督|举报|便民)*(?:热线|专线|平台|急救|报警|火警|出车|救护|电话))",
        _code,
    ),
    rule(
        "emergency number", rf"(?<![\d.-])(?:110|119|120|122)(?=[、,，和或/]|$)(?!\d|{COUNTED})", _code
    ),
    rule(
        "hotline",
        rf"(?<![\d.-])(?:12[0-9]{{3}}|9[56]\d{{3,4}}|100(?:10|86))(?!\d|[-~.]\d|{COUNTED})",
        _code,
    ),
    rule(
        "document",
        r"(?<![\d.])\d{17}[\dXx](?![\dA-Za-z])",
        lambda m: say_as_code(m[0]) + ("X" if m[0][-1] in "Xx" else ""),
    ),
    rule("grouped digits", r"(?<![\d.])\d{3,4}(?: \d{3,4}){2,}(?! ?\d)", _code),
    rule(
        "masked digits",
        r"(?<![\d.])(\d+)([×xX*]{2,})(\d*)(?!\d)",
        lambda m: say_as_code(m[1]) + "某" * len(m[2]) + say_as_code(m[3]),
    ),
    rule("round sum", r"(?<![\d.])\d{9,12}(?<=0000)(?![\d.])", lambda m: say_amount(m[0])),
    rule("long number", r"(?<![\d.])\d{9,}(?![\d.]|[万亿元])", _code),
    rule("called by its digits", r"(?<![\d.])\d{2,5}(?=开头|打头|结尾)", _code),
    rule(
        "variety of seed",
        rf"(?<={'|'.join(SEEDS)})\d{{2,4}}(?!\d)",
        lambda m: say_one_by_one(m[0]) if len(m[0]) > 2 else say_amount(m[0]),
    ),
    rule(
        "plate",
        rf"[{PROVINCES}][A-Z]·?[A-Z0-9]{{5,6}}(?![A-Z0-9])",
        lambda m: re.sub(r"\d", _code, m[0].replace("·", "")),
    ),
    rule("numbered road", r"(?<!\d)\d{3}(?=国道|省道|县道|乡道)", _code),
    rule(
        "lettered road",
        r"(?<![A-Za-z])[GSXYK]\d{1,4}(?=[\u4e00-\u9fff])",
        lambda m: m[0][0] + say_as_code(m[0]),
    ),
    rule(
        "stone of a road",
        r"K(\d+)\+(\d{3})(?!\d)",
        lambda m: f"K{say_amount(m[1])}加{say_one_by_one(m[2]) if m[2][0] == '0' else say_amount(m[2])}",
    ),
    rule("room", r"(?<!\d)\d{3,4}(?=室|房|病房|教室|宿舍|包间|办公室)", _code),
    rule(
        "address", r"(?<![\d.年月-])(?!0\d-\d\d-(?:19|20)\d\d)\d{1,3}-\d{1,2}-\d{3,4}(?![\d-])", _address
    ),
    rule("house and room", r"(?<=号楼)\d{3,4}(?!\d)|(?<=单元)\d{3,4}(?!\d)", _code),
    rule(
        "born in a decade",
        r"(?<!\d)[5-9]0后|(?<!\d)[01]0后(?=[\u4e00-\u9fff])",
        lambda m: say_one_by_one(m[0]) + "后",
    ),
    rule(
        "brand of digits", r"(?<!\d)(?:84(?=消毒)|[0-9]{3}(?=集团|医院))", lambda m: say_one_by_one(m[0])
    ),
    rule("digits before letters", r"(?<!\d)\d{4}-(?=[A-Za-z])", lambda m: say_one_by_one(m[0])),
    rule("digits after letters", r"([A-Za-z]+)-?(\d+(?:\.\d+)?)(?![\d.]|[年月日点时])", _after_letters),
)
