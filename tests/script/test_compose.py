from broadcaster.model import Notice
from broadcaster.script.compose import compose
from broadcaster.script.reader import Reader
from broadcaster.settings import StationSettings

STATION = StationSettings(
    opening="全体村民注意了", opening_repeats=1, closing="广播完了", repeat_pause_seconds=3
)


def said(notice: Notice, reader: Reader, station: StationSettings = STATION) -> list[str]:
    return [line.spoken.rstrip("。") for line in compose(notice, station, reader).lines]


def test_opening_body_and_closing_are_said_in_order(reader: Reader) -> None:
    assert said(Notice("明天停水。"), reader) == ["全体村民注意了", "明天停水", "广播完了"]


def test_the_opening_is_said_twice_for_those_who_missed_it(reader: Reader) -> None:
    station = StationSettings(opening="全体村民注意了")
    lines = compose(Notice("停水。", repeats=2), station, reader).lines
    assert [line.spoken.rstrip("。") for line in lines] == ["全体村民注意了"] * 2 + ["停水"] * 2
    assert lines[0].pause_seconds == lines[1].pause_seconds > 0.5


def test_body_repeats_with_the_stations_pause_between(reader: Reader) -> None:
    lines = compose(Notice("明天停水。", repeats=3), STATION, reader).lines
    assert [line.spoken for line in lines[1:4]] == ["明天停水。"] * 3
    assert [line.pause_seconds for line in lines[1:3]] == [3, 3]


def test_nothing_waits_behind_the_last_line(reader: Reader) -> None:
    assert compose(Notice("明天停水。"), STATION, reader).lines[-1].pause_seconds == 0


def test_a_notice_may_have_its_own_opening_or_none(reader: Reader) -> None:
    assert said(Notice("停水。", opening="紧急通知", closing=""), reader) == ["紧急通知", "停水"]


def test_a_station_without_opening_says_the_body_alone(reader: Reader) -> None:
    assert said(Notice("停水。"), reader, StationSettings()) == ["停水"]
