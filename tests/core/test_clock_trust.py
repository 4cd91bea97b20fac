"""A clock that boots in the past, is stepped, was never right, or has only lost its network."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from rig.fakes import ManualClock, Memory

from broadcaster.core.clock import Clock
from broadcaster.core.clock_trust import ClockTrust
from broadcaster.core.errors import StoreUnusable

TEN_MINUTES = timedelta(minutes=10)
NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


class NtpClock(ManualClock):
    """A clock that NTP sets when a test says so."""

    def __init__(self, now: datetime = NOW) -> None:
        super().__init__(now)
        self.by_ntp = False

    def synchronised(self) -> bool:
        return self.by_ntp

    def set(self, now: datetime) -> None:
        self._now = now.astimezone(self.zone)


@pytest.fixture
def memory() -> Memory:
    return Memory()


def trust(clock: Clock, memory: Memory, boot: str = "boot 1") -> ClockTrust:
    return ClockTrust(clock, TEN_MINUTES, memory, boot)


def test_a_clock_that_ntp_set_is_trusted_and_stays_so_when_the_network_goes(memory: Memory) -> None:
    clock = NtpClock()
    clock.by_ntp = True
    believed = trust(clock, memory)
    assert believed.allows() and believed.fault == ""
    clock.by_ntp = False
    clock.advance(30 * 3600)
    assert believed.trusted and believed.fault == ""
    assert trust(clock, memory).trusted, "a restart of the program changes nothing"
    assert not trust(clock, memory, "boot 2").trusted, "a power cut does"


def test_without_ntp_the_timetable_waits_but_not_for_ever(memory: Memory) -> None:
    clock = NtpClock()
    believed = trust(clock, memory)
    assert not believed.allows() and "等对准了再播" in believed.fault
    assert "最迟 15:11 开始" in believed.fault
    assert "接上网络" in believed.fault and "clock" not in believed.fault
    clock.advance(300)
    assert "最迟 15:11 开始" in believed.fault
    clock.advance(300)
    assert believed.allows() and not believed.trusted
    assert believed.fault == "" and "没有和网络对过，现在是" in believed.remark
    believed.confirm()
    assert believed.trusted and believed.remark == ""


@pytest.mark.parametrize(
    "boots_in", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)]
)
def test_a_clock_in_the_past_is_never_gone_by(memory: Memory, boots_in: datetime) -> None:
    clock = NtpClock(boots_in)
    believed = trust(clock, memory)
    clock.advance(24 * 3600)
    assert not believed.allows() and "时钟不对" in believed.fault
    clock.set(NOW)
    clock.by_ntp = True
    assert believed.allows() and believed.fault == ""


def test_a_clock_behind_what_it_showed_before_the_power_cut_is_not_gone_by(memory: Memory) -> None:
    before = NtpClock()
    before.by_ntp = True
    trust(before, memory).step()
    after = NtpClock(NOW - timedelta(hours=2))
    believed = trust(after, memory, "boot 2")
    after.advance(600)
    assert not believed.allows()
    after.set(NOW + timedelta(minutes=30))
    assert believed.allows(), "it may be right now"


def test_a_clock_with_a_battery_is_gone_by_at_once_unless_it_cannot_be_right(memory: Memory) -> None:
    believed = ClockTrust(NtpClock(), timedelta(0), memory, "boot")
    assert believed.allows() and believed.fault == ""
    flat = ClockTrust(NtpClock(datetime(2000, 1, 1, tzinfo=UTC)), timedelta(0), memory, "boot")
    assert not flat.allows() and "时钟不对" in flat.fault


@pytest.mark.parametrize("wait", [timedelta(0), TEN_MINUTES])
def test_a_clock_years_ahead_of_all_that_is_known_is_told_until_somebody_says_it_is_right(
    memory: Memory, wait: timedelta
) -> None:
    clock = NtpClock(datetime(2038, 1, 19, tzinfo=UTC))
    believed = ClockTrust(clock, wait, memory, "boot", installed_at=NOW)
    clock.advance(600)
    assert (
        "走到前面去了" in believed.fault and "2038年" in believed.fault and "晚 11 年" in believed.fault
    )
    assert believed.allows(), "it may be right: what is due is not kept back"
    clock.set(NOW + timedelta(days=1800))
    assert "走到前面" not in believed.fault
    clock.set(datetime(2101, 1, 1, tzinfo=UTC))
    assert "走到前面去了" in believed.fault
    believed.confirm()
    assert believed.fault == ""


def test_the_program_knows_when_it_was_installed(memory: Memory) -> None:
    clock = Clock(ZoneInfo("Asia/Shanghai"))
    believed = ClockTrust(clock, timedelta(0), memory, "boot")
    assert "走到前面" not in believed.fault


def test_what_it_showed_is_remembered_once_an_hour(memory: Memory) -> None:
    clock = NtpClock()
    clock.by_ntp = True
    believed = trust(clock, memory)
    believed.step()
    clock.advance(1800)
    believed.step()
    assert datetime.fromisoformat(memory.kept["clock_seen"]) == NOW
    clock.advance(1800)
    believed.step()
    assert datetime.fromisoformat(memory.kept["clock_seen"]) == NOW + timedelta(hours=1)


def test_the_county_or_a_person_can_say_that_it_is_right(memory: Memory) -> None:
    memory.put("clock_seen", (NOW + timedelta(days=365)).isoformat())
    clock = NtpClock()
    believed = trust(clock, memory)
    clock.advance(600)
    assert not believed.allows(), "a clock that ran a year ahead left this behind"
    believed.confirm()
    assert believed.allows()
    assert trust(clock, memory).allows()


def test_the_kernels_own_word_is_read() -> None:
    assert Clock(NOW.tzinfo).synchronised() in (True, False)  # type: ignore[arg-type]


def test_a_trusted_clock_that_is_put_into_the_past_is_not_gone_by_there(memory: Memory) -> None:
    clock = NtpClock()
    clock.by_ntp = True
    believed = trust(clock, memory)
    assert believed.allows()
    clock.by_ntp = False
    clock.set(datetime(2016, 11, 20, tzinfo=UTC))
    assert not believed.allows() and "时钟不对" in believed.fault
    clock.set(NOW)
    assert believed.allows() and believed.fault == ""


def test_a_memory_that_cannot_be_read_distrusts_the_clock_and_stops_nothing() -> None:
    class Unreadable(Memory):
        def get(self, key: str) -> str:
            raise StoreUnusable("读不了")

    clock = NtpClock()
    believed = trust(clock, Unreadable())
    assert not believed.allows()
    clock.by_ntp = True
    assert believed.allows()
