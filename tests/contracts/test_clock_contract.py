"""The clock and the state store keep the same promises as the fakes of the tests."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rig.fakes import ManualClock, Memory

from broadcaster.core.clock import Clock
from broadcaster.core.clock_trust import StateStore
from broadcaster.store.database.reserved_space import ReservedSpace
from broadcaster.store.database.station_database import Database
from broadcaster.store.database.write_queue import WriteQueue
from broadcaster.store.station_state import StationState

PEKING = ZoneInfo("Asia/Shanghai")
SECOND = timedelta(seconds=1)


@pytest.fixture(params=["fake", "real"])
def clock(request: pytest.FixtureRequest) -> Clock:
    return ManualClock() if request.param == "fake" else Clock(PEKING)


@pytest.fixture(params=["fake", "real"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StateStore]:
    if request.param == "fake":
        yield Memory()
    else:
        with (
            closing(Database(tmp_path / "state.db", Clock(PEKING))) as database,
            closing(WriteQueue(database, ReservedSpace(tmp_path / "spare"))) as write_queue,
        ):
            yield StationState(database, write_queue)


def test_the_time_is_aware_and_the_zones(clock: Clock) -> None:
    now = clock.now()
    assert (now.tzinfo, clock.zone) == (PEKING, PEKING)
    assert clock.now() >= now


def test_seconds_never_go_back(clock: Clock) -> None:
    before = clock.monotonic()
    assert clock.monotonic() >= before


def test_a_moment_of_this_clock_is_as_far_off_by_the_machines(clock: Clock) -> None:
    machine = clock.machine_time(clock.now() + timedelta(hours=1))
    assert abs(machine - (datetime.now(UTC) + timedelta(hours=1))) < 60 * SECOND


def test_the_kernel_is_asked_without_an_error(clock: Clock) -> None:
    assert clock.synchronised() in (True, False)


def test_what_was_put_last_is_remembered(memory: StateStore) -> None:
    assert memory.get("a") == ""
    memory.put("a", "一")
    memory.put("a", "二")
    memory.put("b", "三")
    assert (memory.get("a"), memory.get("b")) == ("二", "三")


def test_nothing_forgets_a_key(memory: StateStore) -> None:
    memory.put("a", "一")
    memory.put("a", "")
    assert memory.get("a") == ""
