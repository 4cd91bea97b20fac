"""A notice is said as opening, body, repeats and closing, with the station's pauses."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from rig.verses import GREETINGS, VISITS

from broadcaster.core.errors import TextRefused
from broadcaster.core.model import Line
from broadcaster.core.notice import Notice, Signal, Style
from broadcaster.settings.schema import LexiconSettings, StationSettings
from broadcaster.text.frontend import Frontend
from broadcaster.text.notice_script import compose_lines

STATION = StationSettings(
    opening="全体村民注意了", opening_repeats=1, closing="广播完了", repeat_pause_seconds=3
)


def compose(notice: Notice, station: StationSettings, reader: Frontend) -> tuple[Line, ...]:
    return tuple(compose_lines(notice, station, reader))


def said(notice: Notice, reader: Frontend, station: StationSettings = STATION) -> list[str]:
    return [line.spoken.rstrip("。") for line in compose(notice, station, reader)]


def test_opening_body_and_closing_are_said_in_order(reader: Frontend) -> None:
    assert said(Notice("明天停水。"), reader) == ["全体村民注意了", "明天停水", "广播完了"]


def test_the_opening_is_said_twice_for_those_who_missed_it(reader: Frontend) -> None:
    station = StationSettings(opening="全体村民注意了")
    lines = compose(Notice("停水。", repeats=2), station, reader)
    assert [line.spoken.rstrip("。") for line in lines] == ["全体村民注意了"] * 2 + ["停水"] * 2
    assert lines[0].pause_seconds == lines[1].pause_seconds > 0.5


def test_body_repeats_with_the_stations_pause_between(reader: Frontend) -> None:
    lines = compose(Notice("明天停水。", repeats=3), STATION, reader)
    assert [line.spoken for line in lines[1:4]] == ["明天停水。"] * 3
    assert [line.pause_seconds for line in lines[1:3]] == [3, 3]


def test_nothing_waits_behind_the_last_line(reader: Frontend) -> None:
    assert compose(Notice("明天停水。"), STATION, reader)[-1].pause_seconds == 0


def test_a_notice_may_have_its_own_opening_or_none(reader: Frontend) -> None:
    assert said(Notice("停水。", opening="紧急通知", closing=""), reader) == ["紧急通知", "停水"]


def test_a_contact_is_said_after_the_words_where_that_is_asked_for(reader: Frontend) -> None:
    notice = Notice("停水。", contact="13800001111", opening="", closing="", repeats=2)
    assert said(notice, reader) == ["停水"] * 2
    spoken_lines = said(replace(notice, say_contact=True), reader)
    assert spoken_lines[::2] == ["停水"] * 2 and spoken_lines[1] == spoken_lines[3]
    assert spoken_lines[1].startswith("联系人电话") and "幺三八" in spoken_lines[1]


def test_a_station_without_opening_says_the_body_alone(reader: Frontend) -> None:
    assert said(Notice("停水。"), reader, StationSettings()) == ["停水"]


def test_the_lines_of_a_verse_have_even_pauses(reader: Frontend) -> None:
    notice = Notice(VISITS.replace("\n", "") + "\n" + GREETINGS, style=Style.VERSE, closing="")
    lines = compose(notice, STATION, reader)
    assert [line.place_in_verse for line in lines] == [0, 1, 2, 3, 4, 5]
    assert len({line.pause_seconds for line in lines[1:-1]}) == 1
    assert not any(line.beats for line in lines)


def test_a_long_text_is_read_line_by_line_as_it_is_wanted() -> None:
    class Watched(Frontend):
        read = 0

        def each_line(self, text: str, soon: bool = False) -> Iterator[Line]:
            for line in super().each_line(text, soon):
                self.read += 1
                yield line

    reader = Watched(LexiconSettings())
    lines = compose_lines(Notice("明天上午全村停水检修，请提前储水。" * 30), STATION, reader)
    next(lines)
    assert reader.read < 4
    assert len(list(lines)) > 30


def test_a_line_with_nothing_before_it_is_short(reader: Frontend) -> None:
    text = "第一小组请到村委会大院里领取今年春天的农药化肥和良种补贴款。"
    unannounced = Notice(text, chime=Signal.NONE, closing="")
    first, behind = compose(unannounced, StationSettings(), reader)
    assert len(first.syllables) <= 16
    assert first.written + behind.written == text
    assert first.pause_seconds == 0
    for announced in (Notice(text, closing=""), replace(unannounced, opening="通知")):
        assert text in [line.written for line in compose(announced, StationSettings(), reader)]


def test_a_short_first_line_ends_where_the_text_pauses(reader: Frontend) -> None:
    notice = Notice("请带身份证、户口本、照片、银行卡、医保卡、低保证。", chime=Signal.NONE)
    first, behind = compose(notice, StationSettings(), reader)[:2]
    assert first.spoken == "请带身份证、户口本、照片、"
    assert first.pause_seconds > 0
    assert behind.spoken == "银行卡、医保卡、低保证。"


def test_what_cannot_be_said_is_refused_before_the_opening(reader: Frontend) -> None:
    with pytest.raises(TextRefused):
        compose_lines(Notice("？！"), STATION, reader)


def test_in_kuaiban_a_verse_is_on_the_beat_each_time_it_is_said(reader: Frontend) -> None:
    lines = compose(Notice(VISITS, style=Style.KUAIBAN, repeats=2), STATION, reader)
    assert [line.place_in_verse for line in lines] == [0, 1, 2, 1, 2, 0]
    assert [bool(line.beats) for line in lines] == [False, True, True, True, True, False]
    assert lines[2].pause_seconds == 3


def test_what_is_no_verse_is_spoken_as_ever_in_every_style(reader: Frontend) -> None:
    plain = compose(Notice("明天上午停水，请提前储水。"), STATION, reader)
    for style in Style:
        assert compose(Notice("明天上午停水，请提前储水。", style=style), STATION, reader) == plain
