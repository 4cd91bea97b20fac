"""Loops keep their distance and their minutes an hour and a day, also when the clock is put back."""

from datetime import datetime, timedelta

from broadcaster.rules.loop_limits import LoopLimits
from broadcaster.settings.hourly_limits import LoopSettings

NINE = datetime.fromisoformat("2026-11-20T09:00:00+08:00")
MINUTE = timedelta(minutes=1)


def limits(hour: float = 15, day: float = 120, gap: float = 5) -> LoopLimits:
    return LoopLimits(
        LoopSettings(most_minutes_an_hour=hour, most_minutes_a_day=day, lowest_gap_minutes=gap)
    )


def test_a_loop_keeps_its_distance_from_its_own_end() -> None:
    kept = limits(gap=5)
    kept.spend("防火", NINE, 60)
    assert "不到 5 分钟" in kept.why_not("防火", NINE + 5 * MINUTE, 60)
    assert kept.why_not("防火", NINE + 6 * MINUTE, 60) == ""
    assert kept.why_not("防骗", NINE + MINUTE, 60) == ""


def test_an_hour_is_full_before_it_runs_over_and_the_next_is_empty() -> None:
    kept = limits(hour=3, gap=0)
    kept.spend("防火", NINE, 120)
    assert kept.why_not("防骗", NINE + 10 * MINUTE, 60) == ""
    kept.spend("防骗", NINE + 10 * MINUTE, 60)
    assert "这个钟头循环已经播了 3 分钟" in kept.why_not("防火", NINE + 20 * MINUTE, 1)
    assert kept.why_not("防火", NINE + 60 * MINUTE, 60) == ""


def test_a_day_is_full_and_the_next_is_empty() -> None:
    kept = limits(hour=60, day=2, gap=0)
    kept.spend("防火", NINE, 120)
    assert "今天循环已经播了 2 分钟" in kept.why_not("防火", NINE + 180 * MINUTE, 1)
    assert kept.why_not("防火", NINE + timedelta(days=1), 60) == ""


def test_a_clock_that_was_put_back_does_not_silence_a_loop_until_it_is_as_late_again() -> None:
    kept = limits(gap=5)
    kept.spend("防火", NINE + timedelta(days=3650), 60)
    assert kept.why_not("防火", NINE, 60) == ""


def test_one_of_yesterday_that_is_told_late_makes_nothing_of_today_forgotten() -> None:
    kept = limits(hour=60, day=2, gap=0)
    kept.spend("防火", NINE, 120)
    kept.spend("防骗", NINE - timedelta(days=1), 60)
    assert "今天循环已经播了 2 分钟" in kept.why_not("防火", NINE + MINUTE, 1)
