"""What a form was answered has an address: back, forward and reload end on a page of ours."""

from __future__ import annotations

import secrets
import threading
import zlib
from collections import OrderedDict
from dataclasses import dataclass

from broadcaster.clock import Clock

# A page of 2,000 villages is 400 kB, and 30 kB here.
MOST_BYTES = 8 * 1024 * 1024
# What somebody has not been led to yet is not pushed out, however many come.
FRESH_SECONDS, KEPT_SECONDS = 60.0, 3600.0


@dataclass(frozen=True)
class Answer:
    """A page as it was made, at a monotonic time; `officer` is whose it is, None before the login."""

    status: int
    packed: bytes
    officer: int | None
    at: float

    @property
    def page(self) -> bytes:
        return zlib.decompress(self.packed)


class Answers:
    """Any thread; in memory only."""

    def __init__(self, clock: Clock, most_bytes: int = MOST_BYTES) -> None:
        self._clock = clock
        self._most_bytes = most_bytes
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def keep(self, page: bytes, status: int, officer: int | None) -> str:
        """The key that it is found by; "" where there is no place for it now."""
        key, now = secrets.token_urlsafe(16), self._clock.monotonic()
        made = Answer(status, zlib.compress(page, 1), officer, now)
        with self._lock:
            self._make_place(made)
            if self._bytes + len(made.packed) > self._most_bytes:
                return ""
            self._kept[key] = made
            self._bytes += len(made.packed)
        return key

    def find(self, key: str) -> Answer | None:
        return self._kept.get(key)

    def _make_place(self, wanted: Answer) -> None:
        while self._kept:
            oldest = next(iter(self._kept.values()))
            full = self._bytes + len(wanted.packed) > self._most_bytes
            age = wanted.at - oldest.at
            if not (age > KEPT_SECONDS or (full and age > FRESH_SECONDS)):
                return
            self._kept.popitem(last=False)
            self._bytes -= len(oldest.packed)
