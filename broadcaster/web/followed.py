"""Which airings phones follow, and how those ended that are over: for all who look."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
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

    def __init__(self) -> None:
        self._ends: OrderedDict[str, End | None] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, airing_ids: Iterable[str]) -> None:
        with self._lock:
            for airing_id in airing_ids:
                self._ends[airing_id] = self._ends.pop(airing_id, None)
            while len(self._ends) > MOST_FOLLOWED:
                self._ends.popitem(last=False)

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
