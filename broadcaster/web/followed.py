"""Which airings phones follow, and how those ended that are over: for all who look."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from broadcaster.model import Outcome

# Each is told to every phone that looks on, once and when it changes.
MOST_FOLLOWED = 30


@dataclass(frozen=True)
class End:
    """How an airing ended, and by which name people know it."""

    name: str
    outcome: Outcome
    reason: str
    at: datetime

    @property
    def heard(self) -> bool:
        return self.outcome is Outcome.PLAYED


class Followed:
    """The last airings that a page was shown for; any thread."""

    def __init__(self, monotonic: float) -> None:
        self._begun = monotonic
        self._ends: OrderedDict[str, End | None] = OrderedDict()
        self._names: dict[str, str] = {}
        self._known_at: dict[str, float] = {}
        self._after: OrderedDict[str, str] = OrderedDict()
        self._looked_for: OrderedDict[str, None] = OrderedDict()
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
                self._known_at.pop(airing_id, None)

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
            self._known_at[airing_id] = monotonic

    def go_on(self, airing_id: str, after: str) -> None:
        """It was stopped, and goes on in another airing."""
        with self._lock:
            self._after[airing_id] = after
            while len(self._after) > MOST_FOLLOWED:
                self._after.popitem(last=False)
            if airing_id in self._ends:
                self._ends[airing_id] = None

    def is_to_be_looked_for(self, airing_id: str) -> bool:
        """Once of each: whether the record has to say in which airing it goes on."""
        with self._lock:
            known = airing_id in self._looked_for
            self._looked_for[airing_id] = None
            while len(self._looked_for) > MOST_FOLLOWED:
                self._looked_for.popitem(last=False)
            return not known

    def after(self, airing_id: str) -> str:
        """The airing in which it goes on, as often as it was stopped; itself, if it was not."""
        with self._lock:
            while airing_id in self._after:
                airing_id = self._after[airing_id]
            return airing_id

    def ids(self) -> list[str]:
        with self._lock:
            return list(self._ends)

    def end_of(self, airing_id: str) -> End | None:
        """As far as somebody has found it; an end stays what it is."""
        with self._lock:
            return self._ends.get(airing_id)

    def note(self, airing_id: str, end: End) -> End:
        with self._lock:
            if airing_id in self._ends:
                self._ends[airing_id] = end
        return end
