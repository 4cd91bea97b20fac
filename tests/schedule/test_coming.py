"""What comes next: found once, and found again when anything of it has changed."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from rig.fakes import ManualClock

from broadcaster.core.model import Airing
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.length_estimate import estimated_lengths
from broadcaster.schedule.next_airings import Coming
from broadcaster.schedule.plan_summary import look_ahead
from broadcaster.schedule.slot_settings import TimetableSettings
from broadcaster.schedule.timetable import Timetable
from broadcaster.settings.hourly_limits import LoopSettings
from broadcaster.settings.schema import Settings

SETTINGS = Settings(
    loops=LoopSettings(lowest_gap_minutes=0, most_minutes_an_hour=60, most_minutes_a_day=1440)
)
EVERY_MINUTE = {"name": "循环", "text": "防火", "every_minutes": 1, "windows": ["00:00-24:00"]}
NEXT_WEEK = {"name": "赶集", "text": "赶集", "once": ["2026-03-23 10:00"]}


def timetable(*slots: dict[str, Any]) -> Timetable:
    return Timetable(TimetableSettings.model_validate({"slots": slots}), SETTINGS.station)


@pytest.fixture
def clock() -> ManualClock:
    """16:00 in the village."""
    return ManualClock()


@pytest.fixture
def rules() -> AirRules:
    return AirRules(SETTINGS, estimated_lengths(SETTINGS))


def times(airings: list[Airing]) -> list[str]:
    return [f"{airing.due_at:%H:%M}" for airing in airings]


class Counting(Timetable):
    """Counts how many airings were looked at."""

    looked = 0

    def plan(self, after: datetime, until: datetime | None = None) -> Any:
        for airing in super().plan(after, until):
            self.looked += 1
            yield airing


def test_it_moves_on_with_the_clock_and_back_with_it(clock: ManualClock, rules: AirRules) -> None:
    coming, slots = Coming(rules, SETTINGS, clock), timetable(EVERY_MINUTE)
    assert times(coming.next(slots, 2)) == ["16:01", "16:02"]
    clock.advance(60)
    assert times(coming.next(slots, 2)) == ["16:02", "16:03"]
    clock.step(timedelta(hours=-1))
    assert times(coming.next(slots, 2)) == ["15:02", "15:03"]


def test_what_the_limits_of_loops_will_leave_out_does_not_come(clock: ManualClock) -> None:
    settings = Settings()
    rules = AirRules(settings, estimated_lengths(settings))
    every_three = EVERY_MINUTE | {"every_minutes": 3}
    soon, later = (clock.now() + timedelta(seconds=seconds) for seconds in (1, 7200))
    planned = look_ahead(timetable(every_three), settings, soon, later)
    sounding = [one.airing for day in planned.days for one in day.planned if one.sounds]
    coming = Coming(rules, settings, clock).next(timetable(every_three), 5)
    assert coming == sounding[:5] and len(sounding) < 40
    assert {two.due_at - one.due_at for one, two in pairwise(coming)} == {timedelta(minutes=6)}


def test_a_changed_timetable_and_a_stop_are_seen_at_once(clock: ManualClock, rules: AirRules) -> None:
    coming, slots = Coming(rules, SETTINGS, clock), timetable(EVERY_MINUTE)
    assert coming.next(slots, 1)
    assert coming.next(timetable(), 1) == []
    rules.loops_stopped_at = clock.now()
    assert times(coming.next(slots, 1)) == ["06:30"], "the next window's, when quiet hours end"


def test_what_comes_into_the_week_is_found_within_a_minute(clock: ManualClock, rules: AirRules) -> None:
    coming, slots = Coming(rules, SETTINGS, clock), timetable(NEXT_WEEK)
    assert coming.next(slots, 5) == []
    clock.advance(18 * 3600 + 60)
    assert times(coming.next(slots, 5)) == ["10:00"]


def test_a_night_of_thousands_that_do_not_pass_is_looked_through_once(
    clock: ManualClock, rules: AirRules
) -> None:
    settings = TimetableSettings.model_validate({"slots": [EVERY_MINUTE]})
    coming, slots = Coming(rules, SETTINGS, clock), Counting(settings, SETTINGS.station)
    clock.advance(6 * 3600)
    for _ in range(100):
        assert times(coming.next(slots, 1)) == ["06:30"]
        clock.advance(10)
    assert slots.looked < 1000


def test_what_is_held_back_for_the_clock_is_what_may_still_be_said_of_a_loop_the_last(
    clock: ManualClock, rules: AirRules
) -> None:
    coming, slots = Coming(rules, SETTINGS, clock), timetable(EVERY_MINUTE)
    since = clock.now()
    clock.advance(10)
    assert coming.held(slots, since) == []
    clock.advance(170)
    (held,) = coming.held(slots, since)
    assert since < held.due_at <= clock.now() <= held.expires_at
    assert clock.now() - held.due_at <= timedelta(minutes=1)


def test_loop_goes_by_what_really_sounded_of_it(clock: ManualClock) -> None:
    settings = Settings(loops=LoopSettings(lowest_gap_minutes=5))
    rules = AirRules(settings, estimated_lengths(settings))
    coming = Coming(rules, settings, clock)
    slots = timetable({"name": "收秆", "text": "收秆", "every_minutes": 5, "windows": ["15:30-17:00"]})
    clock.advance(30)
    # Its window began long ago and nothing of it has sounded: it was only just saved.
    assert times(coming.next(slots, 3)) == ["16:05", "16:15", "16:25"]
    clock.advance(300)
    rules.spend("收秆", clock.now() - timedelta(seconds=30), 10)
    assert times(coming.next(slots, 3)) == ["16:15", "16:25", "16:35"]
    clock.advance(300)
    rules.spend("收秆", clock.now() - timedelta(seconds=30), 10)
    assert times(coming.next(slots, 3)) == ["16:20", "16:30", "16:40"]


def test_what_loops_have_had_of_the_hour_counts_for_what_comes(clock: ManualClock) -> None:
    settings = Settings(loops=LoopSettings(lowest_gap_minutes=0, most_minutes_an_hour=10))
    rules = AirRules(settings, estimated_lengths(settings))
    slots = timetable({"name": "收秆", "text": "收秆", "every_minutes": 5, "windows": ["15:30-18:00"]})
    clock.advance(30)
    rules.spend("另一个", clock.now() - timedelta(seconds=30), 600)
    assert times(Coming(rules, settings, clock).next(slots, 1)) == ["17:00"]
