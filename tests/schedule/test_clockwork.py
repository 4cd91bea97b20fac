"""A slot that falls due is put once, whatever the clock, the timetable or an error does meanwhile."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from rig.fakes import ManualClock, Memory

from broadcaster.core.clock import Clock
from broadcaster.core.clock_trust import ClockTrust
from broadcaster.core.model import Airing, AiringKind, JournalEntry
from broadcaster.core.notice import Notice
from broadcaster.schedule.missed_occurrences import LOOKED_AT, Gaps
from broadcaster.schedule.scheduler import Clockwork, SlotTrigger
from broadcaster.schedule.slot import Slot

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Once(Slot):
    """Due one time only."""

    due_at: datetime
    kind: ClassVar[AiringKind] = AiringKind.SCHEDULED

    def next_after(self, moment: datetime) -> datetime | None:
        return self.due_at if moment < self.due_at else None


@dataclass(frozen=True)
class EachMinute(Slot):
    """Due at every full minute."""

    kind: ClassVar[AiringKind] = AiringKind.LOOP

    def next_after(self, moment: datetime) -> datetime | None:
        return moment.replace(second=0, microsecond=0) + MINUTE


class Broken(EachMinute):
    def next_after(self, moment: datetime) -> datetime | None:
        raise ValueError("no such day")


class StepClock(Clock):
    """A clock whose wall time can be stepped against its monotonic time."""

    def __init__(self) -> None:
        super().__init__(SHANGHAI)
        self.step = timedelta()

    def now(self) -> datetime:
        return super().now() + self.step

    def machine_time(self, moment: datetime) -> datetime:
        return moment - self.step


def soon(milliseconds: int = 50, lateness: timedelta = MINUTE) -> Once:
    due = datetime.now(UTC) + timedelta(milliseconds=milliseconds)
    return Once("试音", Notice("试音"), lateness, due)


def trusted(clock: Clock) -> ClockTrust:
    """Waits for nothing."""
    return ClockTrust(clock, timedelta(0), Memory(), "boot")


@contextmanager
def running(slots: list[Slot], put: Callable[[Airing], None], clock: Clock) -> Iterator[Clockwork]:
    clockwork = Clockwork(slots, put, clock, trusted(clock))
    clockwork.start()
    try:
        yield clockwork
    finally:
        clockwork.stop()


def test_a_slot_that_falls_due_is_put_once_with_its_own_due_time() -> None:
    put: SimpleQueue[Airing] = SimpleQueue()
    slot = soon()
    with running([slot], put.put, Clock(SHANGHAI)):
        airing = put.get(timeout=60)
    assert airing.due_at == slot.due_at
    assert airing.due_at.tzinfo is SHANGHAI
    assert airing.expires_at == slot.due_at + MINUTE
    assert (airing.kind, airing.asked_by) == (AiringKind.SCHEDULED, "试音")
    assert put.empty()


def test_a_slot_that_comes_in_while_it_goes_is_put_and_one_that_went_is_not() -> None:
    put: SimpleQueue[Airing] = SimpleQueue()
    late = replace(soon(2000), name="去掉的")
    with running([late], put.put, Clock(SHANGHAI)) as clockwork:
        clockwork.change([soon(2100)])
        assert put.get(timeout=60).asked_by == "试音"
    assert put.empty()


def test_a_slot_that_is_new_is_not_made_up_for_and_one_that_stays_keeps_its_place() -> None:
    put: SimpleQueue[Airing] = SimpleQueue()
    stays = soon(-1000)
    with running([stays], put.put, Clock(SHANGHAI)) as clockwork:
        assert put.get(timeout=60).asked_by == "试音"
        clockwork.change([stays, replace(soon(-500), name="已经过了"), replace(soon(), name="新的")])
        assert put.get(timeout=60).asked_by == "新的"
    assert put.empty()


def test_one_slot_that_cannot_say_when_does_not_stop_the_others_and_is_told() -> None:
    put: SimpleQueue[Airing] = SimpleQueue()
    broken = Broken("坏的", Notice("坏的"), MINUTE)
    with running([broken, soon()], put.put, Clock(SHANGHAI)) as clockwork:
        assert put.get(timeout=60).asked_by == "试音"
        assert "坏的" in clockwork.fault
        assert clockwork.alive


def test_an_error_while_putting_leaves_the_rest_of_the_timetable_going() -> None:
    heard = threading.Event()

    def put(airing: Airing) -> None:
        if airing.asked_by == "先":
            raise RuntimeError("the queue is out of order")
        heard.set()

    first = replace(soon(10), name="先")
    with running([first, replace(soon(80), name="后")], put, Clock(SHANGHAI)):
        assert heard.wait(10)


def test_its_threads_are_named_and_gone_after_stop() -> None:
    with running([], lambda airing: None, Clock(SHANGHAI)) as clockwork:
        assert {"clockwork", "APScheduler"} <= {thread.name for thread in threading.enumerate()}
        assert clockwork.alive and clockwork.fault == ""
    assert "clockwork" not in {thread.name for thread in threading.enumerate()}
    assert not clockwork.alive and "没有在走" in clockwork.fault


def test_a_clock_that_is_put_back_makes_a_new_plan() -> None:
    clock, asked = StepClock(), SimpleQueue[datetime]()

    class Listening(EachMinute):
        def next_after(self, moment: datetime) -> datetime | None:
            asked.put(moment)
            return moment + timedelta(days=1)

    with running([Listening("循环", Notice("循环"), MINUTE)], lambda airing: None, clock) as clockwork:
        asked.get(timeout=60)
        clockwork.step()
        assert asked.empty()
        clock.step = timedelta(hours=-8)
        clockwork.step()
        asked.get(timeout=60)


def test_a_new_box_puts_nothing_of_before_it_was_also_after_a_step_of_its_clock() -> None:
    put: SimpleQueue[Airing] = SimpleQueue()
    clock = StepClock()
    gaps = Gaps(clock, Memory(), True, lambda ids: (), lambda airing: True, lambda *lines: None)
    slots = [replace(soon(-1000), name="以前的"), soon(300)]
    clockwork = Clockwork(slots, put.put, clock, trusted(clock), gaps=gaps)
    clockwork.start()
    try:
        assert put.get(timeout=60).asked_by == "试音"
        clock.step = timedelta(seconds=5)
        clockwork.step()
    finally:
        clockwork.stop()
    assert put.empty()


def test_what_the_box_missed_is_told_at_its_start_by_the_clock_as_it_is_then() -> None:
    told: list[JournalEntry] = []
    clock, memory = StepClock(), Memory()
    memory.put(LOOKED_AT, (clock.now() - timedelta(hours=2)).isoformat())
    gaps = Gaps(
        clock, memory, False, lambda ids: (), lambda airing: True, lambda *lines: told.extend(lines)
    )
    slot = soon(-3_600_000)
    clockwork = Clockwork([slot], lambda airing: None, clock, trusted(clock), gaps=gaps)
    clockwork.start()
    clock.step = timedelta(days=-1)
    clockwork.stop()
    assert [line.airing.due_at for line in told] == [slot.due_at]


def test_a_slot_owes_nothing_of_before_it_was_made_also_after_a_start() -> None:
    told: list[JournalEntry] = []
    clock, memory = StepClock(), Memory()
    memory.put(LOOKED_AT, (clock.now() - timedelta(hours=2)).isoformat())
    gaps = Gaps(
        clock, memory, False, lambda ids: (), lambda airing: True, lambda *lines: told.extend(lines)
    )
    slots = [replace(soon(-3_600_000), name=name) for name in ("旧的", "新的")]
    made = {"新的": clock.now() - timedelta(minutes=50)}
    clockwork = Clockwork(slots, lambda airing: None, clock, trusted(clock), gaps=gaps, written_at=made)
    clockwork.start()
    clockwork.stop()
    assert [line.airing.asked_by for line in told] == ["旧的"]


def test_what_falls_due_while_the_clock_is_not_believed_is_told_to_have_been_held_back() -> None:
    told: list[JournalEntry] = []
    clock, memory = ManualClock(NOON), Memory()
    memory.put(LOOKED_AT, (NOON - timedelta(hours=2)).isoformat())
    gaps = Gaps(
        clock, memory, False, lambda ids: (), lambda airing: True, lambda *lines: told.extend(lines)
    )
    trust = ClockTrust(clock, timedelta(hours=2), Memory(), boot_id="boot")
    slots = [Once("试音", Notice("试音"), MINUTE, NOON + minutes * MINUTE) for minutes in (-30, 30)]
    clockwork = Clockwork(slots, lambda airing: None, clock, trust, gaps=gaps)
    clockwork.start()
    clock.advance(3600)
    trust.confirm()
    clockwork.step()
    clockwork.stop()
    assert [line.reason for line in told] == ["关机错过了", "时钟没有对准，错过了"]


def test_a_slot_that_is_new_owes_nothing_of_before_also_after_a_step_of_the_clock() -> None:
    put: SimpleQueue[Airing] = SimpleQueue()
    clock, past = StepClock(), soon(-2000)
    with running([], put.put, clock) as clockwork:
        clockwork.change([past])
        clock.step = timedelta(seconds=1)
        clockwork.step()
        clockwork.change([past, replace(soon(1100), name="后来的")])
        assert put.get(timeout=60).asked_by == "后来的"
    assert put.empty()


@pytest.fixture
def trigger() -> SlotTrigger:
    slot = EachMinute("循环", Notice("循环"), 5 * MINUTE)
    return SlotTrigger(slot, ManualClock(NOON), lambda slot: None)


def test_a_plan_begins_with_what_is_not_too_late_yet(trigger: SlotTrigger) -> None:
    first = trigger.get_next_fire_time(None, NOON)
    assert first is not None
    assert trigger.due_at(first) == NOON - 4 * MINUTE
    second = trigger.get_next_fire_time(first, NOON)
    assert second is not None
    assert trigger.due_at(second) == NOON - 3 * MINUTE


def test_what_is_due_by_our_clock_comes_when_the_machines_clock_has_gone_as_far() -> None:
    clock = StepClock()
    clock.step = timedelta(days=365)
    slot = EachMinute("循环", Notice("循环"), MINUTE)
    trigger = SlotTrigger(slot, clock, lambda slot: None)
    fires = trigger.get_next_fire_time(None, NOON)
    assert fires is not None
    assert trigger.due_at(fires) == fires + clock.step


def test_an_occurrence_has_the_same_id_whenever_it_is_planned() -> None:
    slot = EachMinute("循环", Notice("循环"), MINUTE)
    shown = NOON.astimezone(SHANGHAI)
    assert slot.airing_at(NOON).id == slot.airing_at(shown).id != slot.airing_at(NOON + MINUTE).id
    other = replace(slot, notice=Notice("改过的"))
    assert other.airing_at(NOON).id != slot.airing_at(NOON).id


def test_while_the_clock_is_not_trusted_nothing_is_put_and_then_what_is_not_too_late() -> None:
    put: SimpleQueue[Airing] = SimpleQueue()
    begun: SimpleQueue[None] = SimpleQueue()
    clock, slot = Clock(SHANGHAI), soon(0)
    trust = ClockTrust(clock, timedelta(hours=1), Memory(), "boot")
    clockwork = Clockwork([slot], put.put, clock, trust, lambda: begun.put(None))
    clockwork.start()
    try:
        clockwork.step()
        assert put.empty() and begun.empty()
        trust.confirm()
        clockwork.step()
        assert put.get(timeout=60).due_at == slot.due_at
        begun.get(timeout=60)
    finally:
        clockwork.stop()


def test_who_waits_by_the_clock_is_told_of_a_step_either_way() -> None:
    clock, steps = StepClock(), list[timedelta]()
    clockwork = Clockwork([], lambda airing: None, clock, trusted(clock), stepped=steps.append)
    clockwork.start()
    try:
        clock.step = timedelta(hours=8)
        clockwork.step()
        clock.step = timedelta(0)
        clockwork.step()
        clockwork.step()
    finally:
        clockwork.stop()
    assert [round(step.total_seconds()) for step in steps] == [8 * 3600, -8 * 3600]
