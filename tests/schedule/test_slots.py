"""A slot is due at its times, on its days and inside its windows, and at no other moment."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from broadcaster.core.model import AiringKind
from broadcaster.core.notice import Notice
from broadcaster.schedule.day_rules import Weekdays
from broadcaster.schedule.recurrence import Recurrence
from broadcaster.schedule.slot import FixedTimes, LoopSlot, Slot
from broadcaster.schedule.time_rules import At, Every

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
EVERY_DAY = frozenset(range(7))
NOTICE = Notice("防火防盗", title="防火")
LATE = timedelta(minutes=10)


def fixed(*times: time, days: frozenset[int] = EVERY_DAY, zone: ZoneInfo = SHANGHAI) -> FixedTimes:
    return FixedTimes("早间", NOTICE, LATE, Recurrence(Weekdays(days), At(times), zone))


def loop(
    minutes: int, *windows: str, days: frozenset[int] = EVERY_DAY, zone: ZoneInfo = SHANGHAI
) -> LoopSlot:
    pairs = tuple((clock(begin), clock(end)) for begin, end in (window.split("-") for window in windows))
    every = Every(timedelta(minutes=minutes), pairs)
    return LoopSlot("循环", NOTICE, LATE, Recurrence(Weekdays(days), every, zone))


def clock(text: str) -> time:
    return time.fromisoformat(text)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def dues(slot: Slot, moment: datetime, count: int) -> list[str]:
    found: list[str] = []
    while len(found) < count and (due := slot.next_after(moment)):
        found.append(f"{due:%m-%d %H:%M}")
        moment = due
    return found


def test_fixed_times_come_in_order_on_their_weekdays_only() -> None:
    weekend = fixed(time(18), time(7, 30), days=frozenset({5, 6}))  # 2026-11-20 is a Friday
    assert dues(weekend, at("2026-11-20 12:00"), 5) == [
        "11-21 07:30",
        "11-21 18:00",
        "11-22 07:30",
        "11-22 18:00",
        "11-28 07:30",
    ]


def test_the_due_moment_itself_is_not_after_itself() -> None:
    weekly = fixed(time(7, 30), days=frozenset({0}))
    assert dues(weekly, at("2026-11-16 07:29:59"), 1) == ["11-16 07:30"]
    assert dues(weekly, at("2026-11-16 07:30"), 1) == ["11-23 07:30"]


def test_a_slot_without_a_weekday_is_never_due() -> None:
    assert fixed(time(7), days=frozenset()).next_after(at("2026-11-20 12:00")) is None
    assert loop(5, "08:00-09:00", days=frozenset()).next_after(at("2026-11-20 12:00")) is None


def test_due_times_are_in_the_stations_zone_whatever_zone_is_asked_in() -> None:
    due = fixed(time(7, 30)).next_after(datetime(2026, 11, 19, 23, 0, tzinfo=UTC))
    assert due == at("2026-11-20 07:30")
    assert due is not None and due.tzinfo is SHANGHAI


def test_a_loop_starts_with_each_window_and_stays_inside_it() -> None:
    assert dues(loop(60, "09:00-11:30", "15:20-17:30"), at("2026-11-20 00:00"), 7) == [
        "11-20 09:00",
        "11-20 10:00",
        "11-20 11:00",
        "11-20 15:20",
        "11-20 16:20",
        "11-20 17:20",
        "11-21 09:00",
    ]


def test_a_loop_is_not_due_when_its_window_ends() -> None:
    assert dues(loop(60, "08:00-10:00"), at("2026-11-20 08:30"), 2) == ["11-20 09:00", "11-21 08:00"]


def test_a_window_reaches_to_midnight_by_24_00() -> None:
    assert dues(loop(30, "23:00-00:00"), at("2026-11-20 23:10"), 2) == ["11-20 23:30", "11-21 23:00"]


def test_a_window_over_midnight_belongs_to_the_day_it_began() -> None:
    friday_night = loop(90, "22:00-02:00", days=frozenset({4}))
    assert dues(friday_night, at("2026-11-20 12:00"), 4) == [
        "11-20 22:00",
        "11-20 23:30",
        "11-21 01:00",
        "11-27 22:00",
    ]
    assert dues(friday_night, at("2026-11-21 00:30"), 1) == ["11-21 01:00"]


def test_overlapping_windows_give_each_due_time_once() -> None:
    assert dues(loop(60, "08:00-11:00", "09:00-12:00"), at("2026-11-20 07:00"), 5) == [
        "11-20 08:00",
        "11-20 09:00",
        "11-20 10:00",
        "11-20 11:00",
        "11-21 08:00",
    ]


def test_a_time_that_summer_time_leaves_out_comes_an_hour_on() -> None:
    assert dues(fixed(time(2, 30), zone=NEW_YORK), at("2026-03-07 12:00", NEW_YORK), 2) == [
        "03-08 03:30",
        "03-09 02:30",
    ]


def test_a_time_that_comes_twice_when_summer_time_ends_is_due_once() -> None:
    assert dues(fixed(time(1, 30), zone=NEW_YORK), at("2026-10-31 12:00", NEW_YORK), 2) == [
        "11-01 01:30",
        "11-02 01:30",
    ]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 3), ("2026-11-01", 5), ("2026-11-02", 4)])
def test_a_loop_keeps_its_interval_through_a_change_to_or_from_summer_time(day: str, hours: int) -> None:
    slot = loop(30, "00:00-04:00", zone=NEW_YORK)
    start = at(f"{day} 00:00", NEW_YORK)
    moments = [start]
    while (due := slot.next_after(moments[-1])) and due.date() == start.date():
        moments.append(due)
    assert len(moments) == 2 * hours
    steps = {later.timestamp() - earlier.timestamp() for earlier, later in pairwise(moments)}
    assert steps == {1800.0}


@pytest.mark.parametrize("slot", [fixed(time(6), time(6)), loop(7, "05:00-09:10", "22:00-02:00")])
def test_every_next_is_strictly_later_and_nothing_lies_between(slot: Slot) -> None:
    moment = at("2026-11-20 00:00")
    for _ in range(300):
        due = slot.next_after(moment)
        assert due is not None and due > moment
        assert slot.next_after(due - timedelta(microseconds=1)) == due
        assert slot.next_after(moment + (due - moment) / 2) == due
        moment = due


def test_an_airing_knows_when_it_is_too_late_and_who_asked() -> None:
    due = at("2026-11-20 07:30")
    airing = fixed(time(7, 30)).airing_at(due)
    assert (airing.due_at, airing.expires_at) == (due, due + LATE)
    assert (airing.notice, airing.kind, airing.asked_by) == (NOTICE, AiringKind.SCHEDULED, "早间")
    assert loop(5, "08:00-09:00").airing_at(due).kind is AiringKind.LOOP
