"""Audit log of the office: who did what, to what, from where; entries are only added."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, select

from broadcaster.core.clock import Clock
from broadcaster.core.labels import legible
from broadcaster.core.people import AuditEntry, AuditFilter, WrongLogins
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import audit
from broadcaster.store import audit_search

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
        self._database.write(insert(audit).values(values))

    def recent(self, count: int, skip: int = 0, wanted: AuditFilter | None = None) -> list[AuditEntry]:
        """The newest first."""
        which = audit_search.matching(audit, wanted, self._clock.zone, _as_it_is) if wanted else []
        return self._entries(select(audit).where(*which).limit(count).offset(skip))

    def of(self, what: str, count: int) -> list[AuditEntry]:
        """The last deeds of that kind."""
        return self.recent(count, wanted=AuditFilter(what))

    def kinds(self) -> list[str]:
        """Of all that are kept."""
        query = select(audit.c.what).distinct().order_by(audit.c.what)
        return [row.what for row in self._database.read(query)]

    def wrong_logins(self, names: Collection[str]) -> list[WrongLogins]:
        """The accounts with too many wrong passwords in the last day."""
        since = self._clock.now() - audit_search.LATELY
        return audit_search.worrying(self._entries(audit_search.failed_since(audit, since)), names)

    def _entries(self, query: Select[Any]) -> list[AuditEntry]:
        rows = self._database.read(query.order_by(audit.c.number.desc()))
        return [AuditEntry(row.at, row.who, row.what, row.about, row.address) for row in rows]


def _as_it_is(moment: datetime) -> datetime:
    return moment
