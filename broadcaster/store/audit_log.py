"""Audit log of the box: one entry for each act of a person or a program; the oldest are dropped."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from broadcaster.core.clock import Clock
from broadcaster.core.labels import legible
from broadcaster.core.notice import new_id
from broadcaster.core.people import AuditEntry, AuditFilter, WrongLogins
from broadcaster.store import audit_search
from broadcaster.store.database.sqlite_connection import Reads, readable
from broadcaster.store.database.tables import deed
from broadcaster.store.database.write_queue import WriteQueue

# Some years of a village, 3 MB.
KEPT = 20_000
LONGEST_ABOUT = 80


class AuditLog:
    """Any thread. Writing never waits for the disk."""

    def __init__(self, source: Reads, write_queue: WriteQueue, clock: Clock, kept: int = KEPT) -> None:
        self._source = source
        self._write_queue = write_queue
        self._clock = clock
        self._kept = kept

    def note(self, who: str, what: str, about: str = "", address: str = "") -> None:
        values = {
            "deed_id": new_id(),
            "at": self._clock.now().isoformat(),
            "who": legible(who),
            "what": what,
            "about": legible(about)[:LONGEST_ABOUT],
            "address": address,
        }

        def change(connection: Connection) -> None:
            connection.execute(insert(deed).values(values).on_conflict_do_nothing())
            oldest = select(func.max(deed.c.number) - self._kept).scalar_subquery()
            connection.execute(delete(deed).where(deed.c.number <= oldest))

        self._write_queue.enqueue(change, wait=False)

    def recent(self, count: int, skip: int = 0, wanted: AuditFilter | None = None) -> list[AuditEntry]:
        """The last ones, the newest first. Raises `StoreUnusable`."""
        which = audit_search.matching(deed, wanted, self._clock.zone, _as_text) if wanted else []
        return self._read(select(deed).where(*which).limit(count).offset(skip))

    def kinds(self) -> list[str]:
        """Of all that are kept. Raises `StoreUnusable`."""
        query = select(deed.c.what).distinct().order_by(deed.c.what)
        return [row.what for row in self._source.read(query)]

    def wrong_logins(self, names: Collection[str]) -> list[WrongLogins]:
        """The accounts with too many wrong passwords in the last day. Raises `StoreUnusable`."""
        since = _as_text(self._clock.now() - audit_search.LATELY)
        return audit_search.worrying(self._read(audit_search.failed_since(deed, since)), names)

    def _read(self, query: Select[Any]) -> list[AuditEntry]:
        rows = self._source.read(query.order_by(deed.c.number.desc()))
        return readable(self._source, rows, _entry, "谁做了什么的记录")


def _as_text(moment: datetime) -> str:
    return moment.isoformat()


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(datetime.fromisoformat(row.at), row.who, row.what, row.about, row.address)
