"""A text is cleaned to what can be said, and refused with what to do where nothing can."""

import pytest

from broadcaster.core.errors import TextRefused
from broadcaster.text.clean import clean


def cleaned(text: str) -> str:
    return clean(text, 1000)


@pytest.mark.parametrize(
    ("pasted", "expected"),
    [
        ("牽動著全國人民，徵入部隊，裡面乾淨", "牵动着全国人民，征入部队，里面干净"),
        ("著名的著作，著手準備", "著名的著作，着手准备"),
        ("明天８：３０开会，请带１份", "明天8:30开会，请带1份"),
        ("停电通知,请注意!明天停电.", "停电通知，请注意！明天停电。"),
        ("奖励1,200元,3.5斤", "奖励1,200元，3.5斤"),
        ("请\u200b大家\ufeff注\u0007意", "请大家注意"),
        ("□本报记者 赵某", "本报记者 赵某"),
        ("打疫苗😀👨‍👩‍👧了❤️", "打疫苗了"),
        ("<p>停水</p>&nbsp;通知", "停水 通知"),
        ("详见https://example.com/a?b=1 谢谢", "详见 谢谢"),
        ("通 知", "通知"),
        ("3 月 5 日", "3月5日"),
        ("高血压(160/95)的老人", "高血压（160/95）的老人"),
        ("绿色联盟 >  案例展示 > 正文", "绿色联盟 案例展示 正文"),
        ("好......请来", "好…请来"),
    ],
)
def test_forms_and_marks_are_made_plain(pasted: str, expected: str) -> None:
    assert cleaned(pasted) == expected


@pytest.mark.parametrize(
    ("pasted", "expected"),
    [
        ("1.带身份证\n2.带户口本", "1、带身份证\n2、带户口本"),
        ("（一）加强领导\n（二）注意防火", "一、加强领导\n二、注意防火"),
        ("①带证件②2月缴费", "1、带证件\n2，2月缴费"),
        ("1️⃣打疫苗", "1、打疫苗"),
        ("● 防火\n- 防盗", "防火\n防盗"),
        ("1.5元一斤", "1.5元一斤"),
    ],
)
def test_list_marks_are_read_and_bullets_are_not(pasted: str, expected: str) -> None:
    assert cleaned(pasted) == expected


def test_verse_stays_line_by_line() -> None:
    verse = "电话问候到，\n亲人心意到，\n拜年不要到处跑。"
    assert cleaned(verse) == verse


def test_sentence_cut_by_hard_line_breaks_is_made_whole() -> None:
    wrapped = (
        "为了保证大家的用水安全，村里决定明天上午对自来\n"
        "水管道进行检修，检修期间全村停水，请各家各户提前\n储水。"
    )
    assert "\n" not in cleaned(wrapped)
    assert "自来水管道" in cleaned(wrapped)


def test_sentence_cut_by_the_end_of_a_column_is_made_whole() -> None:
    above = "二月九日清晨。老人像往常一样，早早到卡口值守。到了十点多，他突然满头"
    below = "大汗，晕了过去。尽管被迅速送往医院抢救，老人还是因为病情过重，在第二天离开了人世。"
    assert cleaned(f"{above}\n\n{below}") == above + below


def test_heading_is_not_joined_to_what_follows() -> None:
    assert cleaned("停水通知\n\n明天上午停水。") == "停水通知\n\n明天上午停水。"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "没有要说的话"),
        (" \n\t", "没有要说的话"),
        ("停水\0通知", "空字节"),
        ("😀！！…", "只有标点或表情"),
        ("Hello village 2026", "没有汉字"),
        ("停" * 1001, "最多 1000 个字"),
    ],
)
def test_what_cannot_be_said_is_refused_with_what_to_do(text: str, says: str) -> None:
    with pytest.raises(TextRefused, match=says):
        cleaned(text)
