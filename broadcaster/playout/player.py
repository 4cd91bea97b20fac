"""The only taker of the queue: puts one airing after another on the air and says how each ended."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from queue import SimpleQueue
from typing import Protocol

from broadcaster.clock import Clock
from broadcaster.hours import Verdict
from broadcaster.model import (
    Airing,
    Delivery,
    JournalEntry,
    Kind,
    Made,
    Notice,
    Outcome,
    Ready,
    Refused,
)
from broadcaster.playout.device import Back, Device, Ended, Report, Started
from broadcaster.playout.on_air import Cut, OnAir
from broadcaster.playout.precedence import RESUMES, Resume, cuts_in
from broadcaster.playout.queue import AirQueue, Waiting

logger = logging.getLogger(__name__)

# A card that was lost for a moment is back within 2 s; whoever asked for something live is told soon.
LIVE_WAITS_FOR_DEVICE_SECONDS = 3.0
LOOK_SECONDS = 60.0
LOOK_FOR_DEVICE_SECONDS = 0.5

Make = Callable[[Notice, Callable[[Delivery], None]], AbstractContextManager[None]]


class Rules(Protocol):
    """What may be heard at which moment, and how loud."""

    def verdict(self, airing: Airing, moment: datetime) -> Verdict: ...

    def volume(self, airing: Airing, moment: datetime) -> int: ...


class Player:
    """Takes airings in order of precedence; a severer newcomer cuts what is sounding.

    `make(notice, deliver)` starts the making of a notice's programme: while the context is open,
    `deliver` is called from any thread with each sound in speaking order, then with `Made` or
    `Refused`. `ended` is told of every airing exactly once, `deferred` of one that has a later due
    time now.
    """

    def __init__(
        self,
        make: Make,
        device: Device,
        rules: Rules,
        ended: Callable[[JournalEntry], None],
        clock: Clock,
        deferred: Callable[[Airing], None] = lambda airing: None,
    ) -> None:
        self._make = make
        self._device = device
        self._rules = rules
        self._ended = ended
        self._deferred = deferred
        self._clock = clock
        self._queue = AirQueue()
        self._inbox: SimpleQueue[Delivery | Report | Cut] = SimpleQueue()
        self._on_air: OnAir | None = None
        self._order = threading.Lock()
        self._leaving = False
        device.on_report = self._take_report

    @property
    def on_air(self) -> OnAir | None:
        return self._on_air

    @property
    def fault(self) -> str:
        return self._device.fault

    def waiting(self) -> tuple[Airing, ...]:
        return self._queue.waiting()

    def put(self, airing: Airing) -> None:
        """Queue an airing, and cut what is sounding if this is severer. Any thread."""
        self.put_back(Waiting(airing))

    def put_back(self, waiting: Waiting) -> None:
        """The same for one that sounded in part before."""
        airing = waiting.airing
        with self._order:
            self._queue.put(replace(waiting, since=self._clock.monotonic()))
            on_air = self._on_air
            due = waiting.may_start(self._clock.now())
            if due and on_air and cuts_in(airing, on_air.airing) and self._passes(airing):
                self._inbox.put(Cut("让位给更紧急的通知", by_person=False))

    def cancel(self, airing_id: str, reason: str) -> bool:
        """End one airing, waiting or sounding; False if it is neither. Any thread."""
        with self._order:
            if self._on_air and self._on_air.airing.id == airing_id:
                self._inbox.put(Cut(reason))
                return True
        waiting = self._queue.remove(airing_id)
        if waiting:
            self._end_waiting(waiting, Outcome.CANCELLED, reason)
        return waiting is not None

    def stop_all(self, reason: str) -> int:
        """Silence the air and empty the queue of what is due; how many that ended. Any thread."""
        with self._order:
            sounding = self._on_air is not None
            if sounding:
                self._inbox.put(Cut(reason))
            cleared = self._queue.clear(self._clock.now())
        for waiting in cleared:
            self._end_waiting(waiting, Outcome.CANCELLED, reason)
        return len(cleared) + sounding

    def leave(self, reason: str) -> None:
        """Silence the air and take nothing more, for the box ends: what waits is not ended by that."""
        with self._order:
            self._leaving = True
            if self._on_air:
                self._inbox.put(Cut(reason, by_person=False))

    def clock_stepped(self, step: timedelta) -> None:
        """The wall clock was put forward by so much, or back. Any thread."""
        self._queue.shift_live(step)

    def wake(self) -> None:
        self._queue.wake()

    def step(self) -> None:
        """Air the next airing from beginning to end; return after a while if there is none."""
        changes = self._queue.changes
        if not self.air_next():
            self._queue.wait(changes, self._wait_seconds())

    def air_next(self) -> bool:
        """Air the first airing that may sound, or end those that may not; False if there is none."""
        now = self._clock.now()
        self._end_what_is_late(now)
        # One lock around taking and announcing what is taken: a stop or a severer newcomer finds
        # every airing either waiting or on the air.
        with self._order:
            first = None if self._leaving else self._queue.first(now)
            if first is None:
                return False
            ready, verdict = self._device.ready, self._rules.verdict(first.airing, now)
            if not ready and verdict.passes and self._waits_for_device(first):
                return False
            self._queue.remove(first.airing.id)
            if ready and verdict.passes:
                self._inbox = SimpleQueue()
                self._on_air = on_air = OnAir(first, now)
        if verdict.until:
            self._defer(first, verdict.until)
        elif not verdict.passes:
            self._end_waiting(first, Outcome.SUPPRESSED, verdict.reason)
        elif not ready:
            self._end_waiting(first, Outcome.FAILED, self._why_silent())
        else:
            self._put_on_air(on_air)
        return True

    def _put_on_air(self, on_air: OnAir) -> None:
        airing = on_air.airing
        self._device.begin(airing.id, self._rules.volume(airing, on_air.began_at), airing.notice.zones)
        ended: Ended | None = None
        try:
            with self._make(airing.notice, self._inbox.put):
                ended = self._follow(on_air)
        except Exception:
            logger.exception("airing %s", airing.id)
        if ended is None:
            on_air.failure = "程序内部出错，详见日志"
            self._device.fade_out()
            ended = self._follow(on_air)
        # In the queue again before it leaves the air: a stop finds it in one of the two.
        with self._order:
            goes_on = self._goes_on(on_air, ended)
            if goes_on and not self._leaving:
                self._queue.put(on_air.rest(ended))
            self._on_air = None
        if not goes_on:
            self._tell(on_air.entry(ended, self._clock.now()))

    def _follow(self, on_air: OnAir) -> Ended:
        while not isinstance(message := self._inbox.get(), Ended):
            self._take(message, on_air)
        return message

    def _take(self, message: Delivery | Started | Back | Cut, on_air: OnAir) -> None:
        match message:
            case Ready() | Made() | Refused() if on_air.cut:
                pass  # what is made for an airing that was cut is not heard
            case Ready(item, line):
                if on_air.add(item, line):
                    self._device.play(item.clip.path, item.pause_seconds)
            case Made(programme):
                on_air.voice = programme.voice
                on_air.seconds_due = programme.seconds
                self._device.finish()
            case Refused(reason):
                on_air.failure = reason
                self._device.finish()
            case Started():
                on_air.start(self._clock.now(), self._clock.monotonic())
            case Cut():
                # A person's word goes before a severer notice's: then it is not taken up again.
                if on_air.cut is None or message.by_person:
                    on_air.cut = message
                self._device.fade_out()

    def _goes_on(self, on_air: OnAir, ended: Ended) -> bool:
        """Whether it is not over: it will be taken up again, here or after the next start."""
        by_person = on_air.cut is not None and on_air.cut.by_person
        interrupted = ended.lost or on_air.cut is not None
        resumes = RESUMES[on_air.airing.kind] is Resume.FROM_LINE
        return interrupted and resumes and not (by_person or on_air.failure or ended.whole)

    def _passes(self, airing: Airing) -> bool:
        return self._rules.verdict(airing, self._clock.now()).passes

    def _waits_for_device(self, first: Waiting) -> bool:
        """What was asked for live is told within seconds that nobody hears it; the rest has time."""
        waited = self._clock.monotonic() - first.since
        return first.airing.kind is not Kind.LIVE or waited < LIVE_WAITS_FOR_DEVICE_SECONDS

    def _why_silent(self) -> str:
        return self._device.fault or "声卡没有响应。"

    def _wait_seconds(self) -> float:
        now = self._clock.now()
        start = self._queue.next_start(now)
        until_start = max(0.0, (start - now).total_seconds()) if start else LOOK_SECONDS
        look = LOOK_SECONDS if self._device.ready else LOOK_FOR_DEVICE_SECONDS
        return min(until_start, look)

    def _end_what_is_late(self, now: datetime) -> None:
        for waiting in self._queue.take_late(now):
            if self._device.ready:
                self._end_waiting(waiting, Outcome.EXPIRED, "过了有效时间，不再补播")
            else:
                self._end_waiting(waiting, Outcome.FAILED, self._why_silent())

    def _defer(self, waiting: Waiting, until: datetime) -> None:
        """Quiet hours come first; then it may be as late as it might have been before."""
        airing = waiting.airing
        lateness = airing.expires_at - airing.due_at
        moved = replace(airing, due_at=until, expires_at=until + lateness)
        self._deferred(moved)
        self._queue.put(replace(waiting, airing=moved, not_before=until))

    def _end_waiting(self, waiting: Waiting, outcome: Outcome, reason: str) -> None:
        """The end of one that does not come on the air any more; it may have sounded in part."""
        if waiting.started_at:
            outcome = Outcome.CUT_SHORT
        now, played = self._clock.now(), waiting.seconds_played
        self._tell(
            JournalEntry(waiting.airing, outcome, reason, "", waiting.started_at, now, played, played)
        )

    def _take_report(self, report: Report) -> None:
        if isinstance(report, Back):
            self._queue.wake()
        else:
            self._inbox.put(report)

    def _tell(self, entry: JournalEntry) -> None:
        logger.info(
            "%s %s: %.2f of %.2f s %s",
            entry.airing.notice.title or entry.airing.id,
            entry.outcome.value,
            entry.seconds_played,
            entry.seconds_due,
            entry.reason,
        )
        self._ended(entry)
