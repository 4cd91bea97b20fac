"""Runs the slots with APScheduler: each slot, when it is due, becomes an airing that is put into the
queue.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from apscheduler.executors.base import BaseExecutor
from apscheduler.job import Job
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from broadcaster.core.clock import Clock
from broadcaster.core.clock_trust import ClockTrust
from broadcaster.core.model import Airing, AiringKind
from broadcaster.schedule.missed_occurrences import EVER, Gaps
from broadcaster.schedule.slot import Slot
from broadcaster.system.thread_loop import ThreadLoop

logger = logging.getLogger(__name__)

# APScheduler sleeps to the next due time by a clock that no step moves: after a step of the wall
# clock it would sleep past everything, on a board without a battery at every boot.
LOOK_SECONDS, LONGEST_LOOK_SECONDS = 2.0, 60.0
# NTP slews what is less than 0.128 s; a leap second is 1 s.
STEP = timedelta(seconds=0.5)


class SlotTrigger(BaseTrigger):  # type: ignore[misc]
    """A slot as APScheduler asks for it; what was missed and is too late it leaves out.

    APScheduler goes by the machine's clock and the slots by ours, which a test may step: a due time
    is handed over as the moment of the machine's clock at which it will come, and remembered. A new
    plan begins where a due time is not too late yet; whoever takes an airing knows by its id
    whether it was put before. What was written just now is not due before that moment, `since`.
    """

    def __init__(
        self,
        slot: Slot,
        clock: Clock,
        failed: Callable[[Slot], None],
        since: datetime = EVER,
    ) -> None:
        self.slot = slot
        self._clock = clock
        self._since = since
        self._failed = failed
        self._dues: dict[datetime, datetime] = {}

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The first due time after the one before that is not too late, by the machine's clock."""
        earliest = max(self._clock.now() - self.slot.lateness, self._since)
        try:
            due = self.slot.next_after(max(self._due_before(previous_fire_time) or earliest, earliest))
        except Exception:
            # Raised into APScheduler this would end its thread, and every slot with it.
            logger.exception("时间表里的“%s”算不出几点播，先不播它，错误在下面", self.slot.name)
            self._failed(self.slot)
            return None
        if due is None:
            return None
        fires = self._clock.machine_time(due).astimezone(UTC)
        self._dues[fires] = due
        return fires

    def due_at(self, fired: datetime) -> datetime:
        """The due time that was meant by a moment of the machine's clock."""
        due = self._dues[fired]
        self._dues = {other: its for other, its in self._dues.items() if other >= fired}
        return due

    def _due_before(self, previous: datetime | None) -> datetime | None:
        return None if previous is None else self._dues.get(previous)


class PutExecutor(BaseExecutor):  # type: ignore[misc]
    """Calls a job's function with the moment it was due, on the scheduler's thread: it only puts.

    What is late is put too: its `expires_at` lets the air journal it as EXPIRED, where
    APScheduler's own executors would leave it out with a line in the log.
    """

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        for due_at in run_times:
            job.func(*job.args, due_at)
        self._run_job_success(job.id, [])


class Clockwork:
    """Puts an airing for each slot that falls due. `put` is called on APScheduler's thread.

    While the clock is not to be gone by nothing is put; when it is, and after each step of it,
    `begins` is called and the plan made anew. `stepped` is told by how much it was put forward, or
    back. `written_at` says of slots by name when they were made, as far as that is kept.
    """

    def __init__(
        self,
        slots: Sequence[Slot],
        put: Callable[[Airing], None],
        clock: Clock,
        trust: ClockTrust,
        begins: Callable[[], None] = lambda: None,
        stepped: Callable[[timedelta], None] = lambda step: None,
        gaps: Gaps | None = None,
        written_at: Mapping[str, datetime] = MappingProxyType({}),
    ) -> None:
        self._put = put
        self._clock = clock
        self._trust = trust
        self._begins = begins
        self._stepped = stepped
        self._gaps = gaps
        self._goes = False
        self._broken: list[Slot] = []
        self._asleep = threading.Event()
        self._planning = threading.Lock()
        self.loop = ThreadLoop("clockwork", self._look_again, self._asleep.set, LONGEST_LOOK_SECONDS)
        self._scheduler = BackgroundScheduler(timezone=UTC, executors={"default": PutExecutor()})
        self._slots = tuple(slots)
        self._new_since = {slot: written_at[slot.name] for slot in slots if slot.name in written_at}
        self._offset = self._measure_offset()

    @property
    def alive(self) -> bool:
        return bool(self._scheduler.running) and self.loop.alive

    @property
    def fault(self) -> str:
        """A sentence in Chinese on what is wrong with the timetable, or ""."""
        if not self.alive:
            return "时间表没有在走，请重新启动广播站。"
        if self._broken:
            return f"时间表里的“{self._broken[0].name}”出了错，没有排上，请检查它的写法。"
        return self._gaps.leap if self._gaps else ""

    def change(self, slots: Iterable[Slot]) -> None:
        """Go by other slots from now on; any thread. What is new is not due before this moment."""
        now = self._clock.now()
        with self._planning:
            before, self._slots = set(self._slots), tuple(slots)
            those = set(self._slots)
            self._new_since |= dict.fromkeys(those - before, now)
            self._new_since = {slot: since for slot, since in self._new_since.items() if slot in those}
            for job in self._scheduler.get_jobs():
                if job.args[0].slot not in those:
                    job.remove()
            for slot in self._slots:
                if slot not in before:
                    self._add(slot)
            self._broken = [slot for slot in self._broken if slot in those]

    def start(self) -> None:
        self._goes = self._trust.allows()
        if self._goes:
            self._begins()
        self._plan()
        self._scheduler.start()
        # By the clock as it is now, before it can jump.
        self._look_for_gaps(jumped=False)
        self.loop.start()

    def stop(self) -> None:
        """After this nothing more is put."""
        self.loop.stop()
        self._scheduler.shutdown()
        if self._gaps and self._goes:
            self._gaps.note()

    def step(self) -> None:
        """Look whether the wall clock was stepped or is trusted now, and have what is due found."""
        offset, before = self._measure_offset(), self._offset
        step, self._offset = offset - before, offset
        self._trust.step()
        goes, went = self._trust.allows(), self._goes
        self._goes = goes
        stepped = abs(step) > STEP
        if stepped:
            way, seconds = "快" if step > timedelta(0) else "慢", round(abs(step).total_seconds())
            logger.warning("时钟拨%s了 %s", way, timedelta(seconds=seconds))
            self._stepped(step)
        if goes and (stepped or not went):
            self._begins()
        if stepped or (goes and not went):
            self._plan()
        self._scheduler.wakeup()
        self._look_for_gaps(jumped=stepped)

    def _look_for_gaps(self, jumped: bool) -> None:
        if self._gaps and self._goes:
            self._gaps.look(self._owed(), jumped)
        elif self._gaps:
            self._gaps.hold()

    def _owed(self) -> list[tuple[Slot, datetime]]:
        with self._planning:
            return [(slot, self._since(slot)) for slot in self._slots]

    def _since(self, slot: Slot) -> datetime:
        """Nothing of a slot is due before it was written, or the box was there."""
        since = self._new_since.get(slot, EVER)
        if since > self._clock.now():
            since = EVER
        return max(since, self._gaps.since) if self._gaps else since

    def _look_again(self) -> None:
        if not self._asleep.wait(LOOK_SECONDS):
            self.step()

    def _measure_offset(self) -> timedelta:
        """The distance of the wall clock from the monotonic one; changes only when the clock is
        stepped.
        """
        return timedelta(seconds=self._clock.now().timestamp() - self._clock.monotonic())

    def _plan(self) -> None:
        """Every slot anew; APScheduler has forgotten those that had nothing more to come."""
        with self._planning:
            self._broken.clear()
            self._scheduler.remove_all_jobs()
            for slot in self._slots:
                self._add(slot)

    def _add(self, slot: Slot) -> None:
        trigger = SlotTrigger(slot, self._clock, self._broken.append, self._since(slot))
        self._scheduler.add_job(
            self._air,
            trigger,
            args=(trigger,),
            name=slot.name,
            # Of a loop that could not be heard for a while only the last is worth saying.
            coalesce=slot.kind is AiringKind.LOOP,
        )

    def _air(self, trigger: SlotTrigger, *fired: datetime) -> None:
        for moment in fired if self._goes else ():
            due_at = trigger.due_at(moment)
            self._put(trigger.slot.airing_at(due_at.astimezone(self._clock.zone)))
