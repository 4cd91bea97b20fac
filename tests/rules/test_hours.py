"""Quiet hours keep off all that they should, from the first second to the last, and tell why and
until when.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from broadcaster.core.notice import Notice, OfficeLevel, Severity, WhenQuiet
from broadcaster.core.piece import Piece, PieceKind
from broadcaster.rules.quiet_hours import Ruling, quiet, rest_begins, volume_at
from broadcaster.settings.schema import Settings

SHANGHAI = ZoneInfo("Asia/Shanghai")
USUAL = Settings()
DAILY = Notice("今天停水")
WAITING = Notice("今天停水", when_quiet=WhenQuiet.WAIT)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def rests(*hours: dict[str, Any], **others: Any) -> Settings:
    return Settings.model_validate({"quiet": {"hours": hours, **others}})


@pytest.mark.parametrize(
    ("time", "passes"),
    [
        ("06:29:59", False),
        ("06:30", True),
        ("12:29", True),
        ("12:30", False),
        ("13:59:59", False),
        ("14:00", True),
        ("21:29:59", True),
        ("21:30", False),
        ("00:00", False),
    ],
)
def test_night_and_noon_are_quiet_from_their_first_second_to_their_last(time: str, passes: bool) -> None:
    assert quiet(USUAL, at(f"2026-11-20 {time}"), DAILY).passes is passes


def test_what_is_left_out_is_told_why() -> None:
    verdict = quiet(USUAL, at("2026-11-20 13:00"), DAILY)
    assert (verdict.ruling, verdict.until) == (Ruling.SUPPRESS, None)
    assert verdict.reason == "午休不播（午休到 14:00）"


@pytest.mark.parametrize(
    ("asked", "until"),
    [
        ("2026-11-20 13:00", "2026-11-20 14:00"),
        ("2026-11-20 23:00", "2026-11-21 06:30"),
        ("2026-11-21 01:00", "2026-11-21 06:30"),
    ],
)
def test_a_notice_that_waits_is_told_until_when(asked: str, until: str) -> None:
    verdict = quiet(USUAL, at(asked), WAITING)
    assert (verdict.ruling, verdict.until) == (Ruling.DEFER, at(until))


@pytest.mark.parametrize(
    ("severity", "orange_passes", "passes"),
    [
        (Severity.RED, False, True),
        (Severity.ORANGE, False, False),
        (Severity.ORANGE, True, True),
        (Severity.YELLOW, True, False),
        (Severity.BLUE, True, False),
        (Severity.DAILY, True, False),
    ],
)
def test_red_passes_and_orange_where_the_station_allows_it(
    severity: Severity, orange_passes: bool, passes: bool
) -> None:
    settings = rests({"name": "夜里", "windows": "21:30-06:30"}, orange_passes=orange_passes)
    notice = Notice("洪水", severity=severity)
    assert quiet(settings, at("2026-11-20 23:00"), notice).passes is passes


@pytest.mark.parametrize("severity", Severity)
def test_a_drill_never_passes_however_severe(severity: Severity) -> None:
    settings = rests({"name": "夜里", "windows": "21:30-06:30"}, orange_passes=True)
    drill = Notice("演练", severity=severity, drill=True)
    assert not quiet(settings, at("2026-11-20 23:00"), drill).passes
    assert quiet(settings, at("2026-11-20 12:00"), drill).passes


def test_a_rest_belongs_to_the_day_and_the_season_in_which_it_begins() -> None:
    settings = rests(
        {
            "name": "夏天夜里",
            "windows": "22:00-06:00",
            "weekdays": "周五",
            "seasons": "06-01至08-31",
        }
    )
    assert not quiet(settings, at("2026-06-05 23:00"), DAILY).passes  # a Friday
    assert not quiet(settings, at("2026-06-06 05:59"), DAILY).passes
    assert quiet(settings, at("2026-06-06 23:00"), DAILY).passes
    assert quiet(settings, at("2026-11-20 23:00"), DAILY).passes


def test_rests_that_follow_one_another_are_waited_out_together() -> None:
    settings = rests(
        {"name": "上课", "windows": "08:00-12:00"}, {"name": "午休", "windows": "12:00-14:00"}
    )
    assert quiet(settings, at("2026-11-20 09:00"), WAITING).until == at("2026-11-20 14:00")


def test_where_it_is_always_quiet_nothing_waits() -> None:
    always = rests({"name": "停用", "windows": "00:00-24:00"})
    assert quiet(always, at("2026-11-20 09:00"), WAITING).ruling is Ruling.SUPPRESS


def test_without_rests_everything_passes() -> None:
    assert quiet(rests(), at("2026-11-20 03:00"), DAILY).passes


def test_a_moment_in_another_zone_is_taken_by_the_stations_clock() -> None:
    noon = at("2026-11-20 13:00").astimezone(ZoneInfo("America/New_York"))
    assert not quiet(USUAL, noon, DAILY).passes


@pytest.mark.parametrize(
    ("time", "volume"),
    [("06:59", 56), ("07:00", 80), ("12:00", 80), ("20:00", 56), ("22:00", 80)],
)
def test_it_is_softer_early_and_late(time: str, volume: int) -> None:
    settings = Settings.model_validate({"sound": {"volume": 80}})
    assert volume_at(settings, at(f"2026-11-20 {time}"), DAILY) == volume


def test_a_slots_own_volume_is_a_part_of_it_and_red_is_never_softer() -> None:
    early = at("2026-11-20 06:30")
    softer = replace(DAILY, volume=50)
    assert volume_at(USUAL, early, softer) == 35
    assert volume_at(USUAL, early + timedelta(hours=3), softer) == 50
    assert volume_at(USUAL, early, Notice("洪水", severity=Severity.RED, volume=50)) == 100
    drill = Notice("演练", severity=Severity.RED, drill=True)
    assert volume_at(USUAL, early, drill) == 70


def test_a_window_of_volume_may_go_over_midnight() -> None:
    settings = Settings.model_validate(
        {"sound": {"volume_by_hour": [{"window": "22:00-06:00", "percent": 40}]}}
    )
    assert [volume_at(settings, at(f"2026-11-20 {time}"), DAILY) for time in ("23:00", "05:00")] == [
        40,
        40,
    ]


RADIO = (Piece(PieceKind.RELAY, "http://tai.cn/1", 30),)


@pytest.mark.parametrize(
    ("severity", "office", "passes"),
    [
        (Severity.RED, OfficeLevel.VILLAGE, False),
        (Severity.ORANGE, OfficeLevel.COUNTY, False),
        (Severity.RED, OfficeLevel.COUNTY, True),
    ],
)
def test_what_comes_in_passes_quiet_hours_only_for_the_county_and_red(
    severity: Severity, office: OfficeLevel, passes: bool
) -> None:
    relay = Notice("", pieces=RADIO, severity=severity, office=office)
    orange = {"orange_passes": True, "county_orange_passes": True}
    settings = Settings.model_validate({"quiet": orange})
    assert quiet(settings, at("2026-11-20 23:00"), relay, night_ok=True).passes is passes
    begins = rest_begins(settings, relay, at("2026-11-20 21:00"), at("2026-11-20 22:00"))
    assert begins == (None if passes else at("2026-11-20 21:30"))


def test_a_relay_knows_when_the_next_quiet_hours_begin() -> None:
    relay = Notice("", pieces=RADIO)

    def begin(first: str, last: str) -> datetime | None:
        return rest_begins(USUAL, relay, at(f"2026-11-20 {first}"), at(f"2026-11-20 {last}"))

    assert begin("12:00", "13:00") == at("2026-11-20 12:30")
    assert begin("09:00", "23:00") == at("2026-11-20 12:30")
    assert begin("09:00", "12:30") is None and begin("14:00", "21:00") is None
