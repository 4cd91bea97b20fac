"""Who may put something on the air: one account, made at first start with a one-time code."""

import hmac
import logging
import secrets
import threading
from collections import deque

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import insert, select

from broadcaster.clock import Clock
from broadcaster.errors import AccountRefused
from broadcaster.store.database import Database
from broadcaster.store.tables import account

logger = logging.getLogger(__name__)

FIND = select(account.c.name, account.c.password_hash)

LEAST_PASSWORD, LONGEST_PASSWORD, LONGEST_NAME = 8, 200, 20

# OWASP's password storage sheet: 19 MiB, 2 passes, 1 lane. argon2-cffi's own 64 MiB would nearly
# double the box's memory at every login.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Tries:
    """Counts failures: after `most` of them within `window_seconds`, no more for a while."""

    def __init__(self, most: int = 10, window_seconds: float = 15 * 60) -> None:
        self._most = most
        self._window_seconds = window_seconds
        self._failures: deque[float] = deque(maxlen=most)

    def allow(self, monotonic: float) -> bool:
        oldest_counts = self._failures and monotonic - self._failures[0] < self._window_seconds
        return not (oldest_counts and len(self._failures) == self._most)

    def failed(self, monotonic: float) -> None:
        self._failures.append(monotonic)

    def succeeded(self) -> None:
        self._failures.clear()


class Accounts:
    """The one account; any thread. While there is none, a one-time code lets a person make it.

    The code lives in memory only: each start without an account makes a new one.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._code = f"{secrets.randbelow(10**8):08}"
        self._code_tries = Tries()
        self._password_tries = Tries()
        # One at a time: each check of a password takes 19 MiB, and guesses must be counted in order.
        self._lock = threading.Lock()

    def needs_account(self) -> bool:
        return not self._database.read(FIND)

    def one_time_code(self) -> str | None:
        """The eight digits to print while no account exists."""
        return self._code if self.needs_account() else None

    def create(self, code: str, name: str, password: str) -> None:
        """Make the account. Raises `AccountRefused` with what to do about it."""
        with self._lock:
            if not self.needs_account():
                raise AccountRefused("账号已经建好了，请直接登录。")
            self._check_code(code)
            name = name.strip()
            _refuse_weak(name, password)
            values = {"number": 1, "name": name, "password_hash": HASHER.hash(password)}
            with self._database.transaction() as connection:
                connection.execute(insert(account).values(values))
        logger.info("account made: %s", name)

    def check(self, name: str, password: str) -> bool:
        """Whether these are right. Raises `AccountRefused` while locked by too many wrong ones."""
        with self._lock:
            now = self._clock.monotonic()
            if not self._password_tries.allow(now):
                raise AccountRefused("密码错的次数太多，请 15 分钟后再试。")
            if self._matches(name, password):
                self._password_tries.succeeded()
                return True
            self._password_tries.failed(now)
            logger.warning("wrong name or password")
            return False

    def _check_code(self, code: str) -> None:
        now = self._clock.monotonic()
        if not self._code_tries.allow(now):
            raise AccountRefused("一次性代码错的次数太多，请 15 分钟后再试。")
        if not hmac.compare_digest(code.strip().encode(), self._code.encode()):
            self._code_tries.failed(now)
            raise AccountRefused("一次性代码不对，请看启动时屏幕上显示的 8 位数字。")

    def _matches(self, name: str, password: str) -> bool:
        accounts = self._database.read(FIND)
        if not accounts:
            return False
        # The password is checked for a wrong name too, so that time does not tell which was wrong.
        right = _verified(accounts[0].password_hash, password)
        return hmac.compare_digest(name.strip().encode(), accounts[0].name.encode()) and right


def _verified(password_hash: str, password: str) -> bool:
    try:
        return len(password) <= LONGEST_PASSWORD and HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _refuse_weak(name: str, password: str) -> None:
    if not 1 <= len(name) <= LONGEST_NAME:
        raise AccountRefused(f"请写名字，不超过 {LONGEST_NAME} 个字。")
    if not LEAST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise AccountRefused(f"密码至少要 {LEAST_PASSWORD} 位，不超过 {LONGEST_PASSWORD} 位。")
    if len(set(password)) < 4 or password == name:
        raise AccountRefused("这个密码太容易猜到，请换一个：至少用 4 种不同的字符，不要和名字一样。")
