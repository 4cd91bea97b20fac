"""Numbers and signs are said as people say them, by rules that each have an example."""

import csv
import re
from pathlib import Path

import pytest

from broadcaster.text.normalisation_rule import NormalisationRule
from broadcaster.text.normalise import ORDER, normalise

# One example at least for each rule, by its name.
EXAMPLES = {
    "number sign": ("No.3", "三号"),
    "landline": ("电话0317-5551234", "电话零三幺七五五五幺二三四"),
    "landline in brackets": ("(0317)5551234", "零三幺七五五五幺二三四"),
    "mobile": ("手机139 3123 4567", "手机幺三九三幺二三四五六七"),
    "second telephone": ("0317-5551234或5556789", "零三幺七五五五幺二三四或五五五六七八九"),
    "country code": ("+86", "加八六"),
    "grouped digits": ("会议号123 456 789", "会议号幺二三四五六七八九"),
    "masked digits": ("340***1234", "三四零某某某幺二三四"),
    "round sum": ("11000000000", "一百一十亿"),
    "called by its digits": ("400开头", "四零零开头"),
    "variety of seed": ("郑单958和济麦22", "郑单九五八和济麦二十二"),
    "stone of a road": ("K12+500和K3+050", "K十二加五百和K三加零五零"),
    "day before year": ("03-05-2026", "二零二六年三月五日"),
    "day with noughts": ("03.05", "三月五日"),
    "month with nought": ("02月", "二月"),
    "year before our time": ("公元前221年", "公元前二二一年"),
    "clock of twelve hours": ("8:00 a.m.", "上午八点"),
    "date to date": ("11月1日—次年3月", "十一月一日到次年三月"),
    "formula": ("15-15-15", "十五十五十五"),
    "minus": ("-2", "负二"),
    "numbers with points": ("127.0.0.1", "一二七点零点零点一"),
    "amount": ("共111人", "共一百一十一人"),
    "service number": ("400-123-4567", "四零零幺二三四五六七"),
    "after a word that calls": ("拨打110、120或119", "拨打幺幺零、幺二零或幺幺九"),
    "before a word that is called": ("12345政务服务热线", "幺二三四五政务服务热线"),
    "emergency number": ("110、119", "幺幺零、幺幺九"),
    "hotline": ("12393咨询", "幺二三九三咨询"),
    "document": ("13098219900101123X", "幺三零九八二幺九九零零幺零幺幺二三X"),
    "long number": ("6222021234567", "六二二二零二幺二三四五六七"),
    "plate": ("冀A·12B45", "冀A幺二B四五"),
    "numbered road": ("107国道", "幺零七国道"),
    "lettered road": ("G45高速", "G四五高速"),
    "room": ("301室", "三零幺室"),
    "address": ("3-2-301", "三杠二杠三零幺"),
    "house and room": ("2号楼502", "二号楼五零二"),
    "born in a decade": ("60后、70后", "六零后、七零后"),
    "brand of digits": ("84消毒液", "八四消毒液"),
    "digits before letters": ("2019-nCoV", "二零一九nCoV"),
    "digits after letters": ("PM2.5和N95", "PM二点五和N九五"),
    "thousands": ("1,200元", "一千二百元"),
    "date range of years": ("2020-2025年", "二零二零到二零二五年"),
    "date": ("2026-03-05", "二零二六年三月五日"),
    "year and month": ("2026-03", "二零二六年三月"),
    "year": ("2003年", "二零零三年"),
    "short year": ("26年3月5日", "二六年三月五日"),
    "month and day": ("1月25", "一月二十五"),
    "lunar day": ("腊月23", "腊月二十三"),
    "first days": ("正月初8", "正月初八"),
    "day range": ("3月1日至5日", "三月一日至五日"),
    "days of one month": ("3月1-5日", "三月一到五日"),
    "clock range": ("8:30-17:05", "八点半到十七点零五分"),
    "clock": ("14:52:07", "十四点五十二分零七秒"),
    "ratio": ("1:1000，1:10兑水", "一比一千，一比十兑水"),
    "hours with a unit": ("8点-11点", "八点到十一点"),
    "half past": ("2点半", "两点半"),
    "range from below zero": ("-5~3℃", "零下五到三摄氏度"),
    "below zero": ("-5℃", "零下五摄氏度"),
    "list of groups": ("1-2-3组", "一二三组"),
    "times": ("7×24小时", "七乘二十四小时"),
    "share range": ("30%~50%", "百分之三十到百分之五十"),
    "share range of one sign": ("30-50%", "百分之三十到百分之五十"),
    "share": ("98.5%", "百分之九十八点五"),
    "fraction": ("2/3以上", "三分之二以上"),
    "out of": ("98.5/100", "九十八点五比一百"),
    "money sign": ("￥2.5万", "二点五万元"),
    "number range": ("2-3天", "两到三天"),
    "unit sign": ("20kg", "二十公斤"),
    "per unit sign": ("5元/kg", "五元每公斤"),
    "per": ("2.36元/公斤", "二点三六元每公斤"),
    "plus": ("5+2", "五加二"),
    "and over": ("65岁+", "六十五岁以上"),
    "equals": ("1斤=500克", "一斤等于五百克"),
    "at least": ("≥37.3℃", "大于等于三十七点三摄氏度"),
    "at most": ("≤3天", "小于等于三天"),
    "over": (">60岁", "大于六十岁"),
    "under": ("<3天", "小于三天"),
    "plus or minus": ("±5", "正负五"),
    "ordinal": ("第2组", "第二组"),
    "two as a name": ("2单元、2组", "二单元、二组"),
    "two of something": ("2个人2辆车", "两个人两辆车"),
    "decimal": ("37.3度", "三十七点三度"),
    "and sign": ("停水&停电", "停水和停电"),
    "name left out": ("张××", "张某某"),
    "dash between words": ("北京-上海", "北京，上海"),
}


@pytest.mark.parametrize("rule", ORDER, ids=lambda rule: rule.name)
def test_each_rule_says_its_example(rule: NormalisationRule) -> None:
    written, spoken = EXAMPLES[rule.name]
    assert normalise(written) == spoken


@pytest.mark.parametrize("rule", ORDER, ids=lambda rule: rule.name)
def test_each_rule_has_a_part_in_its_example(rule: NormalisationRule) -> None:
    text = EXAMPLES[rule.name][0]
    for one in ORDER:
        if one is rule:
            break
        text = one.apply(text)
    assert rule.apply(text) != text


def test_names_of_rules_are_unique() -> None:
    assert len({rule.name for rule in ORDER}) == len(ORDER) == len(EXAMPLES)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("-5℃~-2℃", "零下五摄氏度到零下二摄氏度"),
        ("2020年1月25日上午9时", "二零二零年一月二十五日上午九时"),
        ("二〇二〇年二月九日", "二零二零年二月九日"),
        ("今晚19:00停电", "今晚十九点停电"),
        ("医生手机13812345678", "医生手机幺三八幺二三四五六七八"),
        ("联系电话：0311-86660000转801", "联系电话：零三幺幺八六六六零零零零转八零幺"),
        ("捐款27200元", "捐款两万七千二百元"),
        ("12块5一袋", "十二块五一袋"),
        ("浇地每亩50m³水", "浇地每亩五十立方米水"),
        ("12号楼2单元301室", "十二号楼二单元三零幺室"),
        ("西北风4-5级", "西北风四到五级"),
        ("8-11点", "八到十一点"),
        ("200只羊", "二百只羊|两百只羊"),
        ("220V电压", "二百二十伏电压|两百二十伏电压"),
        ("17万余只", "十七万余只"),
        ("身份证尾号1234", "身份证尾号幺二三四"),
        ("邮编061000", "邮编零六幺零零零"),
        ("WiFi密码8888", "WiFi密码八八八八"),
        ("11689个村民", "一万一千六百八十九个村民"),
        ("12345元", "一万二千三百四十五元"),
        ("120户", "一百二十户"),
        ("先打120", "先打幺二零"),
        ("62％", "百分之六十二"),
        ("血压160/95", "血压一百六十比九十五"),
        ("1000米内0人", "一千米内零人"),
        ("2点", "两点"),
        ("2楼", "二楼"),
        ("102000元", "十万二千元|十万两千元"),
        ("100005000元", "一亿零五千元"),
        ("7天×24小时", "七天乘二十四小时"),
    ],
)
def test_numbers_of_notices(written: str, spoken: str) -> None:
    assert normalise(written) in spoken.split("|")


@pytest.mark.parametrize(
    "written", ["1a2b3c4d", "99999999999999999999", "1.2.3.4", "12/34/56", "§5¶6", "0-0-0"]
)
def test_no_digit_and_no_sign_is_left_of_anything(written: str) -> None:
    assert re.fullmatch(r"[A-Za-z\u4e00-\u9fff，、：]+", normalise(written))


SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "numbers_spoken.tsv"


@pytest.mark.skipif(not SAMPLES.exists(), reason="the shared samples are not there")
def test_shared_samples_are_all_right() -> None:
    with SAMPLES.open(encoding="utf-8") as rows:
        table = [row for row in csv.reader(rows, delimiter="\t") if not row[0].startswith("#")]
    wrong = [
        (written, normalise(written))
        for written, spoken, _ in table
        if re.sub(r"\W", "", normalise(written))
        not in [re.sub(r"\W", "", one) for one in spoken.split("|")]
    ]
    assert len(table) > 50
    assert wrong == []
