"""Limits the recordings that an officer uploads: each is stored for weeks, even if it is never sent."""

import threading
from collections import Counter

from broadcaster.core.clock import Clock
from broadcaster.core.errors import RecordingRefused

# Seven of the longest, decoded; one a working hour.
MOST_BYTES, PER_SECONDS = 150_000_000, 24 * 3600.0
TOO_MANY = "一天里交的录音太多了（最多 150 兆），没有收。请用已经交过的，或者明天再交；急的请改成文字。"


class UploadLimits:
    """Any thread. Of this run of the office."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._begun = clock.monotonic()
        self._bytes: Counter[str] = Counter()

    def check(self, officer: str) -> None:
        """Raises `RecordingRefused`."""
        with self._lock:
            if self._clock.monotonic() - self._begun >= PER_SECONDS:
                self._begun = self._clock.monotonic()
                self._bytes.clear()
            if self._bytes[officer] >= MOST_BYTES:
                raise RecordingRefused(TOO_MANY)

    def note(self, officer: str, size: int) -> bool:
        """Counts an upload; True if the officer has reached the limit by it."""
        with self._lock:
            before = self._bytes[officer]
            self._bytes[officer] += size
        return before < MOST_BYTES <= before + size
