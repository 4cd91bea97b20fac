"""Tokens: access keys of programs such as the county's platform, home automation and monitoring; one
scope each.
"""

import logging
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from broadcaster.core.clock import Clock
from broadcaster.core.errors import AccountRefused, StoreUnusable
from broadcaster.core.people import Scope, Token
from broadcaster.store.database.sqlite_connection import readable
from broadcaster.store.database.station_database import Database
from broadcaster.store.database.tables import token
from broadcaster.store.passwords import key_hash

logger = logging.getLogger(__name__)

# So that a key that was pasted into the wrong place is known for what it is.
START = "laba_"
LONGEST_NAME = 40
MOST_TOKENS = 50
# Monitoring asks every 15 s; noting each time would wear the card.
NOTED_EVERY = timedelta(hours=1)


class Tokens:
    """Any thread. A key is shown when it is made and kept only as a hash."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def make(self, name: str, scope: Scope, made_by: str) -> str:
        """The key. Raises `AccountRefused`."""
        name = " ".join(name.split())
        if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
            raise AccountRefused(f"请写给谁用，不超过 {LONGEST_NAME} 个字。")
        if len(self.all()) >= MOST_TOKENS:
            raise AccountRefused(f"最多 {MOST_TOKENS} 个令牌，请先删掉不用的。")
        key = START + secrets.token_urlsafe(32)
        values = {
            "key_hash": key_hash(key),
            "name": name,
            "scope": scope,
            "made_by": made_by,
            "made_at": self._clock.now().isoformat(),
        }
        self._database.write(insert(token).values(values))
        return key

    def find(self, key: str) -> Token | None:
        """The token with this key, and notes that it was used; None if there is none."""
        rows = self._database.read(select(token).where(token.c.key_hash == key_hash(key)))
        found = next(iter(self._readable(rows)), None)
        now = self._clock.now()
        if found and (found.used_at is None or now - found.used_at >= NOTED_EVERY):
            self._note_use(found, now)
        return found

    def all(self) -> list[Token]:
        return self._readable(self._database.read(select(token).order_by(token.c.number)))

    def _readable(self, rows: Sequence[Row[Any]]) -> list[Token]:
        return readable(self._database, rows, _token, "令牌")

    def remove(self, number: int) -> Token | None:
        """From now on it opens nothing; None if there is no such one."""
        found = next((one for one in self.all() if one.number == number), None)
        self._database.write(delete(token).where(token.c.number == number))
        return found

    def _note_use(self, used: Token, now: datetime) -> None:
        change = update(token).where(token.c.number == used.number).values(used_at=now.isoformat())
        try:
            self._database.write(change)
        except StoreUnusable as error:
            # A full disk must not keep the county out.
            logger.warning("令牌用过的时间没有记下来：%s", error)


def _token(row: Row[Any]) -> Token:
    used_at = datetime.fromisoformat(row.used_at) if row.used_at else None
    made_at = datetime.fromisoformat(row.made_at)
    return Token(row.number, row.name, Scope(row.scope), row.made_by, made_at, used_at)
