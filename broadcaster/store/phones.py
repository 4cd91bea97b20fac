"""Phones that a person may log in from by a six-digit PIN; each has a cookie and a PIN of its own."""

import logging
import secrets
import threading
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from broadcaster.core.clock import Clock
from broadcaster.core.errors import AccountRefused
from broadcaster.core.people import Person, Phone, Role
from broadcaster.store.database.sqlite_connection import readable
from broadcaster.store.database.station_database import Database
from broadcaster.store.database.tables import person, phone
from broadcaster.store.passwords import Passwords, key_hash, refuse_weak_pin

logger = logging.getLogger(__name__)

# Of a million PINs; then the phone is forgotten, and only the password lets in from it.
MOST_WRONG = 5
MOST_PHONES = 10
LONGEST_LABEL = 40

KNOWN = select(
    phone, person.c.name, person.c.role, person.c.stamp, person.c.number.label("person_number")
).join(person, person.c.number == phone.c.person)


class Phones:
    """Known phones; any thread. A phone is known by a random key that it keeps as a cookie."""

    def __init__(self, database: Database, clock: Clock, passwords: Passwords | None = None) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords or Passwords()
        # Guesses must be counted in order, also those that come together.
        self._lock = threading.Lock()

    def remember(self, owner: Person, pin: str, label: str) -> str:
        """The key for the phone's cookie. Raises `AccountRefused` for a PIN that is easy to guess."""
        refuse_weak_pin(pin)
        key, now = secrets.token_urlsafe(32), self._clock.now().isoformat()
        values = {
            "key_hash": key_hash(key),
            "person": owner.number,
            "label": label[:LONGEST_LABEL],
            "pin_hash": self._passwords.hash(pin),
            "made_at": now,
            "seen_at": now,
        }
        kept = select(phone.c.number).where(phone.c.person == owner.number)
        kept = kept.order_by(phone.c.number.desc()).limit(MOST_PHONES)
        with self._database.transaction() as connection:
            connection.execute(insert(phone).values(values))
            too_many = phone.c.person == owner.number, phone.c.number.not_in(kept)
            connection.execute(delete(phone).where(*too_many))
        return key

    def find(self, key: str) -> Phone | None:
        """The phone of this cookie, if it is still known."""
        row = self._row(key)
        return row and _phone(row)

    def of(self, owner: Person) -> list[Phone]:
        rows = self._database.read(KNOWN.where(phone.c.person == owner.number).order_by(phone.c.number))
        return readable(self._database, rows, _phone, "手机登录")

    def check(self, key: str, pin: str) -> Person | None:
        """The owner, if the PIN is right. Raises `AccountRefused` when the phone is not known."""
        with self._lock:
            row = self._row(key)
            if row is None:
                raise AccountRefused("这部手机不能用 PIN 登录了，请用名字和密码登录。")
            # Counted before it is looked at: a power cut in between must not give a try away.
            self._update(row.number, wrong_pins=row.wrong_pins + 1)
            if self._passwords.verify(row.pin_hash, pin):
                self._update(row.number, wrong_pins=0, seen_at=self._clock.now().isoformat())
                return Person(row.person_number, row.name, Role(row.role), row.stamp)
            if row.wrong_pins + 1 >= MOST_WRONG:
                self._drop(row.number)
                raise AccountRefused(f"PIN 错了 {MOST_WRONG} 次，这部手机请改用名字和密码登录。")
        logger.warning("%s 的 PIN 不对", row.name)
        return None

    def forget(self, key: str) -> None:
        """This phone has to give the password again."""
        if row := self._row(key):
            self._drop(row.number)

    def forget_of(self, owner: Person, number: int) -> bool:
        """One of a person's phones, which may have been lost; False if he has no such one."""
        with self._database.transaction() as connection:
            mine = phone.c.number == number, phone.c.person == owner.number
            return connection.execute(delete(phone).where(*mine)).rowcount > 0

    def _row(self, key: str) -> Row[Any] | None:
        return self._database.first(KNOWN.where(phone.c.key_hash == key_hash(key))) if key else None

    def _update(self, number: int, **values: object) -> None:
        self._database.write(update(phone).where(phone.c.number == number).values(values))

    def _drop(self, number: int) -> None:
        self._database.write(delete(phone).where(phone.c.number == number))


def _phone(row: Row[Any]) -> Phone:
    made_at, seen_at = datetime.fromisoformat(row.made_at), datetime.fromisoformat(row.seen_at)
    return Phone(row.number, row.name, row.label, made_at, seen_at)
