"""A notice gets from its severity and its station each thing that it leaves open."""

import pytest

from broadcaster.core.notice import Notice, Severity, Signal
from broadcaster.core.piece import Piece, PieceKind
from broadcaster.rules.severity_defaults import fill_in
from broadcaster.settings.schema import Settings, StationSettings

FLOOD = "上游水库放水，请马上转移。"


def settled(notice: Notice, **station: object) -> Notice:
    return fill_in(notice, Settings(station=StationSettings.model_validate(station)))


@pytest.mark.parametrize(
    ("severity", "manner"),
    [
        (Severity.RED, (Signal.SIREN, 3, 0.9)),
        (Severity.ORANGE, (Signal.ALERT, 2, 1.0)),
        (Severity.YELLOW, (Signal.CHIME, 1, 1.0)),
        (Severity.BLUE, (Signal.CHIME, 1, 1.0)),
        (Severity.DAILY, (Signal.CHIME, 1, 1.0)),
    ],
)
def test_severity_sets_signal_repeats_and_pace(
    severity: Severity, manner: tuple[Signal, int, float]
) -> None:
    notice = settled(Notice(FLOOD, severity=severity))
    assert (notice.chime, notice.repeats, notice.pace) == manner


def test_what_a_notice_says_itself_goes_before_its_severity() -> None:
    own = Notice(FLOOD, severity=Severity.RED, chime=Signal.NONE, repeats=1, pace=1.1, opening="")
    notice = settled(own, opening="全体村民注意了")
    assert (notice.chime, notice.repeats, notice.pace, notice.opening) == (Signal.NONE, 1, 1.1, "")


def test_an_urgent_notice_is_slower_than_the_stations_own_pace_but_never_too_slow() -> None:
    urgent = Notice(FLOOD, severity=Severity.RED)
    assert settled(urgent, pace=0.9).pace == 0.81
    assert settled(urgent, pace=0.7).pace == 0.7


def test_a_station_without_chime_still_has_its_siren() -> None:
    assert settled(Notice("停水。"), chime="无").chime is Signal.NONE
    assert settled(Notice("停水。", severity=Severity.BLUE), chime="无").chime is Signal.NONE
    assert settled(Notice(FLOOD, severity=Severity.RED), chime="无").chime is Signal.SIREN


def test_a_settled_notice_leaves_nothing_open_and_stays_as_it_is() -> None:
    notice = settled(Notice(FLOOD))
    open_fields = [name for name, value in vars(notice).items() if value is None]
    assert open_fields == ["beats_per_minute"], "only 快板 has a tempo"
    assert settled(notice, pace=0.8, opening="喂") == notice


def test_a_column_without_words_of_its_own_begins_with_its_first_piece() -> None:
    sound = Piece(PieceKind.AUDIO, "国歌")
    plain = settled(Notice("", pieces=(sound,)), opening="全体村民注意了", closing="谢谢")
    assert (plain.chime, plain.opening, plain.closing) == (Signal.NONE, "", "")
    said = settled(Notice("早上好", pieces=(sound,)), opening="全体村民注意了")
    assert (said.chime, said.opening) == (Signal.CHIME, "全体村民注意了")
