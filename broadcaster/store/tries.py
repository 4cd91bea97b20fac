"""Counts wrong guesses by what they were aimed at and where they came from."""

from collections import OrderedDict, deque

REMEMBERED = 1_000


class Tries:
    """After `most` failures of one key within `window_seconds`, no more of it for a while.

    For one thread at a time. Keys that failed longest ago are forgotten first.
    """

    def __init__(self, most: int = 10, window_seconds: float = 15 * 60) -> None:
        self._most = most
        self._window_seconds = window_seconds
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def allow(self, monotonic: float, key: str = "") -> bool:
        failures = self._failures.get(key)
        if not failures or len(failures) < self._most:
            return True
        return monotonic - failures[0] >= self._window_seconds

    def failed(self, monotonic: float, key: str = "") -> None:
        self._failures.setdefault(key, deque(maxlen=self._most)).append(monotonic)
        self._failures.move_to_end(key)
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, key: str = "") -> None:
        self._failures.pop(key, None)
