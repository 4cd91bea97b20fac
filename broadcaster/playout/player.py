"""The only taker of the queue: puts one airing after another on the air and says how each ended."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from queue import SimpleQueue

from broadcaster.clock import Clock
from broadcaster.model import (
    Airing,
    Delivery,
    JournalEntry,
    Made,
    Notice,
    Outcome,
    Ready,
    Refused,
)
from broadcaster.playout.device import Device, Ended, Report, Started
from broadcaster.playout.queue import AirQueue, cuts_in

logger = logging.getLogger(__name__)

Make = Callable[[Notice, Callable[[Delivery], None]], AbstractContextManager[None]]


@dataclass(frozen=True)
class Cut:
    """Somebody, or something severer, ends what is on the air."""

    reason: str


@dataclass
class OnAir:
    """What is on the air now, as the player knows it; only the player's thread changes it."""

    airing: Airing
    began_at: datetime
    voice: str = ""
    seconds_due: float = 0.0
    started_at: datetime | None = None
    started_monotonic: float | None = None
    cut_reason: str = ""
    failure: str = ""


class Player:
    """Takes airings in order of precedence; a severer newcomer cuts what is sounding.

    `make(notice, deliver)` starts the making of a notice's programme: while the context is open,
    `deliver` is called from any thread with each sound in speaking order, then with `Made` or
    `Refused`. `ended` is told of every airing exactly once.
    """

    def __init__(
        self, make: Make, device: Device, ended: Callable[[JournalEntry], None], clock: Clock
    ) -> None:
        self._make = make
        self._device = device
        self._ended = ended
        self._clock = clock
        self._queue = AirQueue()
        self._inbox: SimpleQueue[Delivery | Report | Cut] = SimpleQueue()
        self._on_air: OnAir | None = None
        self._order = threading.Lock()
        device.on_report = self._inbox.put

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
        with self._order:
            self._queue.put(airing)
            on_air = self._on_air
            if on_air and cuts_in(airing, on_air.airing):
                self._inbox.put(Cut("让位给更紧急的通知"))

    def cancel(self, airing_id: str, reason: str) -> bool:
        """End one airing, waiting or sounding; False if it is neither. Any thread."""
        with self._order:
            if self._on_air and self._on_air.airing.id == airing_id:
                self._inbox.put(Cut(reason))
                return True
        airing = self._queue.remove(airing_id)
        if airing:
            self._end_unheard(airing, Outcome.CANCELLED, reason)
        return airing is not None

    def stop_all(self, reason: str) -> int:
        """Silence the air and empty the queue; how many airings that ended. Any thread."""
        with self._order:
            sounding = self._on_air is not None
            if sounding:
                self._inbox.put(Cut(reason))
            waiting = self._queue.clear()
        for airing in waiting:
            self._end_unheard(airing, Outcome.CANCELLED, reason)
        return len(waiting) + sounding

    def leave(self, reason: str) -> None:
        """Silence the air and take nothing more, for the box ends: what waits is not ended by that."""
        with self._order:
            if self._on_air:
                self._inbox.put(Cut(reason))
            self._queue.clear()

    def wake(self) -> None:
        self._queue.wake()

    def step(self) -> None:
        """Air the next airing from beginning to end; return after a while if there is none."""
        self._queue.wait(timeout_seconds=60)
        now = self._clock.now()
        # One lock around taking and announcing what is taken: a stop or a severer newcomer finds
        # every airing either waiting or on the air.
        with self._order:
            airing = self._queue.take()
            expired = airing is not None and airing.expires_at < now
            if airing and not expired:
                self._inbox = SimpleQueue()
                self._device.on_report = self._inbox.put
                self._on_air = OnAir(airing, now)
        if airing and expired:
            self._end_unheard(airing, Outcome.EXPIRED, "过了有效时间，不再补播")
        elif self._on_air:
            self._put_on_air(self._on_air)

    def _put_on_air(self, on_air: OnAir) -> None:
        self._device.begin(on_air.airing.id)
        ended: Ended | None = None
        try:
            with self._make(on_air.airing.notice, self._inbox.put):
                ended = self._follow(on_air)
        except Exception:
            logger.exception("airing %s", on_air.airing.id)
        if ended is None:
            on_air.failure = "程序内部出错，详见日志"
            self._device.fade_out()
            ended = self._follow(on_air)
        with self._order:
            self._on_air = None
        self._tell(self._entry(on_air, ended))

    def _follow(self, on_air: OnAir) -> Ended:
        while not isinstance(message := self._inbox.get(), Ended):
            self._take(message, on_air)
        return message

    def _take(self, message: Delivery | Started | Cut, on_air: OnAir) -> None:
        match message:
            case Ready() | Made() | Refused() if on_air.cut_reason:
                pass  # what is made for an airing that was cut is not heard
            case Ready(item):
                on_air.seconds_due += item.seconds
                self._device.play(item.clip.path, item.pause_seconds)
            case Made(programme):
                on_air.voice = programme.voice
                on_air.seconds_due = programme.seconds
                self._device.finish()
            case Refused(reason):
                on_air.failure = reason
                self._device.finish()
            case Started():
                on_air.started_at = self._clock.now()
                on_air.started_monotonic = self._clock.monotonic()
            case Cut(reason):
                on_air.cut_reason = reason
                self._device.fade_out()

    def _entry(self, on_air: OnAir, ended: Ended) -> JournalEntry:
        if on_air.cut_reason:
            heard = on_air.started_at is not None
            outcome = Outcome.CUT_SHORT if heard else Outcome.CANCELLED
            reason = on_air.cut_reason
        elif on_air.failure or not ended.whole:
            outcome, reason = Outcome.FAILED, on_air.failure or ended.reason
        else:
            outcome, reason = Outcome.PLAYED, ""
        return JournalEntry(
            on_air.airing,
            outcome,
            reason,
            on_air.voice,
            on_air.started_at,
            self._clock.now(),
            ended.seconds_played,
            on_air.seconds_due,
        )

    def _end_unheard(self, airing: Airing, outcome: Outcome, reason: str) -> None:
        self._tell(JournalEntry(airing, outcome, reason, "", None, self._clock.now(), 0.0, 0.0))

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
