"""Slots that were made on the page, each as it was written; and the pauses of all slots."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select

from broadcaster.store.database.sqlite_connection import Reads, readable
from broadcaster.store.database.station_database import Database
from broadcaster.store.database.tables import slot

ALL = select(slot).order_by(slot.c.name)
# So long what was removed can be taken back.
REMOVED_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class StoredSlot:
    """One row; `written` is what a slot of the timetable is written with, None of a slot of the file.

    It is silent before the day `paused_until`; `removed_at` says that somebody took it out.
    """

    name: str
    written: Mapping[str, Any] | None
    made_by: str
    changed_at: datetime
    paused_until: date | None = None
    removed_at: datetime | None = None


class StoredSlotReader:
    """All rows; any thread. Raises `StoreUnusable`."""

    def __init__(self, source: Reads) -> None:
        self._source = source

    def all(self) -> list[StoredSlot]:
        """By their names; a row that cannot be read is left out, and logged."""
        return readable(self._source, self._source.read(ALL), _slot, "页面上的时间表")


class StoredSlots(StoredSlotReader):
    """The same, and written to."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._database = database

    def put(self, row: StoredSlot, replaces: str = "") -> None:
        """On the disk when this returns, in the place of one of that name or of the name it had."""
        forgotten = (row.changed_at - REMOVED_KEPT).isoformat()
        with self._database.transaction() as connection:
            connection.execute(delete(slot).where(slot.c.name.in_([row.name, replaces])))
            connection.execute(delete(slot).where(slot.c.removed_at < forgotten))
            if row.written is not None or row.paused_until:
                connection.execute(insert(slot), _values(row))


def _values(row: StoredSlot) -> dict[str, object]:
    return {
        "name": row.name,
        "written": None if row.written is None else json.dumps(dict(row.written)),
        "paused_until": row.paused_until and row.paused_until.isoformat(),
        "made_by": row.made_by,
        "changed_at": row.changed_at.isoformat(),
        "removed_at": row.removed_at and row.removed_at.isoformat(),
    }


def _slot(row: Row[Any]) -> StoredSlot:
    return StoredSlot(
        row.name,
        None if row.written is None else dict(json.loads(row.written)),
        row.made_by,
        datetime.fromisoformat(row.changed_at),
        date.fromisoformat(row.paused_until) if row.paused_until else None,
        datetime.fromisoformat(row.removed_at) if row.removed_at else None,
    )
