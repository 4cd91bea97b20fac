"""Audit log of the box: one entry for each act of a person or a program; the oldest are dropped."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from broadcaster.core.clock import Clock
from broadcaster.core.labels import legible
from broadcaster.core.model import new_id
from broadcaster.core.people import Deed
from broadcaster.store.database.sqlite_connection import Reads, readable
from broadcaster.store.database.tables import deed
from broadcaster.store.database.write_queue import Ledger

# Some years of a village, 3 MB.
KEPT = 20_000
LONGEST_ABOUT = 80


class Deeds:
    """Any thread. Writing never waits for the disk."""

    def __init__(self, source: Reads, ledger: Ledger, clock: Clock, kept: int = KEPT) -> None:
        self._source = source
        self._ledger = ledger
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

        self._ledger.promise(change, wait=False)

    def recent(self, count: int, skip: int = 0) -> list[Deed]:
        """The last ones, the newest first. Raises `StoreUnusable`."""
        newest = select(deed).order_by(deed.c.number.desc()).limit(count).offset(skip)
        return readable(self._source, self._source.read(newest), _deed, "谁做了什么的记录")


def _deed(row: Row[Any]) -> Deed:
    return Deed(datetime.fromisoformat(row.at), row.who, row.what, row.about, row.address)
