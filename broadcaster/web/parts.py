"""What the pages work with; the app carries it, and each request finds it there."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from flask import current_app

from broadcaster.clock import Clock
from broadcaster.settings import Settings
from broadcaster.web.live import Live
from broadcaster.web.once import Once

if TYPE_CHECKING:
    from broadcaster.station import Station


class Confirmations:
    """The confirmations that were taken: a second tap on a bad line airs nothing a second time."""

    def __init__(self, remembered: int = 500) -> None:
        self._taken: deque[str] = deque(maxlen=remembered)
        self._lock = threading.Lock()

    def take(self, notice_id: str) -> bool:
        """Whether this is the first time."""
        with self._lock:
            first = notice_id not in self._taken
            if first:
                self._taken.append(notice_id)
            return first

    def give_back(self, notice_id: str) -> None:
        """It came to nothing: it may be tried again."""
        with self._lock:
            self._taken.remove(notice_id)


@dataclass(frozen=True)
class Parts:
    """Given to the app once, by `create_app`."""

    station: Station
    settings: Settings
    clock: Clock
    confirmations: Confirmations = field(default_factory=Confirmations)
    live: Live = field(default_factory=Live)
    once: Once = field(default_factory=Once)


def parts() -> Parts:
    """The parts of the app that answers this request."""
    return cast(Parts, current_app.extensions["broadcaster"])
