"""Follows the airings that phones wait for, and keeps their endings for all who look."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from broadcaster.core.model import Outcome

# Each is told to every phone that looks on, once and when it changes.
MOST_FOLLOWED = 30
# What a page of its own asks for besides.
MOST_KNOWN = 100

T = TypeVar("T")


@dataclass(frozen=True)
class AiringEnd:
    """The end of an airing, and the name by which people know it."""

    name: str
    outcome: Outcome
    reason: str
    at: datetime

    @property
    def heard(self) -> bool:
        return self.outcome is Outcome.PLAYED


class FollowedAirings:
    """The last airings that a page was shown for; any thread."""

    def __init__(self, monotonic: float) -> None:
        self._begun = monotonic
        self._ends: OrderedDict[str, AiringEnd | None] = OrderedDict()
        self._names: dict[str, str] = {}
        self._known_at: OrderedDict[str, float] = OrderedDict()
        self._after: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, names: Mapping[str, str]) -> None:
        """The airings that a page shows, and what they are called there."""
        with self._lock:
            for airing_id, name in names.items():
                self._ends[airing_id] = self._ends.pop(airing_id, None)
                self._names[airing_id] = name
            while len(self._ends) > MOST_FOLLOWED:
                airing_id, _end = self._ends.popitem(last=False)
                self._names.pop(airing_id, None)

    def name_of(self, airing_id: str) -> str:
        with self._lock:
            return self._names.get(airing_id, "")

    def unknown_for(self, airing_id: str, monotonic: float) -> float:
        """Since when, in seconds, nothing that was asked knows of it; of what was handed over before
        the program began, since then."""
        with self._lock:
            return monotonic - self._known_at.get(airing_id, self._begun)

    def found(self, airing_id: str, monotonic: float) -> None:
        """It was handed over, waits, sounds or has ended."""
        with self._lock:
            _put(self._known_at, airing_id, monotonic, MOST_KNOWN)

    def go_on(self, airing_id: str, after: str) -> None:
        """It was stopped, and goes on in another airing."""
        with self._lock:
            _put(self._after, airing_id, after, MOST_FOLLOWED)
            if airing_id in self._ends:
                self._ends[airing_id] = None

    def after(self, airing_id: str) -> str:
        """The airing in which it goes on, as often as it was stopped; itself, if it was not."""
        with self._lock:
            while airing_id in self._after:
                airing_id = self._after[airing_id]
            return airing_id

    def ids(self) -> list[str]:
        with self._lock:
            return list(self._ends)

    def end_of(self, airing_id: str) -> AiringEnd | None:
        """As far as somebody has found it; an end stays what it is."""
        with self._lock:
            return self._ends.get(airing_id)

    def note(self, airing_id: str, end: AiringEnd) -> AiringEnd:
        with self._lock:
            if airing_id in self._ends:
                self._ends[airing_id] = end
        return end


def _put(kept: OrderedDict[str, T], key: str, value: T, most: int) -> None:
    """As the newest; the oldest go."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
