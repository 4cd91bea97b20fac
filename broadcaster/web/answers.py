"""The pages with which forms were answered, the last ones, in memory: each for who sent the form."""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

# Some minutes of a village; 12 MB at the very most.
MOST_KEPT, LONGEST_KEPT = 60, 200_000


@dataclass(frozen=True)
class Answer:
    """A page as it was answered, and to whom."""

    owner: str
    page: bytes
    status: int


class Answers:
    """The last ones; any thread."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self._places: OrderedDict[str, str] = OrderedDict()
        # Held by who sends a form that makes something, so that a second tap finds the first one's page.
        self.turn = threading.Lock()
        self._lock = threading.Lock()

    def keep(self, answer: Answer) -> str:
        key = secrets.token_urlsafe(16)
        with self._lock:
            self._kept[key] = answer
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return key

    def find(self, key: str, owner: str) -> Answer | None:
        with self._lock:
            found = self._kept.get(key)
        return found if found and found.owner == owner else None

    def lead(self, form: str, place: str) -> None:
        """Where a form was led to that is to be done once."""
        with self._lock:
            self._places[form] = place
            while len(self._places) > MOST_KEPT:
                self._places.popitem(last=False)

    def place_of(self, form: str) -> str:
        """Or ""."""
        with self._lock:
            return self._places.get(form, "")
