"""The player: takes one airing after another from the queue, plays it, and reports how each ended.
Nothing else takes from the queue.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import datetime
from math import inf
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Protocol

from broadcaster.core.clock import Clock
from broadcaster.core.labels import JUMPED, OUTCOMES
from broadcaster.core.model import Airing, Delivery, JournalEntry, Made, Outcome, Ready, RenderFailed
from broadcaster.playout.air_queue import AirQueue, QueuedAiring
from broadcaster.playout.device.device_contract import Back, Damaged, Device, Ended, Report, Started
from broadcaster.playout.now_playing import CurrentAiring, Cut
from broadcaster.rules.precedence import Cause, cuts_in, goes_on
from broadcaster.rules.quiet_hours import Verdict

logger = logging.getLogger(__name__)

# A card that was lost for a moment is back within 2 s; after that whoever waits is told.
MOMENT_SECONDS = 3.0
LOOK_SECONDS = 60.0
STIR_SECONDS = 10.0
LOOK_FOR_DEVICE_SECONDS = 0.5
SILENT = "声卡没有响应。"
TIME_OVER = "到点收了"

Make = Callable[[QueuedAiring, Callable[[Delivery], None]], AbstractContextManager[None]]


class Tell(Protocol):
    """Is told how airings ended, those that ended together in one call."""

    def __call__(self, *entries: JournalEntry) -> None: ...


class Rules(Protocol):
    """The rules that the player asks: may an airing sound at a moment, and how loud."""

    def verdict(self, airing: Airing, moment: datetime) -> Verdict: ...

    def volume(self, airing: Airing, moment: datetime) -> int: ...


class Player:
    """Takes airings in order of precedence; a severer newcomer cuts what is sounding.

    `make(waited, deliver)` starts the making of an airing's programme: while the context is open,
    `deliver` is called from any thread with each sound in speaking order, then with `Made` or
    `RenderFailed`. `ended` is told of every airing exactly once, `moved` of one that has another due
    time now, `on_start` that one is heard, `on_pause` of one that is to go on, here or after
    the next start.
    """

    def __init__(
        self,
        make: Make,
        device: Device,
        rules: Rules,
        ended: Tell,
        clock: Clock,
        moved: Callable[[Airing], None] = lambda airing: None,
    ) -> None:
        self._make = make
        self._device = device
        self._rules = rules
        self._ended = ended
        self._moved = moved
        self.on_start: Callable[[Airing], None] = lambda airing: None
        self.on_damage: Callable[[Path], None] = lambda sound: None
        """Is told of a sound file that is damaged, before it is asked for again."""
        self.on_pause: Callable[[QueuedAiring], None] = lambda waiting: None
        self.note_progress: Callable[[], None] = lambda: None
        """Is called while an airing goes on: the thread does not hang."""
        self._clock = clock
        self._queue = AirQueue()
        self._inbox: SimpleQueue[Delivery | Report | Cut] = SimpleQueue()
        self._on_air: CurrentAiring | None = None
        self._order = threading.Lock()
        self._leaving = False
        self._silent_since: float | None = None
        device.on_report = self._take_report

    @property
    def on_air(self) -> CurrentAiring | None:
        return self._on_air

    @property
    def fault(self) -> str:
        return self._device.fault

    def waiting(self) -> tuple[Airing, ...]:
        return self._queue.waiting()

    def look(self) -> tuple[CurrentAiring | None, tuple[Airing, ...]]:
        """The airing on the air and those that wait, at one moment: one that begins is in one of the
        two.
        """
        with self._order:
            return self._on_air, self._queue.waiting()

    def accepted(self) -> tuple[Airing, ...]:
        """The airing on the air and those that wait, in one row."""
        on_air, waiting = self.look()
        return (on_air.airing, *waiting) if on_air else waiting

    @property
    def waits_for_device(self) -> str:
        """The device's sentence, where it has been lost for 3 s and something would sound; else ""."""
        silent = self._silent_since
        if silent is None or self._clock.monotonic() - silent < MOMENT_SECONDS:
            return ""
        waits = self._queue.first(self._clock.now(), inf)
        return (self._device.fault or SILENT) if waits else ""

    def put(self, waiting: QueuedAiring) -> None:
        """Queue an airing, or the rest of one; cut what sounds if this is severer. Any thread."""
        airing, since, now = waiting.airing, self._clock.monotonic(), self._clock.now()
        due = since + airing.due_at.timestamp() - now.timestamp()
        with self._order:
            self._queue.put(replace(waiting, since=since, due=due))
            on_air = self._on_air
            cuts = on_air is not None and not waiting.is_late(now) and cuts_in(airing, on_air.airing)
            if cuts and waiting.may_start(now) and self._rules.verdict(airing, now).passes:
                self._inbox.put(Cut("让位给更紧急的通知", Cause.SEVERER))

    def cancel(self, airing_id: str, reason: str) -> bool:
        """End one airing, waiting or sounding; False if it is neither. Any thread."""
        with self._order:
            if self._on_air and self._on_air.airing.id == airing_id:
                self._inbox.put(Cut(reason))
                return True
            waiting = self._queue.remove(airing_id)
        if waiting:
            self._end_waiting(Outcome.CANCELLED, reason, waiting)
        return waiting is not None

    def stop_all(self, reason: str) -> list[QueuedAiring]:
        """Silence the air and empty the queue of what is due; what that ended, and how far it had come,
        what sounded first. Any thread."""
        with self._order:
            on_air, sounding = self._on_air, list[QueuedAiring]()
            if on_air and not on_air.stopping:
                sounding = [on_air.so_far(self._clock.monotonic())]
                self._inbox.put(Cut(reason))
            cleared = self._queue.clear(self._clock.now())
        self._end_waiting(Outcome.CANCELLED, reason, *cleared)
        return sounding + cleared

    def skip(self, asked_by: str, airing_id: str = "", piece: int = 0) -> bool:
        """Go on with the next piece of the column on the air; False if none sounds, or another than the
        named. Any thread.
        """
        with self._order:
            on_air = self._on_air
            sounds = on_air.piece_now(self._clock.monotonic()) if on_air and not on_air.cut else None
            if not (on_air and sounds):
                return False
            if airing_id and (airing_id, piece) != (on_air.airing.id, sounds.number):
                return False
            who = f"（{asked_by}）" if asked_by else ""
            self._inbox.put(Cut(f"跳过了第 {sounds.number} 段{who}", Cause.SKIP, sounds.number))
            return True

    def leave(self, reason: str) -> None:
        """Silence the air and take nothing more, for the box ends: it loses no more than a power cut."""
        with self._order:
            self._leaving = True
            if self._on_air:
                self._inbox.put(Cut(reason, Cause.DOWN))

    def wake(self) -> None:
        """Let it look at once, for the clock was stepped or the box ends. Any thread."""
        self._queue.wake()

    def step(self) -> None:
        """Air the next airing from beginning to end; return after a while if there is none."""
        changes = self._queue.changes
        if not self.air_next():
            self._queue.wait(changes, self._wait_seconds())

    def air_next(self) -> bool:
        """Air the first airing that may sound, or end those that may not; False if there is none."""
        now = self._clock.now()
        for airing in self._queue.follow_clock(now, self._clock.monotonic()):
            self._moved(airing)
        self._end_what_is_late(now)
        self._end_what_nobody_hears(now)
        # One lock around taking and announcing what is taken: a stop or a severer newcomer finds
        # every airing either waiting or on the air.
        with self._order:
            first = None if self._leaving else self._queue.first(now, self._clock.monotonic())
            if first is None:
                return False
            ready, verdict = self._device.ready, self._rules.verdict(first.airing, now)
            if not ready and verdict.passes:
                return False
            self._queue.remove(first.airing.id)
            waits = verdict.until is not None and not _ends_before(first.airing, verdict.until)
            if waits and verdict.until:
                self._defer(first, verdict.until)
            elif verdict.passes:
                self._inbox = SimpleQueue()
                self._on_air = on_air = CurrentAiring(first, now)
        if verdict.passes:
            self._put_on_air(on_air)
        elif not waits:
            self._end_waiting(Outcome.SUPPRESSED, verdict.reason, first)
        return True

    def _put_on_air(self, on_air: CurrentAiring) -> None:
        airing = on_air.airing
        if airing.firm and airing.notice.pieces:
            left = airing.expires_at.timestamp() - on_air.began_at.timestamp()
            on_air.until = self._clock.monotonic() + left
        self._device.begin(airing.id, self._rules.volume(airing, on_air.began_at), airing.notice.zones)
        while (ended := self._make_and_follow(on_air)) is None:
            self._forget_deliveries()
        # In the queue again before it leaves the air: a stop finds it in one of the two.
        with self._order:
            self._take_last_cuts(on_air)
            paused = self._goes_on(on_air, ended)
            rest = on_air.rest(ended, self._clock.now(), self._clock.monotonic())
            if paused and not self._leaving:
                self._queue.put(rest)
            self._on_air = None
        if paused:
            self.on_pause(rest)
        else:
            self._tell(on_air.entry(ended, self._clock.now()))

    def _make_and_follow(self, on_air: CurrentAiring) -> Ended | None:
        try:
            with self._make(on_air.wanted, self._inbox.put):
                return self._follow(on_air)
        except Exception:
            logger.exception(
                "播“%s”时程序出错，这一条没播成，错误在下面",
                on_air.airing.notice.title or on_air.airing.id,
            )
        on_air.failure = "程序内部出错，详见日志"
        self._device.fade_out()
        return self._follow(on_air)

    def _forget_deliveries(self) -> None:
        """Drops sounds that were rendered before the damage was known: they do not belong behind it."""
        for _ in range(self._inbox.qsize()):
            if not isinstance(message := self._inbox.get(), Ready | Made | RenderFailed):
                self._inbox.put(message)

    def _take_last_cuts(self, on_air: CurrentAiring) -> None:
        """A stop that came after the end must not find it in the queue again."""
        while not self._inbox.empty():
            if isinstance(message := self._inbox.get(), Cut):
                on_air.take_cut(message)

    def _follow(self, on_air: CurrentAiring) -> Ended | None:
        """Follows the airing to its end and returns that; None if a sound is damaged and the rest must
        be requested again.
        """
        while not isinstance(message := self._next_message(on_air), Ended):
            if not isinstance(message, Damaged):
                self._take(message, on_air)
            elif message.item_id == on_air.airing.id and not on_air.cut:
                self.on_damage(message.sound)
                comes_in = on_air.comes_in(message)
                on_air.drop_damaged(message)
                self._device.mend()
                # What a person says now, or what comes in, cannot be asked for again; it goes on.
                if not (on_air.airing.notice.talk or comes_in):
                    return None
        return message

    def _next_message(self, on_air: CurrentAiring) -> Delivery | Report | Cut:
        """Waiting for what is said and heard is no hang, however long it sounds."""
        while True:
            self.note_progress()
            left = inf if on_air.cut else on_air.until - self._clock.monotonic()
            if left <= 0:
                return Cut(TIME_OVER, Cause.WINDOW)
            with suppress(Empty):
                return self._inbox.get(timeout=min(STIR_SECONDS, left))

    def _take(self, message: Delivery | Started | Back | Cut, on_air: CurrentAiring) -> None:
        match message:
            case Ready() | Made() | RenderFailed() if on_air.cut:
                pass  # what is made for an airing that was cut is not heard
            case Ready(item, line):
                start_seconds = on_air.add(item, line, self._clock.monotonic())
                if start_seconds is not None:
                    self._device.play(item.clip.path, item.pause_seconds, start_seconds)
            case Made(programme):
                on_air.voice = programme.voice
                on_air.seconds_due, on_air.made = programme.seconds, True
                on_air.lacks = programme.lacks
                self._device.finish()
            case RenderFailed(reason):
                on_air.failure = reason
                self._device.finish()
            case Started():
                on_air.start(self._clock.now(), self._clock.monotonic())
                self.on_start(on_air.airing)
            case Cut():
                on_air.take_cut(message)
                self._device.fade_out()

    def _goes_on(self, on_air: CurrentAiring, ended: Ended) -> bool:
        """True if it is not over: it will be taken up again, here or after the next start."""
        lost = Cause.DEVICE if ended.lost else None
        cause = on_air.cut.cause if on_air.cut else lost
        if cause is None or on_air.failure or on_air.heard_all(ended):
            return False
        return goes_on(on_air.airing, cause, on_air.next_line(ended.seconds_played))

    def _end_what_nobody_hears(self, now: datetime) -> None:
        """Ends a talk within seconds when the device is lost, so that its speaker is told; other airings
        wait.
        """
        monotonic = self._clock.monotonic()
        if self._device.ready:
            self._silent_since = None
            return
        silent = self._silent_since = self._silent_since or monotonic

        def in_vain(one: QueuedAiring) -> bool:
            waited = monotonic - max(one.since, silent)
            return one.airing.notice.talk and one.may_start(now) and waited >= MOMENT_SECONDS

        self._end_waiting(Outcome.FAILED, self._device.fault or SILENT, *self._queue.take(in_vain))

    def _wait_seconds(self) -> float:
        now = self._clock.now()
        start = self._queue.next_start(now)
        until_start = max(0.0, (start - now).total_seconds()) if start else LOOK_SECONDS
        look = LOOK_SECONDS if self._device.ready else LOOK_FOR_DEVICE_SECONDS
        return min(until_start, look, self._queue.rest_seconds(self._clock.monotonic()) or look)

    def _end_what_is_late(self, now: datetime) -> None:
        late = self._queue.take_late(now, self._clock.monotonic())
        leapt = [waiting for waiting in late if waiting.leapt_over_at is not None]
        self._end_waiting(Outcome.EXPIRED, JUMPED, *leapt)
        rest = [waiting for waiting in late if waiting not in leapt]
        if self._device.ready:
            self._end_waiting(Outcome.EXPIRED, "过了有效时间，不再补播", *rest)
        else:
            self._end_waiting(Outcome.FAILED, self._device.fault or SILENT, *rest)

    def _defer(self, waiting: QueuedAiring, until: datetime) -> None:
        """Quiet hours come first."""
        deferred = waiting.deferred(until)
        self._moved(deferred.airing)
        self._queue.put(deferred)

    def _end_waiting(self, outcome: Outcome, reason: str, *those: QueuedAiring) -> None:
        """The end of some that do not come on the air any more; they may have sounded in part."""
        now = self._clock.now()
        if those:
            self._tell(*(waiting.entry(outcome, reason, now) for waiting in those))

    def _take_report(self, report: Report) -> None:
        if isinstance(report, Back):
            self._queue.wake()
        else:
            self._inbox.put(report)

    def _tell(self, *entries: JournalEntry) -> None:
        for entry in entries:
            logger.info(
                "“%s”%s：播了 %.1f 秒，全长 %.1f 秒。%s",
                entry.airing.notice.title or entry.airing.id,
                OUTCOMES[entry.outcome],
                entry.seconds_played,
                entry.seconds_due,
                entry.reason,
            )
        self._ended(*entries)


def _ends_before(airing: Airing, until: datetime) -> bool:
    """True if it will have expired when quiet hours are over."""
    return airing.firm and airing.expires_at <= until
