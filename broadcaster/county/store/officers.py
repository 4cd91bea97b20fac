"""Accounts of the office: the role of each officer, and the most severe bulletin that he may send."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from broadcaster.core.clock import Clock
from broadcaster.core.errors import AccountRefused
from broadcaster.core.notice import Severity
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import officer, writing
from broadcaster.store.login_guard import LoginGuard
from broadcaster.store.passwords import Passwords, new_password, refuse_weak_password

logger = logging.getLogger(__name__)

LONGEST_NAME = 20
TOO_MANY = "密码错的次数太多，请 15 分钟后再试。不想等，就请管理员重设密码。"


class OfficeRole(StrEnum):
    """Each may do what those before it may: look, write and send, approve, keep register and people."""

    VIEWER = "viewer"
    CLERK = "clerk"
    APPROVER = "approver"
    KEEPER = "keeper"

    def covers(self, least: OfficeRole) -> bool:
        order = list(OfficeRole)
        return order.index(self) >= order.index(least)


@dataclass(frozen=True)
class Officer:
    """One account. `cap` is the most severe that it may send or approve."""

    number: int
    name: str
    role: OfficeRole
    cap: Severity
    stamp: str

    def may_send(self, severity: Severity) -> bool:
        return self.role.covers(OfficeRole.CLERK) and severity.rank >= self.cap.rank


class Officers:
    """Any thread. While there is nobody, a one-time code lets a person in."""

    def __init__(
        self, database: OfficeDatabase, clock: Clock, passwords: Passwords | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._guard = LoginGuard(clock, passwords, TOO_MANY)

    def one_time_code(self) -> str | None:
        """To print while there is nobody."""
        return None if self._database.first(select(officer.c.number).limit(1)) else self._guard.code

    def create_first(self, code: str, name: str, password: str, address: str = "") -> Officer:
        """A keeper, by the code. Raises `AccountRefused`."""
        with self._guard.turn:
            if self.one_time_code() is None:
                raise AccountRefused("账号已经建好了，请直接登录。")
            self._guard.check_code(code, address)
        return self.add(name, OfficeRole.KEEPER, Severity.RED, password)

    def add(self, name: str, role: OfficeRole, cap: Severity, password: str) -> Officer:
        """Raises `AccountRefused`."""
        name = " ".join(name.split())
        if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
            raise AccountRefused(f"请写名字，不超过 {LONGEST_NAME} 个字。")
        refuse_weak_password(name, password)
        if self.find(name):
            raise AccountRefused(f"已经有叫“{name}”的账号了，请换一个名字。")
        values = {
            "name": name,
            "role": role,
            "cap": int(cap),
            "password_hash": self._guard.passwords.hash(password),
            "stamp": secrets.token_hex(16),
            "made_at": self._clock.now(),
        }
        self._database.write(insert(officer).values(values))
        return self.get(name)

    def let_in(self, name: str, role: OfficeRole, cap: Severity) -> str:
        """The password to give somebody new. Raises `AccountRefused`."""
        password = new_password()
        self.add(name, role, cap, password)
        return password

    def check(self, name: str, password: str, address: str = "") -> Officer | None:
        """The officer with this name and password, if both are right. Raises `AccountRefused` after too
        many wrong ones.
        """
        name = name.strip()
        with self._guard.turn:
            row = self._row(name)
            secret, kept = (row.stamp, row.password_hash) if row else (name, None)
            right = self._guard.is_right(secret, kept, password, address)
            return officer_of(row) if row and right else None

    def find(self, name: str) -> Officer | None:
        row = self._row(name)
        return row and officer_of(row)

    def get(self, name: str) -> Officer:
        """Raises `AccountRefused` where there is none."""
        if found := self.find(name):
            return found
        raise AccountRefused(f"没有叫“{name}”的账号。")

    def all(self) -> list[Officer]:
        return [
            officer_of(row) for row in self._database.read(select(officer).order_by(officer.c.number))
        ]

    def change(self, name: str, role: OfficeRole, cap: Severity) -> None:
        """Raises `AccountRefused`, also when no keeper would be left."""
        who = self.get(name)
        if role is not OfficeRole.KEEPER:
            self._keep_a_keeper(who)
        self._update(who, role=role, cap=int(cap))

    def set_password(self, name: str, password: str = "") -> str:
        """A new one, made up if none is given; sessions end, and wrong ones of before count no more.
        Raises `AccountRefused`.
        """
        who = self.get(name)
        if password:
            refuse_weak_password(name, password)
        password = password or new_password()
        kept = self._guard.passwords.hash(password)
        self._update(who, password_hash=kept, stamp=secrets.token_hex(16))
        return password

    def remove(self, name: str) -> None:
        """Raises the same as `change`."""
        who = self.get(name)
        self._keep_a_keeper(who)
        with self._database.transaction() as connection:
            connection.execute(delete(officer).where(officer.c.number == who.number))
            connection.execute(delete(writing).where(writing.c.officer == who.number))

    def _update(self, who: Officer, **values: Any) -> None:
        self._database.write(update(officer).where(officer.c.number == who.number).values(values))

    def _keep_a_keeper(self, who: Officer) -> None:
        others = select(func.count()).where(
            officer.c.role == OfficeRole.KEEPER, officer.c.number != who.number
        )
        if who.role is OfficeRole.KEEPER and not self._database.read(others)[0][0]:
            raise AccountRefused("至少要留一个管理员。")

    def _row(self, name: str) -> Row[Any] | None:
        name = name.encode("utf-8", "replace").decode().replace("\0", "")
        return self._database.first(select(officer).where(officer.c.name == name))


def officer_of(row: Row[Any]) -> Officer:
    return Officer(row.number, row.name, OfficeRole(row.role), Severity(row.cap), row.stamp)
