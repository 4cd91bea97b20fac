"""What waits for the air, in the order of precedence."""

from __future__ import annotations

import threading
from bisect import insort
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from broadcaster.model import Airing, Kind
from broadcaster.playout.precedence import precedence


@dataclass(frozen=True)
class Waiting:
    """An airing in the queue, and how far it came before it was cut.

    It goes on with `next_line` (0: with its signal). `not_before` is set where quiet hours have to
    end first; `since` is the monotonic time at which it was put.
    """

    airing: Airing
    next_line: int = 0
    seconds_played: float = 0.0
    started_at: datetime | None = None
    not_before: datetime | None = None
    since: float = 0.0

    def may_start(self, now: datetime) -> bool:
        return self.not_before is None or self.not_before <= now


class AirQueue:
    """Airings that wait. Any thread puts; only the player takes."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
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

    def put(self, waiting: Waiting) -> None:
        with self._changed:
            insort(self._waiting, waiting, key=lambda waiting: precedence(waiting.airing))
            self._note_change()

    def first(self, now: datetime) -> Waiting | None:
        """The first in precedence that may start; None if there is none."""
        with self._changed:
            return next((waiting for waiting in self._waiting if waiting.may_start(now)), None)

    def next_start(self, now: datetime) -> datetime | None:
        """When the next of those may start that may not yet; None if there is none."""
        with self._changed:
            times = (waiting.not_before for waiting in self._waiting if not waiting.may_start(now))
            return min((time for time in times if time), default=None)

    def remove(self, airing_id: str) -> Waiting | None:
        """Take one out by name; None if it does not wait here."""
        with self._changed:
            for waiting in self._waiting:
                if waiting.airing.id == airing_id:
                    self._waiting.remove(waiting)
                    return waiting
            return None

    def take_late(self, now: datetime) -> list[Waiting]:
        """Take out what is not worth saying any more."""
        with self._changed:
            late = [waiting for waiting in self._waiting if waiting.airing.expires_at < now]
            self._waiting = [waiting for waiting in self._waiting if waiting.airing.expires_at >= now]
            return late

    def clear(self, now: datetime) -> list[Waiting]:
        """Take out everything that may start; what is for later stays."""
        with self._changed:
            cleared = [waiting for waiting in self._waiting if waiting.may_start(now)]
            self._waiting = [waiting for waiting in self._waiting if not waiting.may_start(now)]
            return cleared

    def shift_live(self, step: timedelta) -> None:
        """The clock was stepped: what a person asks for is due when it was asked, not by the clock."""
        with self._changed:
            self._waiting = [
                replace(waiting, airing=_shifted(waiting.airing, step)) for waiting in self._waiting
            ]
            self._note_change()

    def waiting(self) -> tuple[Airing, ...]:
        with self._changed:
            return tuple(waiting.airing for waiting in self._waiting)

    def _note_change(self) -> None:
        self._changes += 1
        self._changed.notify_all()


def _shifted(airing: Airing, step: timedelta) -> Airing:
    if airing.kind is not Kind.LIVE:
        return airing
    return replace(airing, due_at=airing.due_at + step, expires_at=airing.expires_at + step)
