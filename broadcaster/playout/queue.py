"""What waits for the air, in the order of precedence."""

import threading
from datetime import datetime

from broadcaster.model import Airing


def precedence(airing: Airing) -> tuple[int, int, datetime]:
    """Sort key of the air: severity, then the higher office, then the earlier due time."""
    notice = airing.notice
    return notice.severity.rank, -notice.office, airing.due_at


def cuts_in(newcomer: Airing, on_air: Airing) -> bool:
    """Whether a newcomer silences what is sounding; equals in severity wait for its end."""
    return newcomer.notice.severity.rank < on_air.notice.severity.rank


class AirQueue:
    """Airings that wait. Any thread puts; only the player takes."""

    def __init__(self) -> None:
        self._waiting: list[Airing] = []
        self._changed = threading.Condition()

    def put(self, airing: Airing) -> None:
        with self._changed:
            self._waiting.append(airing)
            self._waiting.sort(key=precedence)
            self._changed.notify()

    def wait(self, timeout_seconds: float) -> None:
        """Return when something waits, somebody calls `wake`, or the time is over."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(timeout_seconds)

    def take(self) -> Airing | None:
        """The first in precedence; None if nothing waits."""
        with self._changed:
            return self._waiting.pop(0) if self._waiting else None

    def remove(self, airing_id: str) -> Airing | None:
        """Take one out by name; None if it does not wait here."""
        with self._changed:
            for airing in self._waiting:
                if airing.id == airing_id:
                    self._waiting.remove(airing)
                    return airing
            return None

    def clear(self) -> list[Airing]:
        """Take out everything that waits."""
        with self._changed:
            waiting, self._waiting = self._waiting, []
            return waiting

    def wake(self) -> None:
        """Let a waiting `wait` return."""
        with self._changed:
            self._changed.notify()

    def waiting(self) -> tuple[Airing, ...]:
        with self._changed:
            return tuple(self._waiting)
