"""Keeps the pages that answered forms, in memory, so that back and reload end on a page of ours."""

import secrets
import threading
import zlib
from collections import OrderedDict
from dataclasses import dataclass

# What somebody has not been led to yet is not pushed out, however many come.
FRESH_SECONDS = 60.0
FOR_EVER = float("inf")
# Of forms that make something, where they were led to.
MOST_MADE = 60


@dataclass(frozen=True)
class AnsweredForm:
    """A page as it was made, at a monotonic time; `owner` is whose it is, "" of nobody."""

    status: int
    packed: bytes
    owner: str
    at: float

    @property
    def page(self) -> bytes:
        return zlib.decompress(self.packed)


class AnsweredForms:
    """Any thread. Of text ten pages fit where one was; the oldest go when there is no more place."""

    def __init__(self, most_bytes: int, kept_seconds: float = FOR_EVER) -> None:
        self._most_bytes = most_bytes
        self._kept_seconds = kept_seconds
        self._kept: OrderedDict[str, AnsweredForm] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def keep(self, page: bytes, status: int, owner: str, monotonic: float) -> str:
        """The key that it is found by; "" where there is no place for it now."""
        key = secrets.token_urlsafe(16)
        made = AnsweredForm(status, zlib.compress(page, 1), owner, monotonic)
        with self._lock:
            self._make_place(made)
            if self._bytes + len(made.packed) > self._most_bytes:
                return ""
            self._kept[key] = made
            self._bytes += len(made.packed)
        return key

    def find(self, key: str) -> AnsweredForm | None:
        return self._kept.get(key)

    def _make_place(self, wanted: AnsweredForm) -> None:
        while self._kept:
            oldest = next(iter(self._kept.values()))
            full = self._bytes + len(wanted.packed) > self._most_bytes
            age = wanted.at - oldest.at
            if not (age > self._kept_seconds or (full and age > FRESH_SECONDS)):
                return
            self._kept.popitem(last=False)
            self._bytes -= len(oldest.packed)


class HandledForms:
    """Handles each form once: `turn` is held meanwhile, so that a second tap finds the page of the
    first.
    """

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self._places: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def lead(self, form: str, place: str) -> None:
        """Notes the place to which the form led."""
        with self._lock:
            self._places[form] = place
            while len(self._places) > MOST_MADE:
                self._places.popitem(last=False)

    def place_of(self, form: str) -> str:
        """Or ""."""
        with self._lock:
            return self._places.get(form, "")
