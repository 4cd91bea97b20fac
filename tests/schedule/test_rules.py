"""One set of rules for the plan and for the air: what it lets sound, and what a stop means."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from broadcaster.core.model import Airing, AiringKind
from broadcaster.core.notice import Notice, Severity, WhenQuiet
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.quiet_hours import Ruling
from broadcaster.settings.schema import Settings

SHANGHAI = ZoneInfo("Asia/Shanghai")
SETTINGS = Settings.model_validate(
    {"loops": {"most_minutes_an_hour": 2, "most_minutes_a_day": 5, "lowest_gap_minutes": 1}}
)


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-20 {clock}").replace(tzinfo=SHANGHAI)


def airing(
    due: str, kind: AiringKind = AiringKind.LOOP, window: str = "09:00", **notice: object
) -> Airing:
    said = Notice("秸秆焚烧害处大", **notice)  # type: ignore[arg-type]
    due_at = at(due)
    return Airing(said, due_at, due_at + timedelta(minutes=5), kind, "防火", window_from=at(window))


@pytest.fixture
def rules() -> AirRules:
    return AirRules(SETTINGS, lambda notice: 60.0)


def test_quiet_hours_keep_off_whatever_kind_but_red(rules: AirRules) -> None:
    for kind in AiringKind:
        assert rules.verdict(airing("23:00", kind), at("23:00")).ruling is Ruling.SUPPRESS
        red = airing("23:00", kind, severity=Severity.RED)
        assert rules.verdict(red, at("23:00")).passes


@pytest.mark.parametrize("allows", [True, False])
def test_the_station_says_whether_an_orange_alert_signed_for_the_night_sounds(allows: bool) -> None:
    settings = Settings.model_validate({"quiet": {"county_orange_passes": allows}})
    signed = replace(airing("23:00", AiringKind.LIVE, severity=Severity.ORANGE), night_ok=True)
    verdict = AirRules(settings, lambda notice: 60.0).verdict(signed, at("23:00"))
    assert verdict.passes is allows


def test_loops_are_held_to_their_minutes_and_nothing_else_is(rules: AirRules) -> None:
    for minute in (0, 10):
        assert rules.verdict(airing(f"09:{minute:02}"), at(f"09:{minute:02}")).passes
        rules.spend("防火", at(f"09:{minute:02}"), 60)
    verdict = rules.verdict(airing("09:20"), at("09:20"))
    assert verdict.ruling is Ruling.LEAVE_OUT and "最多 2 分钟" in verdict.reason
    assert rules.verdict(airing("09:20", AiringKind.SCHEDULED), at("09:20")).passes
    assert rules.verdict(airing("10:00"), at("10:00")).passes, "another hour"


def test_a_stop_silences_the_loops_of_windows_that_had_begun(rules: AirRules) -> None:
    rules.loops_stopped_at = at("09:30")
    assert rules.verdict(airing("10:00"), at("10:00")).ruling is Ruling.SUPPRESS
    assert not rules.may_come(airing("10:00")) and rules.stopped(airing("10:00"))
    assert rules.verdict(airing("15:00", window="15:00"), at("15:00")).passes, "the next window"
    assert rules.verdict(airing("10:00", AiringKind.SCHEDULED), at("10:00")).passes
    rules.loops_stopped_at = None
    assert rules.verdict(airing("10:00"), at("10:00")).passes


def test_what_waits_for_the_end_of_quiet_hours_may_come(rules: AirRules) -> None:
    assert not rules.may_come(airing("23:00", AiringKind.SCHEDULED))
    assert rules.may_come(airing("23:00", AiringKind.SCHEDULED, when_quiet=WhenQuiet.WAIT))
