"""A stop is taken back: what it ended goes on, once, each as a new airing with an outcome of its own."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rig.intake_box import Box, make_line, open_box

from broadcaster.core.model import AiringKind, Outcome
from broadcaster.core.notice import Severity
from broadcaster.settings.hourly_limits import QuietRule, QuietSettings
from broadcaster.settings.schema import Settings
from broadcaster.station.persistent_controls import Remembered
from broadcaster.station.stop_and_resume import OFFERED_SECONDS, OVER, TALKED, Stop, Stops

Heard = list[tuple[str, Outcome]]


class StoppedBox:
    """A box with `first` on the air for 3.5 s, in its second line, and two behind it."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.stops = Stops(
            *(box.player, box.intake, box.endings, box.rules, Remembered(box.rules, box.store.state)),
            *(box.clock, lambda: True),
        )

    def sound(
        self, kind: AiringKind = AiringKind.LIVE, talk: bool = False, seconds: float = 3.5
    ) -> None:
        first = self.box.airing("first", kind)
        first = replace(first, notice=replace(first.notice, talk=talk))
        self.box.intake.accept(first)
        self._thread = self.box.start()
        for name in ("second", "third"):
            self.box.intake.accept(self.box.airing(name))
        self.box.clock.advance(seconds)
        self.box.device.seconds_until_cut = seconds

    def stop(self, by: str = "王秀英") -> Stop:
        assert self.stops.stop_all(by, f"停播（{by}）")
        self._thread.join(10)
        self.box.device.heard.clear()
        stop = self.stops.last()
        assert stop
        return stop

    def play_on(self) -> list[tuple[str, int]]:
        """What is heard now: whose, and how many of its two lines."""
        said: dict[str, str] = {}
        self.box.intake.on_start.append(lambda airing: said.update({airing.id: airing.notice.text}))
        self.box.play_on()
        return [(said[one], len(lines)) for one, lines in self.box.device.heard.items()]


Open = Callable[..., AbstractContextManager[StoppedBox]]


@pytest.fixture
def open_stopped(tmp_path: Path) -> Open:
    @contextmanager
    def opened(*quiet: str) -> Iterator[StoppedBox]:
        rules = tuple(QuietRule(name="午休", windows=(one,)) for one in quiet)
        settings = Settings(quiet=QuietSettings(hours=rules))
        with open_box(tmp_path / "state", make_line(tmp_path), settings) as box:
            yield StoppedBox(box)

    return opened


@pytest.mark.parametrize(("from_start", "lines"), [(False, 1), (True, 2)])
def test_what_was_stopped_goes_on_from_the_line_that_was_cut_or_from_its_start(
    open_stopped: Open, from_start: bool, lines: int
) -> None:
    with open_stopped() as stopped:
        stopped.sound()
        stop = stopped.stop()
        assert (stop.name, stop.queued, stop.by) == ("first", 2, "王秀英")
        taken = stopped.stops.go_on(stop.id, from_start)
        assert taken and [one.before for one in taken] == ["first", "second", "third"]
        assert stopped.play_on() == [("first", lines), ("second", 2), ("third", 2)]
        ends = stopped.box.ends()
        cut = [("second", Outcome.CANCELLED), ("third", Outcome.CANCELLED)]
        assert sorted(ends[:3]) == [("first", Outcome.CUT_SHORT), *cut]
        assert ends[3:] == [(one.airing.id, Outcome.PLAYED) for one in taken if one.airing]
        reasons = {row.airing_id: row.reason for row in stopped.box.store.journal.recent(99)}
        told = "" if from_start else "停播以后接着播完的"
        assert [reasons[one.airing.id] for one in taken if one.airing] == [told, "", ""]


def test_a_stop_is_taken_back_once_however_often_somebody_taps(open_stopped: Open) -> None:
    with open_stopped() as stopped:
        stopped.sound()
        stop = stopped.stop()
        assert stopped.stops.go_on(stop.id)
        assert stopped.stops.go_on(stop.id) is None and stopped.stops.go_on(stop.id, True) is None
        assert stopped.stops.last() is None
        assert len(stopped.play_on()) == 3


def test_a_second_tap_on_stop_leaves_what_the_first_one_ended(open_stopped: Open) -> None:
    with open_stopped() as stopped:
        stopped.sound()
        stop = stopped.stop()
        assert stopped.stops.stop_all("李建国", "停播（李建国）") == 0
        assert stopped.stops.last() == stop


def test_while_the_last_of_it_fades_out_a_second_tap_ends_nothing_more(open_stopped: Open) -> None:
    with open_stopped() as stopped:
        stopped.sound()
        stopped.box.device.deaf = True
        assert stopped.stops.stop_all("王秀英", "停播") == 3
        stopped.box.wait_until_stopping()
        assert stopped.stops.stop_all("王秀英", "停播") == 0
        stopped.box.device.hear()


def test_ten_minutes_later_it_is_not_offered_any_more(open_stopped: Open) -> None:
    with open_stopped() as stopped:
        stopped.sound()
        stop = stopped.stop()
        stopped.box.clock.advance(OFFERED_SECONDS - 1)
        assert stopped.stops.last() == stop
        stopped.box.clock.advance(1)
        assert stopped.stops.last() is None and stopped.stops.go_on(stop.id) is None


@pytest.mark.parametrize("kind", AiringKind)
def test_every_kind_comes_back_and_has_as_long_as_it_had_then(
    open_stopped: Open, kind: AiringKind
) -> None:
    with open_stopped() as stopped:
        stopped.sound(kind)
        stop = stopped.stop()
        stopped.box.clock.advance(540)
        assert stopped.stops.go_on(stop.id)
        assert stopped.play_on()[0] == ("first", 1)


def test_loops_are_as_they_were_before_the_stop(open_stopped: Open) -> None:
    with open_stopped() as stopped:
        stopped.sound()
        stop = stopped.stop()
        assert stop.loops and stopped.box.rules.loops_stopped_at
        stopped.stops.go_on(stop.id)
        assert stopped.box.rules.loops_stopped_at is None


def test_loops_that_were_silent_already_stay_so(open_stopped: Open) -> None:
    with open_stopped() as stopped:
        before = stopped.box.clock.now()
        assert stopped.stops.stop_all("李建国", "停播") == 0
        stopped.box.clock.advance(60)
        stopped.sound()
        stopped.stops.go_on(stopped.stop().id)
        assert stopped.box.rules.loops_stopped_at == before


def test_what_cannot_come_back_is_told_by_name(open_stopped: Open) -> None:
    with open_stopped() as stopped:
        stopped.sound(talk=True)
        until = stopped.box.clock.now() + timedelta(minutes=5)
        stopped.box.intake.accept(replace(stopped.box.airing("firm"), firm=True, expires_at=until))
        stop = stopped.stop()
        assert stop.severities == (Severity.DAILY,)
        stopped.box.clock.advance(599)
        taken = stopped.stops.go_on(stop.id) or []
        assert {one.name: one.why_not for one in taken if one.why_not} == {"first": TALKED, "firm": OVER}
        assert stopped.play_on() == [("second", 2), ("third", 2)]


def test_a_talk_alone_leaves_nothing_to_go_on_with(open_stopped: Open) -> None:
    with open_stopped() as stopped:
        stopped.sound(talk=True)
        for name in ("second", "third"):
            stopped.box.player.cancel(name, "取消")
        stop = stopped.stop()
        assert not stop.goes_on and stop.queued == 0


def test_quiet_hours_that_have_begun_keep_it_off_and_say_so(open_stopped: Open) -> None:
    with open_stopped("16:05-17:00") as stopped:
        stopped.sound()
        stop = stopped.stop()
        stopped.box.clock.advance(360)
        taken = stopped.stops.go_on(stop.id) or []
        assert [bool(one.why_not) for one in taken] == [True] * 3
        assert stopped.play_on() == []


def test_one_that_was_in_its_last_words_is_not_said_again(open_stopped: Open) -> None:
    with open_stopped() as stopped:
        stopped.sound(seconds=5.9)
        stop = stopped.stop()
        assert ("first", Outcome.PLAYED) in stopped.box.ends()
        taken = stopped.stops.go_on(stop.id) or []
        assert [one.before for one in taken] == ["second", "third"]
