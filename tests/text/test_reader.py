"""A notice is cut into lines of one breath, with the pauses that its marks ask for."""

import re
from pathlib import Path

import pytest

from broadcaster.core.errors import ConfigError, TextRefused
from broadcaster.core.model import Break, Line
from broadcaster.settings.schema import LexiconSettings
from broadcaster.text.clean import clean
from broadcaster.text.frontend import LONGEST_LINE, Frontend
from broadcaster.text.unicode_forms import count_han

NOTICE = (
    "供电所通知：3月15号早上6:00到晚上19:00，咱们村检修10千伏线路，全村停电。"
    "有事请打95598，或者村委会电话0317-5551234。"
)
LONG = (
    "按照区疫情防控应急指挥部关于立即建立新型冠状病毒感染的肺炎疫情跟踪监控台账制度"
    "和重点防控人员建档立卡跟踪监控制度的紧急通知要求一次性发放13931234567个口罩"
)


def spoken(lines: tuple[Line, ...]) -> list[str]:
    return [line.spoken for line in lines]


def assert_sayable(lines: tuple[Line, ...]) -> None:
    """What every line keeps, whatever the text."""
    for line in lines:
        han = [char for char in line.spoken if count_han(char)]
        assert han == [one.text for one in line.syllables if count_han(one.text)]
        assert 0 < len(line.syllables) <= LONGEST_LINE
        assert not re.search(r"\d", line.spoken)
        assert line.written.strip()
        assert line.syllables[-1].gap is Break.CLAUSE
        for one in line.syllables:
            assert re.fullmatch(r"[a-z]+[1-5]( [a-z]+[1-5])*", one.pinyin)
            assert re.fullmatch(r"[a-z]+[1-5]( [a-z]+[1-5])*", one.sounded)


def test_a_notice_is_said_in_breaths(reader: Frontend) -> None:
    lines = reader.lines(NOTICE)
    assert_sayable(lines)
    assert spoken(lines) == [
        "供电所通知：三月十五号早上六点到晚上十九点，",
        "咱们村检修十千伏线路，全村停电。",
        "有事请打九五五九八，",
        "或者村委会电话零三幺七五五五幺二三四。",
    ]
    assert "".join(line.written for line in lines) == NOTICE


def test_a_pause_is_as_long_as_its_mark_says(reader: Frontend) -> None:
    text = (
        "请全体党员到村委会大院集合，请各组组长到村委会会议室开会；"
        "请小学生放学以后尽快回家。\n\n谢谢大家"
    )
    comma, semicolon, stop, end = (line.pause_seconds for line in reader.lines(text))
    assert 0 <= comma < semicolon < stop <= end


def test_items_of_a_list_share_a_line(reader: Frontend) -> None:
    assert spoken(reader.lines("请带身份证、户口本、照片。")) == ["请带身份证、户口本、照片。"]


def test_a_number_of_a_list_is_said_with_its_item(reader: Frontend) -> None:
    assert spoken(reader.lines("1.带身份证\n2.带户口本")) == ["一、带身份证。", "二、带户口本。"]


def test_a_verse_is_said_line_by_line(reader: Frontend) -> None:
    lines = reader.lines("秸秆焚烧害处大，\n污染空气人人骂，\n还田养地是个宝，\n来年多打几麻袋。")
    assert [len(line.syllables) for line in lines] == [7, 7, 7, 7]
    assert len({line.pause_seconds for line in lines[:3]}) == 1


def test_an_overlong_clause_is_cut_between_words(reader: Frontend) -> None:
    lines = reader.lines(LONG)
    assert_sayable(lines)
    assert len(lines) > 2
    assert "".join(line.written for line in lines) == LONG
    whole = ("指挥部", "冠状病毒", "幺三九三幺二三四五六七", "台账", "紧急通知")
    for word in whole:
        assert any(word in line.spoken for line in lines)


def test_a_dash_between_times_is_a_range_and_elsewhere_a_pause(reader: Frontend) -> None:
    lines = reader.lines("时间8:00—11:30，下午——休息")
    assert "".join(spoken(lines)) == "时间八点到十一点半，下午，休息。"


def test_half_an_hour_is_no_fraction(reader: Frontend) -> None:
    syllables = reader.lines("今晚20:30开闸")[0].syllables
    ends = [one.text for one in syllables if one.gap is not Break.NONE]
    assert ends == ["晚", "点", "分", "闸"]


def test_brackets_are_said_and_quotes_are_not(reader: Frontend) -> None:
    text = "高血压(160/95)的老人，请看《通知》和“明白纸”。"
    assert "".join(spoken(reader.lines(text))) == "高血压，一百六十比九十五，的老人，请看通知和明白纸。"


def test_words_carry_breaks(reader: Frontend) -> None:
    syllables = reader.lines("各位村民请注意防火安全")[0].syllables
    assert [one.gap for one in syllables[:4]] == [Break.NONE, Break.WORD, Break.NONE, Break.WORD]


@pytest.mark.parametrize(
    "text", ["3月15日" * 500, "一" * 500, "好" + "a" * 500, "5" * 500 + "元", "防火" * 500]
)
def test_text_without_any_mark_still_becomes_lines(reader: Frontend, text: str) -> None:
    lines = reader.lines(text)
    assert_sayable(lines)
    assert "".join(line.written for line in lines) == text


@pytest.mark.parametrize("text", ["", "\0", "😀", "hello", "……"])
def test_nothing_to_say_is_refused(reader: Frontend, text: str) -> None:
    with pytest.raises(TextRefused):
        reader.lines(text)


def test_the_limit_is_the_stations(reader: Frontend) -> None:
    with pytest.raises(TextRefused, match="最多 20 个字"):
        Frontend(LexiconSettings(), longest_text=20).lines("请大家注意防火" * 5)


def test_a_bad_lexicon_is_refused_when_the_reader_is_made() -> None:
    with pytest.raises(ConfigError):
        Frontend(LexiconSettings(words={"乐亭": "lao4"}))


SAMPLES = sorted((Path(__file__).parents[3] / "shared" / "samples").glob("news_*.txt"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_pasted_news_are_said_from_first_line_to_last(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = Frontend(LexiconSettings(), 50_000).lines(text)
    assert_sayable(lines)
    said = "".join(char for line in lines for char in line.written if count_han(char))
    assert said == "".join(char for char in clean(text, 50_000) if count_han(char))
    letters = "".join(re.findall("[A-Za-z]+", "".join(spoken(lines))))
    assert set(letters) <= set("CTKVN")
