"""APScheduler at work: each slot, when it is due, becomes an airing that is put and nothing more."""

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from apscheduler.executors.base import BaseExecutor
from apscheduler.job import Job
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from broadcaster.clock import Clock
from broadcaster.loop import Loop
from broadcaster.model import Airing
from broadcaster.schedule.slots import Slot

logger = logging.getLogger(__name__)

# APScheduler sleeps to the next due time by a clock that no step moves: after a step of the wall
# clock it would sleep past everything, on a board without a battery at every boot.
LOOK_SECONDS = 2.0
STEP_BACK = timedelta(seconds=-1)
# An occurrence aired up to a day ahead of a clock that was then put back is not aired again; one
# aired further ahead was aired in a time that never was.
AIRED_AHEAD = timedelta(days=1)


class SlotTrigger(BaseTrigger):  # type: ignore[misc]
    """A slot as APScheduler asks for it, in UTC; what was missed and is too late it leaves out."""

    def __init__(self, slot: Slot, failed: Callable[[Slot], None]) -> None:
        self.slot = slot
        self._failed = failed
        self._aired_at: datetime | None = None

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The due time after the one before; after `now` when the plan is made or made again."""
        try:
            due = self.slot.next_after(self._start(previous_fire_time, now))
        except Exception:
            # Raised into APScheduler this would end its thread, and every slot with it.
            logger.exception("slot %s cannot say when it is due", self.slot.name)
            self._failed(self.slot)
            return None
        return due.astimezone(UTC) if due else None

    def _start(self, previous: datetime | None, now: datetime) -> datetime:
        if previous:
            self._aired_at = previous
            return max(previous, now - self.slot.lateness)
        if self._aired_at and self._aired_at - now < AIRED_AHEAD:
            return max(self._aired_at, now)
        return now


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
    """Puts an airing for each slot that falls due. `put` is called on APScheduler's thread."""

    def __init__(self, slots: Iterable[Slot], put: Callable[[Airing], None], clock: Clock) -> None:
        self._put = put
        self._clock = clock
        self._broken: list[str] = []
        self._asleep = threading.Event()
        self._loop = Loop("clockwork", self._look_again, self._asleep.set)
        self._scheduler = BackgroundScheduler(timezone=UTC, executors={"default": PutExecutor()})
        for slot in slots:
            self._add(slot)
        self._offset = self._measure_offset()

    @property
    def alive(self) -> bool:
        return bool(self._scheduler.running) and self._loop.alive

    @property
    def fault(self) -> str:
        """A sentence in Chinese on what is wrong with the timetable, or ""."""
        if not self.alive:
            return "时间表没有在走，请重新启动广播站。"
        if self._broken:
            return f"时间表里的“{self._broken[0]}”出了错，没有排上，请检查它的写法。"
        return ""

    def start(self) -> None:
        self._scheduler.start()
        self._loop.start()

    def stop(self) -> None:
        """After this nothing more is put."""
        self._loop.stop()
        self._scheduler.shutdown()

    def step(self) -> None:
        """Look whether the wall clock was put back, and have what is due found now."""
        offset, before = self._measure_offset(), self._offset
        self._offset = offset
        if offset - before < STEP_BACK:
            logger.warning("the clock was put back by %s; planning again", before - offset)
            for job in self._scheduler.get_jobs():
                job.reschedule(job.trigger)
        self._scheduler.wakeup()

    def _look_again(self) -> None:
        if not self._asleep.wait(LOOK_SECONDS):
            self.step()

    def _measure_offset(self) -> timedelta:
        """How far the wall clock is from the monotonic one; changes only when it is stepped."""
        return timedelta(seconds=self._clock.now().timestamp() - self._clock.monotonic())

    def _add(self, slot: Slot) -> None:
        self._scheduler.add_job(
            self._air, SlotTrigger(slot, self._note_broken), args=(slot,), name=slot.name, coalesce=True
        )

    def _air(self, slot: Slot, *due_at: datetime) -> None:
        for moment in due_at:
            self._put(slot.airing_at(moment.astimezone(self._clock.zone)))

    def _note_broken(self, slot: Slot) -> None:
        self._broken.append(slot.name)
