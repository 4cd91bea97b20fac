"""Passwords and PINs: refuses weak ones and hashes the others."""

import hashlib
import re
import secrets
import threading
from functools import cached_property
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from broadcaster.core.errors import AccountRefused

LEAST_PASSWORD, LONGEST_PASSWORD = 8, 200
PIN_LENGTH = 6
COMMON_PINS = {"123456", "654321", "123123", "112233", "121212", "520520", "666888", "888666"}

# OWASP's password storage sheet: 19 MiB, 2 passes, 1 lane. argon2-cffi's own 64 MiB would nearly
# double the box's memory at every login.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# Without 0 o 1 l i, which people confuse when they copy by hand.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP = 3, 4


class Passwords:
    """Hashes and verifies; one at a time, for each takes 19 MiB. Any thread."""

    def __init__(self, hasher: PasswordHasher = HASHER) -> None:
        self._hasher = hasher
        self._lock = threading.Lock()

    def hash(self, secret: str) -> str:
        with self._lock:
            return self._hasher.hash(secret)

    def verify(self, kept: str | None, secret: str) -> bool:
        """True if the secret is right; a hash of None never matches and takes as long."""
        right = any(self._matches(kept or self._nobody, one) for one in _spellings(secret))
        return right and kept is not None and len(secret) <= LONGEST_PASSWORD

    def _matches(self, kept: str, secret: str) -> bool:
        try:
            with self._lock:
                return self._hasher.verify(kept, secret[:LONGEST_PASSWORD])
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False

    @cached_property
    def _nobody(self) -> str:
        """Checked in the place of one that does not exist: time must not tell that it does not."""
        return self._hasher.hash(secrets.token_hex())


def new_password() -> str:
    """Twelve signs (59 bits) in three groups, to be read out or copied."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))


def _spellings(secret: str) -> list[str]:
    """As it was typed, and where that may be a given one that was copied in capitals or without its
    hyphens, as that was given."""
    signs = re.sub(r"[-\s]", "", secret).lower()
    groups = [signs[first : first + GROUP] for first in range(0, len(signs), GROUP)]
    given = "-".join(groups)
    might_be = len(signs) == GROUPS * GROUP and set(signs) <= set(LETTERS)
    return [secret, given] if might_be and given != secret else [secret]


def key_hash(key: str) -> str:
    """For keys of 256 random bits, which nobody can guess: no slow hash is needed."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def refuse_weak_password(name: str, password: str) -> None:
    """Raises `AccountRefused` with what to do about it."""
    if not LEAST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise AccountRefused(f"密码至少要 {LEAST_PASSWORD} 位，不超过 {LONGEST_PASSWORD} 位。")
    if len(set(password)) < 4 or password == name:
        raise AccountRefused("这个密码太容易猜到，请换一个：至少用 4 种不同的字符，不要和名字一样。")


def refuse_weak_pin(pin: str) -> None:
    """Raises the same."""
    if not (len(pin) == PIN_LENGTH and pin.isascii() and pin.isdigit()):
        raise AccountRefused(f"PIN 要写 {PIN_LENGTH} 位数字。")
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    if len(set(pin)) < 3 or steps in ({1}, {-1}) or pin in COMMON_PINS:
        raise AccountRefused("这个 PIN 太容易猜到，请换一个，不要用重复或者连着的数字。")
