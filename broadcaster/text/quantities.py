"""Normalisation rules for numbers that measure something: ranges, shares, weights, ratios."""

import re

from broadcaster.text.digits import say_amount, say_counted, say_one_by_one
from broadcaster.text.normalisation_rule import NUMBER, TO, NormalisationRule, rule

SYMBOLS = dict(
    pair.split(":")
    for pair in """
    kg:公斤 KG:公斤 Kg:公斤 mg:毫克 g:克 km/h:公里每小时 mmol/L:毫摩尔每升 μg:微克 ug:微克 ms:毫秒
    dB:分贝 mL/L:毫升每升 w:万 km²:平方公里 km:公里 cm:厘米 mm:毫米 m²:平方米 ㎡:平方米 m2:平方米
    m³:立方米 ㎥:立方米 m3:立方米 cm²:平方厘米 m/s:米每秒 m:米 ml:毫升 mL:毫升 L:升 kWh:千瓦时
    kW:千瓦 KW:千瓦 kV:千伏 KV:千伏 V:伏 W:瓦 Hz:赫兹 kPa:千帕 mmHg:毫米汞柱 t:吨 h:小时 min:分钟
    ha:公顷 ℃:摄氏度 °C:摄氏度 °:度 M:兆 ㎏:公斤 ㎝:厘米 ㎜:毫米 ㎞:公里
    """.split()
)
SYMBOL = "|".join(sorted(map(re.escape, SYMBOLS), key=len, reverse=True))

# Measure words before which 2 is 两; before 号 月 日 组 级 队 班 楼 单元 it stays 二.
COUNTERS = (
    "个|名|位|人|口|户|家|只|头|匹|条|辆|台|架|艘|件|套|份|张|本|册|把|根|支|枝|棵|株|座|间|栋|幢|处|片|块|袋|包|箱|桶|瓶|盒|"
    "碗|车|筐|捆|双|对|副|批|次|回|遍|场|趟|顿|天|周|年|小时|分钟|秒|点|米|公里|里地|公斤|斤|吨|克|升|毫升|亩|公顷|平方|立方|"
    "元|块钱|角|万|千|亿|倍|种|类|项|村|所|门|道|针|剂|支|老|者|成|岁|多|年级"
)
SAID = "\\d零一二三四五六七八九十百千负"


def _range(match: re.Match[str]) -> str:
    first, unit, last = match[1], match[2] or "", match[3]
    say = say_counted if re.match(COUNTERS, match.string[match.end() :] or " ") else say_amount
    return f"{say(first)}{SYMBOLS.get(unit, unit)}到{say(last)}"


def _of(sign: str) -> str:
    return "千分之" if sign == "‰" else "百分之"


def _fraction(match: re.Match[str]) -> str:
    top, bottom = match[1], match[2]
    if int(top) >= int(bottom) > 9:
        return f"{say_amount(top)}比{say_amount(bottom)}"
    return f"{say_amount(bottom)}分之{say_amount(top)}"


RULES: tuple[NormalisationRule, ...] = (
    rule("thousands", r"(?<![\d,])\d{1,3}(?:,\d{3})+(?![\d,])", lambda m: m[0].replace(",", "")),
    rule(
        "ratio",
        r"(?<![\d.])\d+(?:\.\d+)?(?::\d+(?:\.\d+)?)+(?![\d:])",
        lambda m: "比".join(map(say_amount, m[0].split(":"))),
    ),
    rule(
        "range from below zero",
        rf"(?<![\d)])-({NUMBER})(℃|°C|度)?[-~到至](-?)({NUMBER})(?=℃|°C|度)",
        lambda m: f"零下{say_amount(m[1])}{m[2] or ''}到{'零下' if m[3] else ''}{say_amount(m[4])}",
    ),
    rule(
        "below zero",
        rf"(?<![\d)])-({NUMBER})(?=\s*(?:℃|°|度|摄氏))",
        lambda m: "零下" + say_amount(m[1]),
    ),
    rule(
        "list of groups",
        r"(?<![\d-])\d(?:-\d){2,}(?=组|队|班|号|楼|单元|栋|社)",
        lambda m: say_one_by_one(m[0]),
    ),
    rule(
        "formula",
        r"(?<![\d.-])\d{1,2}(?:-\d{1,2}){2}(?![\d-])",
        lambda m: "".join(map(say_amount, m[0].split("-"))),
    ),
    rule("minus", r"(?:(?<![\w)\]-])|(?<=[算是为达于]))-\s*(?=\d|百分之)", lambda m: "负"),
    rule("times", r"(\d+(?:\.\d+)?)(天?)\s*[×xX*✕]\s*(?=\d)", lambda m: f"{say_amount(m[1])}{m[2]}乘"),
    rule(
        "share range",
        rf"({NUMBER})([%％‰]){TO}({NUMBER})([%％‰])",
        lambda m: f"{_of(m[2])}{say_amount(m[1])}到{_of(m[4])}{say_amount(m[3])}",
    ),
    rule(
        "share range of one sign",
        rf"({NUMBER}){TO}({NUMBER})([%％])",
        lambda m: f"百分之{say_amount(m[1])}到百分之{say_amount(m[2])}",
    ),
    rule("share", rf"({NUMBER})([%％‰])", lambda m: _of(m[2]) + say_amount(m[1])),
    rule("fraction", r"(?<![\d./])(\d+) ?/ ?(\d+)(?![\d/.])", _fraction),
    rule(
        "out of",
        rf"(?<![\d/])({NUMBER})/({NUMBER})(?![\d/])",
        lambda m: f"{say_amount(m[1])}比{say_amount(m[2])}",
    ),
    rule(
        "number range",
        rf"(?<![\dA-Za-z.-])({NUMBER})({SYMBOL}|[\u4e00-\u9fff]{{1,2}}?)?[-~—–]({NUMBER})(?![\d-]|\.\d)",
        _range,
    ),
    rule(
        "unit sign",
        rf"(?<=[\d零一二三四五六七八九十百千万亿每])\s*({SYMBOL})(?![A-Za-z])",
        lambda m: SYMBOLS[m[1]],
    ),
    rule(
        "per unit sign", rf"(?<=[元角分斤克升])/({SYMBOL})(?![A-Za-z])", lambda m: "每" + SYMBOLS[m[1]]
    ),
    rule(
        "per",
        r"(?<=[\u4e00-\u9fff])/(?=(?:公斤|斤|亩|吨|克|平方米|立方米|平米|米|公里|里|人|户|天|日|月|年|次|小时|分钟|秒|袋|箱|个|头|只|度|升|瓶|盒|桶|张|份|车|件|套|棵|株)(?![\u4e00-\u9fff]{3}))",
        lambda m: "每",
    ),
    rule("plus", r"(?<=[\d\u4e00-\u9fff])(?<!岁)\s*\+\s*(?=[\d\u4e00-\u9fff])", lambda m: "加"),
    rule("and over", r"(?<=[\d岁])\+", lambda m: "以上"),
    rule("equals", r"(?<=[\d\u4e00-\u9fff])\s*=\s*(?=\d)", lambda m: "等于"),
    rule("at least", rf"(?:≥|>=)\s*(?=[{SAID}])", lambda m: "大于等于"),
    rule("at most", rf"(?:≤|<=)\s*(?=[{SAID}])", lambda m: "小于等于"),
    rule("over", rf">\s*(?=[{SAID}])", lambda m: "大于"),
    rule("under", rf"<\s*(?=[{SAID}])", lambda m: "小于"),
    rule("plus or minus", r"±\s*(?=\d)", lambda m: "正负"),
    rule(
        "two as a name",
        r"(?<![\d.])2(?=单元|号|组|队|班|楼|栋楼|级|月|期|季度|标段|区|车间|社)",
        lambda m: "二",
    ),
    rule("two of something", rf"(?<![\d.:/初第])2(?=(?:{COUNTERS})(?!级))", lambda m: "两"),
    rule(
        "numbers with points",
        r"(?<![\d.])\d+(?:\.\d+){2,}(?![\d.]*\d)",
        lambda m: "点".join(map(say_one_by_one, m[0].split("."))),
    ),
    rule("decimal", r"(?<![\d.])\d+\.\d+(?![\d.]*\.\d)", lambda m: say_amount(m[0])),
    rule("amount", r"(?<![\d.])(?:[1-9]\d{0,15}|0)(?![\d.])", lambda m: say_amount(m[0])),
    rule("and sign", r"\s*&\s*", lambda m: "和"),
    rule(
        "name left out",
        r"(?<=[\u4e00-\u9fff])(?<![零一二三四五六七八九幺])[×xX*]{1,3}(?![A-Za-z\d零一二三四五六七八九幺])",
        lambda m: "某" * len(m[0]),
    ),
    rule("dash between words", r"(?<=[\u4e00-\u9fff])[-~/](?=[\u4e00-\u9fff])", lambda m: "，"),
)
