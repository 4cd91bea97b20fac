"""When a box calls its county again, and what its log tells of a line that does not hold."""

import re

import pytest
from rig.fakes import ManualClock

from broadcaster.link.mqtt_client import DisconnectCause
from broadcaster.link.reconnect_policy import (
    PERHAPS_TAKEN_OVER,
    SILENT_ENDS,
    STEADY_SECONDS,
    TAKEN_OVER,
    ReconnectPolicy,
    Steadiness,
)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def line(clock: ManualClock) -> Steadiness:
    return Steadiness(ReconnectPolicy(), clock)


def session(
    line: Steadiness, clock: ManualClock, seconds: float, ending: DisconnectCause = DisconnectCause.USUAL
) -> float:
    line.came()
    clock.advance(seconds)
    return line.lost("连接断了", ending)


def test_brief_sessions_double_the_wait_to_a_minute_and_a_long_one_ends_that(
    line: Steadiness, clock: ManualClock
) -> None:
    waits = [session(line, clock, seconds=1) for _ in range(8)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert session(line, clock, seconds=11) == 1


def test_a_county_that_cannot_be_reached_is_called_each_half_minute(line: Steadiness) -> None:
    assert [line.lost("没有网络") for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]


def test_a_line_lost_each_second_makes_one_line_in_ten_minutes(
    line: Steadiness, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(1_300):
        session(line, clock, seconds=1)
        line.look()
    told = [record.getMessage() for record in caplog.records]
    assert told[:2] == ["和县里连上了", "没有连上县里，广播站自己会再连：连接断了"]
    assert told[2] == "和县里连上了" and len(told) == 5
    counted = [int(re.findall("断过 ([0-9]+) 次", line)[0]) for line in told[3:]]
    assert sum(counted) >= 1_198 and max(counted) <= 601


def test_a_loss_that_was_only_counted_is_told_when_it_lasts(
    line: Steadiness, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        session(line, clock, seconds=20)
    clock.advance(STEADY_SECONDS)
    line.look()
    line.came()
    clock.advance(STEADY_SECONDS)
    line.look()
    told = [record.getMessage() for record in caplog.records][-2:]
    assert told == ["10 分钟里和县里断过 1 次，现在没有连上：连接断了", "和县里连上了"]


def test_a_broker_that_names_the_reason_makes_it_a_fault_until_the_line_is_steady(
    line: Steadiness, clock: ManualClock
) -> None:
    session(line, clock, seconds=300, ending=DisconnectCause.TAKEN_OVER)
    line.came()
    clock.advance(STEADY_SECONDS - 1)
    line.look()
    assert line.fault == TAKEN_OVER
    clock.advance(1)
    line.look()
    assert not line.fault


def test_a_line_that_is_cut_without_a_word_and_let_in_again_and_again_is_another_machines(
    line: Steadiness, clock: ManualClock
) -> None:
    for _ in range(SILENT_ENDS):
        assert not line.fault
        session(line, clock, seconds=20, ending=DisconnectCause.SILENT)
    assert line.fault == PERHAPS_TAKEN_OVER


def test_a_network_that_goes_and_comes_is_nobodys(line: Steadiness, clock: ManualClock) -> None:
    for _ in range(3 * SILENT_ENDS):
        session(line, clock, seconds=20, ending=DisconnectCause.SILENT)
        line.lost("没有网络")
    assert not line.fault
    for _ in range(3 * SILENT_ENDS):
        session(line, clock, seconds=STEADY_SECONDS / 3, ending=DisconnectCause.SILENT)
    assert not line.fault
