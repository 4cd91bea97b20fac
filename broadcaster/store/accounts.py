"""Accounts of the page: the first person joins by a one-time code, the others are added by a
secretary.
"""

import logging
import secrets
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from broadcaster.core.clock import Clock
from broadcaster.core.errors import AccountRefused
from broadcaster.core.people import Person, Role
from broadcaster.store.database.sqlite_connection import readable
from broadcaster.store.database.station_database import Database
from broadcaster.store.database.tables import draft, person, phone
from broadcaster.store.login_guard import LoginGuard
from broadcaster.store.passwords import Passwords, new_password, refuse_weak_password

logger = logging.getLogger(__name__)

LONGEST_NAME = 20
MOST_PEOPLE = 100
ANY = select(person).limit(1)

TOO_MANY = "密码错的次数太多，请 15 分钟后再试。"


class Accounts:
    """Names, roles and passwords; any thread. While there is nobody, a one-time code lets a person in.

    The code lives in memory only: each start without an account makes a new one.
    """

    def __init__(self, database: Database, clock: Clock, passwords: Passwords | None = None) -> None:
        self._database = database
        self._clock = clock
        self._guard = LoginGuard(clock, passwords, TOO_MANY)

    def needs_account(self) -> bool:
        return not self._database.read(ANY)

    def one_time_code(self) -> str | None:
        """The eight digits to print while no account exists."""
        return self._guard.code if self.needs_account() else None

    def create(self, code: str, name: str, password: str, address: str = "") -> Person:
        """Make the first account, a secretary's. Raises `AccountRefused` with what to do about it."""
        with self._guard.turn:
            if not self.needs_account():
                raise AccountRefused("账号已经建好了，请直接登录。")
            self._guard.check_code(code, address)
            name = _sound_name(name)
            refuse_weak_password(name, password)
            self._insert(name, Role.SECRETARY, password)
        return self.get(name)

    def check(self, name: str, password: str, address: str = "") -> Person | None:
        """The person with this name and password, if both are right. Raises `AccountRefused` after too
        many wrong ones.
        """
        name = name.strip()
        with self._guard.turn:
            row = self._row(name)
            secret, kept = (row.stamp, row.password_hash) if row else (name, None)
            return self.find(name) if self._guard.is_right(secret, kept, password, address) else None

    def find(self, name: str) -> Person | None:
        row = self._row(name)
        return next(iter(readable(self._database, [row] if row else [], _person, "账号")), None)

    def get(self, name: str) -> Person:
        """Raises `AccountRefused` where there is none."""
        if found := self.find(name.strip()):
            return found
        raise AccountRefused(f"没有叫“{name}”的账号。看有哪些：broadcaster people list")

    def people(self) -> list[Person]:
        """In the order in which they came."""
        rows = self._database.read(select(person).order_by(person.c.number))
        return readable(self._database, rows, _person, "账号")

    def add(self, name: str, role: Role) -> str:
        """Let somebody in; the password to give him. Raises `AccountRefused`."""
        name, password = _sound_name(name), new_password()
        with self._guard.turn:
            if self.find(name):
                raise AccountRefused(f"已经有叫“{name}”的账号了，请换一个名字。")
            if len(self.people()) >= MOST_PEOPLE:
                raise AccountRefused(f"最多 {MOST_PEOPLE} 个账号，请先删掉不用的。")
            self._insert(name, role, password)
        return password

    def set_role(self, name: str, role: Role) -> None:
        """Raises `AccountRefused`, also when no secretary would be left."""
        who = self.get(name)
        with self._guard.turn, self._database.transaction() as connection:
            if role is not Role.SECRETARY:
                _keep_a_secretary(connection, who)
            connection.execute(update(person).where(person.c.number == who.number).values(role=role))

    def remove(self, name: str) -> None:
        """End an account and its sessions and phones. Raises the same."""
        who = self.get(name)
        with self._guard.turn, self._database.transaction() as connection:
            _keep_a_secretary(connection, who)
            connection.execute(delete(phone).where(phone.c.person == who.number))
            connection.execute(delete(draft).where(draft.c.person == who.number))
            connection.execute(delete(person).where(person.c.number == who.number))

    def reset(self, name: str) -> str:
        """A new password to give somebody who forgot his; sessions and phones end."""
        password = new_password()
        with self._guard.turn:
            self._set_password(self.get(name), password)
        return password

    def change_password(self, name: str, old: str, new: str, address: str = "") -> Person:
        """By the person, who knows the old one. All sessions and phones end. Raises `AccountRefused`."""
        who = self.check(name, old, address)
        if who is None:
            raise AccountRefused("现在的密码不对，没有改。")
        refuse_weak_password(who.name, new)
        if new == old:
            raise AccountRefused("新密码和现在的一样，请换一个。")
        with self._guard.turn:
            self._set_password(who, new)
        return self.get(name)

    def _set_password(self, who: Person, password: str) -> None:
        kept = {"password_hash": self._guard.passwords.hash(password), "stamp": secrets.token_hex(16)}
        with self._database.transaction() as connection:
            connection.execute(update(person).where(person.c.number == who.number).values(kept))
            connection.execute(delete(phone).where(phone.c.person == who.number))

    def _insert(self, name: str, role: Role, password: str) -> None:
        values = {
            "name": name,
            "role": role,
            "password_hash": self._guard.passwords.hash(password),
            "stamp": secrets.token_hex(16),
            "made_at": self._clock.now().isoformat(),
        }
        self._database.write(insert(person).values(values))
        logger.info("建了账号：%s（%s）", name, role)

    def _row(self, name: str) -> Row[Any] | None:
        name = name.encode("utf-8", "replace").decode()
        return self._database.first(select(person).where(person.c.name == name))


def _person(row: Row[Any]) -> Person:
    return Person(row.number, row.name, Role(row.role), row.stamp)


def _keep_a_secretary(connection: Connection, who: Person) -> None:
    others = select(func.count()).where(person.c.role == Role.SECRETARY, person.c.number != who.number)
    if who.role is Role.SECRETARY and not connection.execute(others).scalar():
        raise AccountRefused("至少要留一个书记，不然没有人能播出了。")


def _sound_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise AccountRefused(f"请写名字，不超过 {LONGEST_NAME} 个字。")
    return name
