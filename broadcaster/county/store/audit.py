"""Audit log of the office: who did what, to what, from where; entries are only added."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, insert, select

from broadcaster.core.clock import Clock
from broadcaster.core.labels import legible
from broadcaster.core.people import Deed
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import audit

LONGEST_ABOUT = 200


class Audit:
    """Any thread."""

    def __init__(self, database: OfficeDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def note(self, who: str, what: str, about: str = "", address: str = "") -> None:
        values = {
            "at": self._clock.now(),
            "who": legible(who),
            "what": what,
            "about": legible(about)[:LONGEST_ABOUT],
            "address": address,
        }
        with self._database.transaction() as connection:
            connection.execute(insert(audit).values(values))

    def recent(self, count: int, skip: int = 0) -> list[Deed]:
        """The newest first."""
        return self._deeds(select(audit).limit(count).offset(skip))

    def of(self, what: str, count: int) -> list[Deed]:
        """The last deeds of that kind."""
        return self._deeds(select(audit).where(audit.c.what == what).limit(count))

    def _deeds(self, query: Select[Any]) -> list[Deed]:
        rows = self._database.read(query.order_by(audit.c.number.desc()))
        return [Deed(row.at, row.who, row.what, row.about, row.address) for row in rows]
