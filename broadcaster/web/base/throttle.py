"""Lets something through once in a while for each key: what a program does wrong again and again."""

import threading
from collections import OrderedDict

EACH_SECONDS = 15 * 60.0
REMEMBERED = 1_000


class Throttle:
    """Any thread. The keys that came longest ago are forgotten first."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def allow(self, key: str, monotonic: float) -> bool:
        with self._lock:
            if monotonic - self._last.get(key, float("-inf")) < EACH_SECONDS:
                return False
            self._last[key] = monotonic
            self._last.move_to_end(key)
            while len(self._last) > REMEMBERED:
                self._last.popitem(last=False)
            return True
