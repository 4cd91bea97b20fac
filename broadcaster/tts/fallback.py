"""Chooses the voice that speaks when the wanted one cannot. Pure: it is given the time and reads no
clock.
"""

import threading
from dataclasses import dataclass
from datetime import datetime

# An outage of a minute costs one try; one of days costs a try an hour.
FIRST_PAUSE_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 3_600.0


@dataclass(frozen=True)
class Outage:
    """An engine, or one voice of it, that failed and has not spoken since.

    It is in back-off until `back_off_until` (monotonic seconds), longer after each failure in a row.
    """

    since: datetime
    reason: str
    failures: int
    back_off_until: float


class Cascade:
    """The order of voices for a programme, and which of them are in back-off. Any thread."""

    def __init__(self, fallbacks: tuple[str, ...]) -> None:
        self._fallbacks = fallbacks
        self._outages: dict[str, Outage] = {}
        self._lock = threading.Lock()

    def voices(self, wish: str) -> list[str]:
        """All that may come to speak, best first."""
        return list(dict.fromkeys((wish, *self._fallbacks)))

    def order(self, wish: str, now: float) -> list[str]:
        """The voices to try, best first. The last one is there even when it failed a moment ago."""
        voices = self.voices(wish)
        return [voice for voice in voices if voice == voices[-1] or not self.in_back_off(voice, now)]

    def in_back_off(self, voice: str, now: float) -> bool:
        """True if a voice is in back-off after an error."""
        return any(outage.back_off_until > now for outage in self._outages_of(voice))

    def outage(self, voice: str) -> Outage | None:
        """The last failure of a voice that cannot be used now, or None."""
        return next(iter(self._outages_of(voice)), None)

    def fail(self, voice: str, reason: str, now: float, at: datetime, alone: bool = False) -> None:
        """An engine failed, or, with `alone`, only this voice of it; `now` is monotonic, `at` the time.

        What fails in back-off had been asked before: its pause does not grow by that.
        """
        name = voice if alone else _engine(voice)
        with self._lock:
            known = self._outages.get(name)
            if known and known.back_off_until > now:
                return
            failures = known.failures + 1 if known else 1
            since = known.since if known else at
            self._outages[name] = Outage(since, reason, failures, now + _pause_seconds(failures))

    def recover(self, voice: str) -> None:
        """A voice spoke."""
        with self._lock:
            self._outages.pop(voice, None)
            self._outages.pop(_engine(voice), None)

    def _outages_of(self, voice: str) -> list[Outage]:
        with self._lock:
            names = (voice, _engine(voice))
            return [outage for name in names if (outage := self._outages.get(name))]


def _engine(voice: str) -> str:
    return voice.partition(":")[0]


def _pause_seconds(failures: int) -> float:
    # 2 to the 10th is past the longest; a larger power overflows after weeks of failures.
    return min(FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 10), LONGEST_PAUSE_SECONDS)
