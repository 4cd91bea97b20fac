"""Limits log lines about messages from outside: writes the first of a kind, then a count once a
minute.
"""

from collections import Counter
from collections.abc import Callable

from broadcaster.core.clock import Clock

LOGGED_EVERY_SECONDS = 60.0


class LogBrake:
    """A line for the first of a kind, then how many more there were each minute. One thread."""

    def __init__(self, clock: Clock, say: Callable[..., None]) -> None:
        self._clock = clock
        self._say = say
        self._since: dict[str, float] = {}
        self._more: Counter[str] = Counter()

    def note(self, what: str, detail: object = "") -> None:
        if what in self._since:
            self._more[what] += 1
        else:
            self._since[what] = self._clock.monotonic()
            self._say("%s%s", what, f"（{detail}）" if detail else "")

    def look(self) -> None:
        """Tell what has come up to now of each kind whose minute is over."""
        over = self._clock.monotonic() - LOGGED_EVERY_SECONDS
        for what in [what for what, since in self._since.items() if since <= over]:
            if more := self._more.pop(what, 0):
                self._since[what] = self._clock.monotonic()
                self._say("%s：又有 %d 次", what, more)
            else:
                del self._since[what]
