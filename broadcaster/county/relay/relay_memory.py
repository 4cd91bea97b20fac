"""The relay's own database: the bulletins that it has passed on, so that a restart forgets none and
repeats none.
"""

import logging
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects import sqlite

from broadcaster.bulletin import areas as area_codes
from broadcaster.bulletin import mqtt_topics
from broadcaster.bulletin.replay_guard import Accepted
from broadcaster.core.clock import Clock
from broadcaster.county.board.delivery_board import Counts
from broadcaster.county.board.receipt_inbox import upsert_delivery
from broadcaster.county.relay.relay_tables import came, carried, kept, metadata
from broadcaster.county.store.delivery_state import DeliveryState
from broadcaster.county.store.office_database import OfficeDatabase, put
from broadcaster.store.database.backups import Backups, check
from broadcaster.store.database.sqlite_connection import StoreDamaged, store_errors

logger = logging.getLogger(__name__)

FILE = "relay.db"


@dataclass(frozen=True)
class RelayedBulletin:
    """A bulletin from above as it stands below; `summed` is the last sum that was taken above."""

    id: str
    digest: str
    key_id: str
    seq: int
    expires: datetime
    areas: tuple[str, ...]
    envelope: bytes
    summed: str
    sum_number: int

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(mqtt_topics.bulletin(area, self.id) for area in self.areas)

    def is_for(self, village: str) -> bool:
        return any(area_codes.contains(area, village) for area in self.areas)


@dataclass(frozen=True)
class BoxReport:
    """One genuine receipt of a bulletin from above."""

    bulletin: str
    box: str
    stage: DeliveryState
    key: str
    number: int


def set_aside_damaged(folder: Path, clock: Clock) -> bool:
    """Set a damaged one aside, for it is filled again from above; whether there was one."""
    path = folder / FILE
    if not path.exists() or not path.stat().st_size:
        return path.exists()
    try:
        with store_errors(path), closing(sqlite3.connect(path)) as connection:
            check(connection)
        return False
    except StoreDamaged as error:
        logger.critical("转发的记录坏了，换新的：%s", error)
        with store_errors(path):
            return Backups(path, clock).set_aside() is not None


class RelayMemory:
    """Any thread. What is noted is on the disk when the call returns. Raises `StoreUnusable`."""

    def __init__(self, folder: Path) -> None:
        self._database = OfficeDatabase(f"sqlite:///{(folder / FILE).absolute()}")
        with self._database.transaction() as connection:
            metadata.create_all(connection)

    def close(self) -> None:
        self._database.close()

    def keep(self, contents: Mapping[str, bytes]) -> None:
        """By name, together or not at all."""
        with self._database.transaction() as connection:
            for name, content in contents.items():
                put(connection, kept, {"name": name, "content": content}, over=("content",))

    def content(self, name: str) -> bytes:
        """b"" where nothing was kept."""
        row = self._database.first(select(kept.c.content).where(kept.c.name == name))
        return row.content if row else b""

    def take(self, accepted: Accepted, data: bytes, areas: Sequence[str], boxes: Sequence[str]) -> None:
        """For these areas of ours, and the boxes there, of which nothing is known yet."""
        bulletin = accepted.bulletin
        values: dict[str, Any] = {"id": bulletin.id, "digest": accepted.digest, "seq": bulletin.seq}
        values |= {"key_id": accepted.issuer.key_id, "expires": bulletin.expires}
        values |= {"areas": " ".join(areas), "envelope": data}
        silent = [{"bulletin": bulletin.id, "box": box, "stage": DeliveryState.SENT} for box in boxes]
        with self._database.transaction() as connection:
            put(connection, carried, values)
            if silent:
                connection.execute(insert(came), silent)

    def find(self, id: str) -> RelayedBulletin | None:
        row = self._database.first(select(carried).where(carried.c.id == id))
        return _carried(row) if row else None

    def in_force(self) -> list[RelayedBulletin]:
        return self._find(carried.c.over == 0)

    def to_send(self) -> list[RelayedBulletin]:
        """In force, and not on the broker below as far as is known."""
        return self._find(carried.c.over == 0, carried.c.below == 0)

    def to_clear(self) -> list[RelayedBulletin]:
        """Over, and on the broker below still."""
        return self._find(carried.c.over == 1, carried.c.below == 1)

    def mark_on_broker(self, id: str, there: bool) -> None:
        self._update(id, below=int(there))

    def mark_all_unsent(self) -> None:
        """The broker below may have lost what it had, and that it was emptied."""
        self._database.write(update(carried).values(below=carried.c.over))

    def end(self, id: str) -> None:
        self._update(id, over=1)

    def expire(self, now: datetime) -> int:
        """Marks expired bulletins and returns their number."""
        late = (carried.c.over == 0) & (carried.c.expires <= now)
        return self._database.write(update(carried).where(late).values(over=1))

    def store_reports(self, told: Sequence[BoxReport]) -> None:
        """The last receipt of a box counts, by its own number; that of a new key always."""
        statement = upsert_delivery(sqlite, came, ("stage", "key", "box_number"))
        rows = [
            {"bulletin": one.bulletin, "box": one.box, "stage": one.stage, "key": one.key}
            | {"box_number": one.number}
            for one in told
        ]
        if rows:
            ids = {one.bulletin for one in told}
            with self._database.transaction() as connection:
                connection.execute(statement, rows)
                connection.execute(update(carried).where(carried.c.id.in_(ids)).values(due=1))

    def to_report(self) -> list[RelayedBulletin]:
        """The bulletins with news since their last totals."""
        return self._find(carried.c.due == 1)

    def counts(self, id: str) -> Counts:
        query = select(came.c.stage, func.count().label("boxes")).where(came.c.bulletin == id)
        rows = self._database.read(query.group_by(came.c.stage))
        return Counts(Counter({DeliveryState(row.stage): row.boxes for row in rows}))

    def summed(self, id: str, sum: str, number: int) -> None:
        """The broker above has taken this sum."""
        self._update(id, summed=sum, sum_number=number, due=0)

    def report_all_again(self) -> None:
        """The broker above may have lost what it had."""
        self._database.write(update(carried).values(due=1, summed=""))

    def old(self, before: datetime) -> list[RelayedBulletin]:
        """The bulletins that had ended by then, and are no longer on the broker below."""
        return self._find(carried.c.over == 1, carried.c.below == 0, carried.c.expires <= before)

    def forget(self, id: str) -> None:
        with self._database.transaction() as connection:
            connection.execute(delete(came).where(came.c.bulletin == id))
            connection.execute(delete(carried).where(carried.c.id == id))

    def _find(self, *which: Any) -> list[RelayedBulletin]:
        query = select(carried).where(*which).order_by(carried.c.seq)
        return [_carried(row) for row in self._database.read(query)]

    def _update(self, id: str, **values: Any) -> None:
        self._database.write(update(carried).where(carried.c.id == id).values(values))


def _carried(row: Any) -> RelayedBulletin:
    return RelayedBulletin(
        *(row.id, row.digest, row.key_id, row.seq, row.expires, tuple(row.areas.split())),
        *(row.envelope, row.summed, row.sum_number),
    )
