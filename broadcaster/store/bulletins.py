"""What the county told this box, and the receipts that wait for it: plain rows, which `link` reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from broadcaster.store.database import Database
from broadcaster.store.tables import bulletin, bulletin_key, receipt

# A county that never acknowledges must not fill the card; the oldest go first.
MOST_RECEIPTS = 20_000


class Stage(StrEnum):
    """How far a bulletin came here: TAKEN is queued, or about to be; a cancel is SETTLED at once."""

    WAITS = "waits"
    TAKEN = "taken"
    SETTLED = "settled"


@dataclass(frozen=True)
class StoredBulletin:
    """One row; `expires` is aware."""

    bulletin_id: str
    digest: str
    key_id: str
    area: str
    issuer: str
    seq: int
    expires: datetime
    cancels: str | None
    payload: bytes
    stage: Stage


class StoredBulletins:
    """Any thread; all that is written is on the disk when a method returns. Raises `StoreUnusable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, bulletin_id: str) -> StoredBulletin | None:
        return self._first(select(bulletin).where(bulletin.c.bulletin_id == bulletin_id))

    def of_seq(self, key_id: str, seq: int) -> StoredBulletin | None:
        return self._first(select(bulletin).where(bulletin.c.key_id == key_id, bulletin.c.seq == seq))

    def cancels_of(self, bulletin_id: str) -> list[StoredBulletin]:
        return self._all(select(bulletin).where(bulletin.c.cancels == bulletin_id))

    def at(self, *stages: Stage) -> list[StoredBulletin]:
        """Those that came so far, by their numbers."""
        return self._all(select(bulletin).where(bulletin.c.stage.in_(stages)))

    def digests(self) -> dict[str, str]:
        rows = self._database.read(select(bulletin.c.bulletin_id, bulletin.c.digest))
        return {row.bulletin_id: row.digest for row in rows}

    def highest_seq(self, key_id: str) -> int:
        rows = self._database.read(select(bulletin_key).where(bulletin_key.c.key_id == key_id))
        return int(rows[0].highest) if rows else 0

    def put(self, row: StoredBulletin, least: int, write: Callable[[int], bytes]) -> None:
        """A new one, its key's highest number then, and its first receipt, all or nothing."""
        values = asdict(row) | {
            "expires": row.expires.isoformat(),
            "expires_epoch": int(row.expires.timestamp()),
            "stage": row.stage.value,
        }
        key = insert(bulletin_key).values(key_id=row.key_id, highest=row.seq)
        highest = func.max(bulletin_key.c.highest, key.excluded.highest)
        with self._database.transaction() as connection:
            connection.execute(insert(bulletin).values(values).on_conflict_do_nothing())
            connection.execute(
                key.on_conflict_do_update(index_elements=["key_id"], set_={"highest": highest})
            )
            _add_receipt(connection, row.bulletin_id, least, write)

    def move(self, bulletin_id: str, stage: Stage) -> None:
        change = update(bulletin).where(bulletin.c.bulletin_id == bulletin_id)
        with self._database.transaction() as connection:
            connection.execute(change.values(stage=stage.value))

    def forget(self, before: datetime) -> None:
        """What had expired by then, but for what has not ended."""
        old = bulletin.c.expires_epoch <= int(before.timestamp())
        with self._database.transaction() as connection:
            connection.execute(delete(bulletin).where(old, bulletin.c.stage == Stage.SETTLED.value))

    def add_receipt(
        self, bulletin_id: str, least: int, write: Callable[[int], bytes], settles: bool = False
    ) -> None:
        """Its number is `least` at least, and higher than any before; `write` makes it of that.

        With `settles` the bulletin comes to its last stage in the same transaction.
        """
        change = update(bulletin).where(bulletin.c.bulletin_id == bulletin_id)
        with self._database.transaction() as connection:
            _add_receipt(connection, bulletin_id, least, write)
            if settles:
                connection.execute(change.values(stage=Stage.SETTLED.value))

    def receipts(self, count: int, after: int = 0) -> list[tuple[int, str, bytes]]:
        """The oldest that wait: number, bulletin, envelope."""
        query = select(receipt).where(receipt.c.number > after).order_by(receipt.c.number).limit(count)
        return [(row.number, row.bulletin_id, row.envelope) for row in self._database.read(query)]

    def receipts_waiting(self) -> int:
        return int(self._database.read(select(func.count()).select_from(receipt))[0][0])

    def drop_receipts(self, numbers: Sequence[int]) -> None:
        """The county has them."""
        with self._database.transaction() as connection:
            connection.execute(delete(receipt).where(receipt.c.number.in_(list(numbers))))

    def _first(self, query: Select[Any]) -> StoredBulletin | None:
        rows = self._database.read(query.limit(1))
        return _bulletin(rows[0]) if rows else None

    def _all(self, query: Select[Any]) -> list[StoredBulletin]:
        return [_bulletin(row) for row in self._database.read(query.order_by(bulletin.c.seq))]


def _add_receipt(
    connection: Connection, bulletin_id: str, least: int, write: Callable[[int], bytes]
) -> None:
    known = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'receipt'")
    number = max(least, (known.scalar() or 0) + 1)
    values = {"number": number, "bulletin_id": bulletin_id, "envelope": write(number)}
    connection.execute(insert(receipt).values(values))
    oldest = select(receipt.c.number).order_by(receipt.c.number.desc()).offset(MOST_RECEIPTS).limit(1)
    connection.execute(delete(receipt).where(receipt.c.number <= oldest.scalar_subquery()))


def _bulletin(row: Row[Any]) -> StoredBulletin:
    fields = dict(row._mapping)
    del fields["expires_epoch"]
    fields |= {"expires": datetime.fromisoformat(row.expires), "stage": Stage(row.stage)}
    return StoredBulletin(**fields)
