"""Sessions of officers, stored by the office, so a copied cookie is worthless after the logout."""

import secrets
from datetime import timedelta

from sqlalchemy import delete, insert, select

from broadcaster.core.clock import Clock
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.officers import Officer, officer_of
from broadcaster.county.store.tables import officer, session
from broadcaster.store.passwords import key_hash

LONGEST = timedelta(hours=12)


class OfficeSessions:
    """Any thread. Another password, or an account that is removed, ends all of its sessions."""

    def __init__(self, database: OfficeDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, who: Officer) -> str:
        """The key that his browser is to show from now on."""
        key, now = secrets.token_urlsafe(32), self._clock.now()
        with self._database.transaction() as connection:
            connection.execute(delete(session).where(session.c.began_at <= now - LONGEST))
            values = {"key": key_hash(key), "stamp": who.stamp, "began_at": now}
            connection.execute(insert(session).values(values))
        return key

    def find(self, key: str) -> Officer | None:
        query = select(officer).join(session, session.c.stamp == officer.c.stamp)
        begun = session.c.began_at > self._clock.now() - LONGEST
        row = self._database.first(query.where(session.c.key == key_hash(key), begun))
        return row and officer_of(row)

    def end(self, key: str) -> None:
        self._database.write(delete(session).where(session.c.key == key_hash(key)))
