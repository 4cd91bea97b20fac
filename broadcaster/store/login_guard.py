"""The common part of logins at box and office: the code of the first person, and wrong guesses."""

import hmac
import logging
import secrets
import threading

from broadcaster.core.clock import Clock
from broadcaster.core.errors import AccountRefused
from broadcaster.store.login_attempts import AttemptsByAddress
from broadcaster.store.passwords import Passwords

logger = logging.getLogger(__name__)

# What is guessed at while there is nobody.
CODE = "one-time code"


class LoginGuard:
    """`too_many` is said after too many wrong passwords. The code lives in memory only. For who holds
    `turn`: guesses must be counted in order.
    """

    def __init__(self, clock: Clock, passwords: Passwords | None, too_many: str) -> None:
        self.passwords = passwords or Passwords()
        self.code = f"{secrets.randbelow(10**8):08}"
        self.turn = threading.Lock()
        self._clock = clock
        self._too_many = too_many
        self._tries = AttemptsByAddress()

    def check_code(self, code: str, address: str) -> None:
        """Raises `AccountRefused`."""
        now = self._clock.monotonic()
        if not self._tries.allow(now, CODE, address):
            raise AccountRefused("一次性代码错的次数太多，请 15 分钟后再试。")
        if not hmac.compare_digest(code.strip().encode("utf-8", "replace"), self.code.encode()):
            self._tries.failed(now, CODE, address)
            raise AccountRefused("一次性代码不对，请看启动时屏幕上显示的 8 位数字。")

    def is_right(self, secret: str, kept: str | None, password: str, address: str) -> bool:
        """`secret` names what is guessed at, `kept` is its hash, None for nobody's. Raises
        `AccountRefused` after too many wrong ones.
        """
        now = self._clock.monotonic()
        if not self._tries.allow(now, secret, address):
            raise AccountRefused(self._too_many)
        if self.passwords.verify(kept, password):
            self._tries.succeeded(secret, address)
            return True
        self._tries.failed(now, secret, address)
        logger.warning("从 %s 登录，名字或密码不对", address)
        return False
