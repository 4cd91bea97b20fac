"""The queue of airings that wait for the air, in the order of precedence."""

from __future__ import annotations

import threading
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from broadcaster.core.clock_trust import SETTLED_SECONDS
from broadcaster.core.model import Airing, AiringKind, JournalEntry, Outcome, SettledNotice
from broadcaster.rules.precedence import Cause, precedence, valid_until

# Smaller ones come from reading two clocks one after the other.
LEAST_STEP_SECONDS = 0.5


@dataclass(frozen=True)
class QueuedAiring:
    """An airing in the queue, and how far it came before it was cut.

    It goes on with `next_line` (0: from its beginning), of a continuous one from `seconds_in_line` on;
    it was cut at `cut_at`. `not_before` is set where quiet hours have to
    end first; `since` is the monotonic time at which it was put, `due` the one at which it was due. One
    that lost its device rests for `rest_seconds`, until `rests_until` (monotonic); others may go before.
    `settled` is its notice as it was accepted; None of what the timetable or the disk brought. `skipped`
    says of a column in Chinese which pieces a person skipped, or is "".
    """

    airing: Airing
    next_line: int = 0
    seconds_in_line: float = 0.0
    cut_at: datetime | None = None
    seconds_played: float = 0.0
    started_at: datetime | None = None
    not_before: datetime | None = None
    since: float = 0.0
    due: float = 0.0
    rest_seconds: float = 0.0
    rests_until: float = 0.0
    cut_by: Cause | None = None
    skipped: str = ""
    settled: SettledNotice | None = None
    leapt_over_at: float | None = None
    """When (monotonic) the clock was first seen past its end by a jump that may be put back."""

    def may_start(self, now: datetime) -> bool:
        return self.not_before is None or self.not_before <= now

    def is_late(self, now: datetime) -> bool:
        """True if it has expired."""
        return self.expires_at < now

    @property
    def expires_at(self) -> datetime:
        return valid_until(self.airing, self.cut_at)

    def was_leapt_over(self, monotonic: float) -> bool:
        """True if the clock jumped past its end: by the monotonic clock it would be in time."""
        valid = (self.expires_at - self.airing.due_at).total_seconds()
        return monotonic < self.due + valid - LEAST_STEP_SECONDS

    def seen_by(self, now: datetime, monotonic: float) -> QueuedAiring:
        """The same, with what this look at the clock says of a jump."""
        since = self.leapt_over_at
        if not self.is_late(now):
            since = None
        elif since is None and self.was_leapt_over(monotonic):
            since = monotonic
        return self if since == self.leapt_over_at else replace(self, leapt_over_at=since)

    def has_ended(self, now: datetime, monotonic: float) -> bool:
        """True if it has expired, and not only by a clock that has just jumped."""
        leapt = self.leapt_over_at
        return self.is_late(now) and (leapt is None or monotonic - leapt >= SETTLED_SECONDS)

    def deferred(self, until: datetime) -> QueuedAiring:
        """Not before that; then it may be as late as it might have been before, unless it is firm."""
        lateness = self.airing.expires_at - self.airing.due_at
        expires_at = self.airing.expires_at if self.airing.firm else until + lateness
        moved = replace(self.airing, due_at=until, expires_at=expires_at)
        due = self.due + (until - self.airing.due_at).total_seconds()
        return replace(self, airing=moved, not_before=until, due=due)

    def entry(self, outcome: Outcome, reason: str, now: datetime) -> JournalEntry:
        """The journal's line of one that does not come on the air any more."""
        if self.started_at and outcome is not Outcome.FAILED:
            outcome = Outcome.CUT_SHORT
        heard = self.seconds_played, 0.0, self.next_line, self.seconds_in_line
        return JournalEntry(self.airing, outcome, reason, "", self.started_at, now, *heard)


class AirQueue:
    """Airings that wait. Any thread puts; only the player takes."""

    def __init__(self) -> None:
        self._waiting: list[QueuedAiring] = []
        self._changed = threading.Condition()
        self._changes = 0

    @property
    def changes(self) -> int:
        """Rises with each change; to be read before looking, and handed to `wait` after."""
        with self._changed:
            return self._changes

    def wait(self, changes: int, timeout_seconds: float) -> None:
        """Return when something has changed since `changes` was read, or the time is over."""
        with self._changed:
            if self._changes == changes:
                self._changed.wait(timeout_seconds)

    def wake(self) -> None:
        """Let a waiting `wait` return."""
        with self._changed:
            self._note_change()

    def put(self, waiting: QueuedAiring) -> None:
        with self._changed:
            insort(self._waiting, waiting, key=lambda waiting: precedence(waiting.airing))
            self._note_change()

    def first(self, now: datetime, monotonic: float) -> QueuedAiring | None:
        """The first in precedence that may start, is not late and does not rest; or None."""

        def is_ready(one: QueuedAiring) -> bool:
            return one.may_start(now) and not one.is_late(now) and one.rests_until <= monotonic

        with self._changed:
            return next(filter(is_ready, self._waiting), None)

    def rest_seconds(self, monotonic: float) -> float | None:
        """The time until the next resting airing is ready; None if none rests."""
        with self._changed:
            rests = (waiting.rests_until - monotonic for waiting in self._waiting)
            return min((rest for rest in rests if rest > 0), default=None)

    def next_start(self, now: datetime) -> datetime | None:
        """The next time at which a held airing may start; None if none is held."""
        with self._changed:
            times = (waiting.not_before for waiting in self._waiting if not waiting.may_start(now))
            return min((time for time in times if time), default=None)

    def remove(self, airing_id: str) -> QueuedAiring | None:
        """Take one out by name; None if it does not wait here."""
        with self._changed:
            for waiting in self._waiting:
                if waiting.airing.id == airing_id:
                    self._waiting.remove(waiting)
                    return waiting
            return None

    def take_late(self, now: datetime, monotonic: float) -> list[QueuedAiring]:
        """Take out what is not worth saying any more; a clock that jumped may be put back first."""
        with self._changed:
            self._waiting = [waiting.seen_by(now, monotonic) for waiting in self._waiting]
            return self.take(lambda waiting: waiting.has_ended(now, monotonic))

    def take(self, wanted: Callable[[QueuedAiring], bool]) -> list[QueuedAiring]:
        """Take out all that are wanted."""
        with self._changed:
            taken = [waiting for waiting in self._waiting if wanted(waiting)]
            if taken:
                self._waiting = [waiting for waiting in self._waiting if not wanted(waiting)]
            return taken

    def clear(self, now: datetime) -> list[QueuedAiring]:
        """Take out everything that may start; what is for later stays."""
        with self._changed:
            cleared = [waiting for waiting in self._waiting if waiting.may_start(now)]
            self._waiting = [waiting for waiting in self._waiting if not waiting.may_start(now)]
            return cleared

    def follow_clock(self, now: datetime, monotonic: float) -> list[Airing]:
        """Those whose due time is another by the wall clock as it is now, after it was stepped.

        What a person asks for is due when it was asked; the timetable and quiet hours go by the clock.
        """
        with self._changed:
            old = [waiting.airing for waiting in self._waiting]
            followed = [_by_clock(waiting, now, monotonic) for waiting in self._waiting]
            moved = [new.airing for new, was in zip(followed, old, strict=True) if new.airing is not was]
            if moved:
                self._waiting = sorted(followed, key=lambda waiting: precedence(waiting.airing))
            return moved

    def waiting(self) -> tuple[Airing, ...]:
        with self._changed:
            return tuple(waiting.airing for waiting in self._waiting)

    def _note_change(self) -> None:
        self._changes += 1
        self._changed.notify_all()


def _by_clock(waiting: QueuedAiring, now: datetime, monotonic: float) -> QueuedAiring:
    airing = waiting.airing
    if airing.kind is not AiringKind.LIVE or waiting.not_before:
        return waiting
    seconds = now.timestamp() - airing.due_at.timestamp() - (monotonic - waiting.due)
    if abs(seconds) < LEAST_STEP_SECONDS:
        return waiting
    step = timedelta(seconds=seconds)
    moved = replace(airing, due_at=airing.due_at + step, expires_at=airing.expires_at + step)
    return replace(waiting, airing=moved)
