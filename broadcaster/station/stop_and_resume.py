"""Stops and their undo: whoever stopped the air by mistake can resume it for ten minutes."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from broadcaster.core.clock import Clock
from broadcaster.core.labels import called
from broadcaster.core.model import Airing, AiringKind, Outcome
from broadcaster.core.notice import Severity, new_id
from broadcaster.playout.air_queue import QueuedAiring
from broadcaster.playout.player import Player
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.precedence import valid_until
from broadcaster.station.durable_queue import DurableQueue, Endings
from broadcaster.station.persistent_controls import Remembered

OFFERED_SECONDS = 600.0
# A sound is silent 0.2 s after its stop; a card that hangs is noticed after 2.
FADE_SECONDS = 3.0
TALKED, OVER = "现场讲话没有录下来", "过了有效时间"


@dataclass(frozen=True)
class Stop:
    """The airings that one stop ended: `name` is the one that sounded or was next, `queued` the number
    that waited behind it.

    `severities` are those of the airings that can be said again, `loops` says that the timetable's loops
    are stopped too.
    """

    id: str
    at: datetime
    by: str
    name: str
    queued: int
    severities: tuple[Severity, ...]
    loops: bool

    @property
    def goes_on(self) -> bool:
        return bool(self.severities)


@dataclass(frozen=True)
class TakenUp:
    """One that a stop had ended, and the airing that goes on in its place, or why there is none."""

    before: str
    name: str
    airing: Airing | None = None
    why_not: str = ""


@dataclass(frozen=True)
class _Held:
    """A stop as it can be taken back; `since` is the monotonic time of it."""

    stop: Stop
    ended: tuple[QueuedAiring, ...]
    loops_stopped_at: datetime | None
    loops_stopped_by: str
    since: float

    def is_offered(self, monotonic: float) -> bool:
        return monotonic - self.since < OFFERED_SECONDS


class Stops:
    """Stops the air, and remembers the last stop that ended something; any thread."""

    def __init__(
        self,
        player: Player,
        intake: DurableQueue,
        endings: Endings,
        rules: AirRules,
        remembered: Remembered,
        clock: Clock,
        has_loops: Callable[[], bool],
    ) -> None:
        self._player = player
        self._intake = intake
        self._endings = endings
        self._rules = rules
        self._remembered = remembered
        self._clock = clock
        self._has_loops = has_loops
        self._last: _Held | None = None
        self._lock = threading.Lock()

    def stop_all(self, by: str, reason: str) -> int:
        """Silence the air and the loops, empty the queue of what is due; how many airings that ended."""
        before = self._rules.loops_stopped_at, self._remembered.loops_stopped_by
        self._rules.loops_stopped_at = now = self._clock.now()
        if ended := self._player.stop_all(reason):
            held = _Held(self._told(ended, now, by), tuple(ended), *before, self._clock.monotonic())
            with self._lock:
                self._last = held
        # When there is silence: a slow disk must not hold it up.
        self._remembered.stop_loops(now, by)
        return len(ended)

    def last(self) -> Stop | None:
        """The last one, as long as it can be taken back."""
        with self._lock:
            if self._last and not self._last.is_offered(self._clock.monotonic()):
                self._last = None
            return self._last.stop if self._last else None

    def go_on(self, stop_id: str, from_start: bool = False) -> list[TakenUp] | None:
        """Air what a stop ended, each as a new airing: the first from the line that was cut, or from
        its start; loops are as they were before. None if that was done already, or is not offered any
        more: it happens once, however often somebody taps.
        """
        held = self._claim(stop_id)
        if held is None:
            return None
        self._remembered.stop_loops(held.loops_stopped_at, held.loops_stopped_by)
        first, *others = held.ended
        # It may have been in its last words.
        end = self._endings.wait_for(first.airing.id, FADE_SECONDS)
        if end and end.outcome is Outcome.PLAYED:
            again = others
        else:
            start = replace(first, next_line=0, seconds_in_line=0.0)
            again = [start if from_start else first, *others]
        taken = [self._again(one, place, held) for place, one in enumerate(again)]
        self._intake.take_back([waiting for _, waiting in taken if waiting])
        return [told for told, _ in taken]

    def _told(self, ended: list[QueuedAiring], now: datetime, by: str) -> Stop:
        notices = (one.airing.notice for one in ended)
        severities = tuple(sorted({notice.severity for notice in notices if not notice.talk}))
        name, queued = _name(ended[0]), len(ended) - 1
        return Stop(new_id(), now, by, name, queued, severities, self._has_loops())

    def _claim(self, stop_id: str) -> _Held | None:
        with self._lock:
            held = self._last
            if held is None or held.stop.id != stop_id:
                return None
            self._last = None
            return held if held.is_offered(self._clock.monotonic()) else None

    def _again(
        self, ended: QueuedAiring, place: int, held: _Held
    ) -> tuple[TakenUp, QueuedAiring | None]:
        """It has as long now as it still had at the stop."""
        now, stopped = self._clock.now(), ended.airing
        valid = replace(stopped, expires_at=valid_until(stopped, held.stop.at))
        airing = _new_airing(valid, now, self._clock.monotonic() - held.since, place)
        why_not = self._why_not(airing, now)
        told = TakenUp(ended.airing.id, _name(ended), None if why_not else airing, why_not)
        rest = QueuedAiring(airing, ended.next_line, ended.seconds_in_line, settled=ended.settled)
        return told, None if why_not else rest

    def _why_not(self, airing: Airing, now: datetime) -> str:
        if airing.notice.talk:
            return TALKED
        if airing.expires_at <= now:
            return OVER
        verdict = self._rules.verdict(airing, now)
        return "" if verdict.passes or verdict.until else verdict.reason


def _new_airing(stopped: Airing, now: datetime, seconds: float, place: int) -> Airing:
    """Somebody wants it now, behind those before it; a loop too, whose own next time is later."""
    lasts = timedelta() if stopped.firm else timedelta(seconds=seconds)
    return replace(
        stopped,
        id=new_id(),
        kind=AiringKind.SCHEDULED if stopped.kind is AiringKind.SCHEDULED else AiringKind.LIVE,
        due_at=now + timedelta(microseconds=place),
        expires_at=stopped.expires_at + lasts,
        window_from=None,
    )


def _name(waiting: QueuedAiring) -> str:
    return called(waiting.airing.notice)
