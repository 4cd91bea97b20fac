"""Counts failed logins by account and by address, and blocks after too many."""

from collections import OrderedDict, deque
from contextlib import suppress
from ipaddress import IPv6Address

REMEMBERED = 1_000


class LoginAttempts:
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


class AttemptsByAddress:
    """Wrong guesses at one thing by one address, and all wrong ones of that address: whoever guesses
    keeps out himself, and never somebody elsewhere.

    What is guessed at changes its name with its secret, so a new secret may be tried at once.
    """

    def __init__(self, most: int = 10, most_of_address: int = 30) -> None:
        self._each = LoginAttempts(most)
        # A family behind one address may forget its passwords too.
        self._all = LoginAttempts(most_of_address)

    def allow(self, monotonic: float, what: str, address: str) -> bool:
        place = place_of(address)
        return self._each.allow(monotonic, f"{place} {what}") and self._all.allow(monotonic, place)

    def failed(self, monotonic: float, what: str, address: str) -> None:
        place = place_of(address)
        self._each.failed(monotonic, f"{place} {what}")
        self._all.failed(monotonic, place)

    def succeeded(self, what: str, address: str) -> None:
        self._each.succeeded(f"{place_of(address)} {what}")


def place_of(address: str) -> str:
    """The address that counts as one person: of IPv6 each has 2 to the power of 64 addresses."""
    with suppress(ValueError):
        six = IPv6Address(address)
        return str(six.ipv4_mapped or six.packed[:8].hex())
    return address
