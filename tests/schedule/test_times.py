"""Times by the clock, the sun, cron and single moments are due when they should be."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from broadcaster.schedule.day_expressions import read_sun_time
from broadcaster.schedule.time_rules import At, BySun, Cron, Every, Moments, Times, Together

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
SUMMER = date(2026, 6, 21)


def on(times: Times, day: date, zone: ZoneInfo = SHANGHAI) -> list[str]:
    return [f"{due.astimezone(zone):%m-%d %H:%M}" for due in sorted(times.on(day, zone))]


def sun(*words: str, place: tuple[float, float] = (39.904, 116.407)) -> BySun:
    return BySun(tuple(map(read_sun_time, words)), *place)


def test_sunrise_and_sunset_of_peking_at_the_solstice_with_an_offset() -> None:
    # The observatory there gives 04:46 and 19:46.
    sunrise, sunset = on(sun("日出", "日落"), SUMMER)
    assert sunrise[6:] in ("04:45", "04:46")
    assert sunset[6:] in ("19:46", "19:47")
    (before,) = on(sun("日落前30分钟"), SUMMER)
    assert datetime.strptime(sunset, "%m-%d %H:%M").replace(tzinfo=UTC) - datetime.strptime(
        before, "%m-%d %H:%M"
    ).replace(tzinfo=UTC) == timedelta(minutes=30)


def test_where_the_sun_does_not_set_nothing_is_due() -> None:
    assert on(sun("日落", place=(78.0, 15.0)), SUMMER) == []


def test_clock_and_sun_together() -> None:
    both = Together((At((time(12),)), sun("日出")))
    assert [due[6:8] for due in on(both, SUMMER)] == ["04", "12"]


def test_cron_is_due_on_its_days_and_minutes() -> None:
    weekdays = Cron("30 7,19 * * 1-5")
    assert on(weekdays, date(2026, 11, 20)) == ["11-20 07:30", "11-20 19:30"]
    assert on(weekdays, date(2026, 11, 21)) == []
    assert weekdays.next_from(date(2026, 11, 21)) == date(2026, 11, 23)
    assert Cron("0 0 1 1 *").next_from(date(2026, 1, 1)) == date(2026, 1, 1)
    assert on(Cron("0 0 1 1 *"), date(2026, 1, 1)) == ["01-01 00:00"]


def test_cron_in_the_hour_that_dst_leaves_out_comes_when_the_clock_has_gone_on() -> None:
    assert on(Cron("30 2 * * *"), date(2026, 3, 8), NEW_YORK) == ["03-08 03:00"]


def test_moments_are_due_once() -> None:
    once = Moments(((date(2026, 12, 1), time(9)), (date(2026, 12, 3), time(10))))
    assert once.next_from(date(2026, 12, 2)) == date(2026, 12, 3)
    assert once.next_from(date(2026, 12, 4)) is None
    assert on(once, date(2026, 12, 1)) == ["12-01 09:00"]


@pytest.mark.parametrize("minutes", [0, 1, 59, 61, 200])
def test_a_loop_leaves_out_what_has_passed(minutes: int) -> None:
    loop = Every(timedelta(minutes=7), ((time(8), time(11)), (time(23), time(1))))
    after = datetime(2026, 11, 20, 8, tzinfo=SHANGHAI) + timedelta(minutes=minutes)
    day = date(2026, 11, 20)
    assert list(loop.on(day, SHANGHAI, after)) == [due for due in loop.on(day, SHANGHAI) if due > after]
