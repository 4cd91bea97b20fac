"""Bulletins that the box received and the receipts that wait to be sent, as plain rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from broadcaster.store.database.sqlite_connection import readable
from broadcaster.store.database.station_database import Database
from broadcaster.store.database.tables import bulletin, bulletin_key, receipt

# A county that never acknowledges must not fill the card; the oldest go first.
MOST_RECEIPTS = 20_000
PRUNED_EVERY = 200


class BulletinStage(StrEnum):
    """The progress of a bulletin in this box: TAKEN is queued, or about to be; a cancel is SETTLED at
    once.
    """

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
    stage: BulletinStage


@dataclass(frozen=True)
class NewReceipts:
    """So many that are signed together. They are numbered from `least` or higher, above all before;
    `write` makes the envelope from the first number on.

    The bulletins in `settled` come to their last stage in the same transaction.
    """

    bulletin_id: str
    count: int
    least: int
    write: Callable[[int], bytes]
    settled: Sequence[str] = ()


class StoredReceipts(NamedTuple):
    """Signed receipts that wait for the county, by the number of the last. `bulletin_id` is "" if they
    are of several bulletins.
    """

    number: int
    bulletin_id: str
    envelope: bytes


class StoredBulletins:
    """Any thread; all that is written is on the disk when a method returns. Raises `StoreUnusable`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._highest_receipt: int | None = None
        self._prune_in = 0

    def find(self, bulletin_id: str) -> StoredBulletin | None:
        rows = self._database.read(FIND, {"which": bulletin_id})
        return next(iter(self._readable(rows)), None)

    def at(self, *stages: BulletinStage) -> list[StoredBulletin]:
        """Those that came so far, by their numbers."""
        return self._readable(self._database.read(AT, {"stages": stages}))

    def all(self) -> list[StoredBulletin]:
        """Without their payloads."""
        return self._readable(self._database.read(ALL))

    def _readable(self, rows: Sequence[Row[Any]]) -> list[StoredBulletin]:
        return readable(self._database, rows, _bulletin, "县里的通知")

    def highest(self) -> dict[str, int]:
        """The highest number of each key."""
        return {row.key_id: row.highest for row in self._database.read(HIGHEST)}

    def write(
        self, bulletins: Sequence[StoredBulletin], receipts: Sequence[NewReceipts]
    ) -> list[StoredReceipts]:
        """New ones, their keys' highest numbers then, and receipts, all or nothing: one fsync. The
        receipts as they are kept.
        """
        kept: list[StoredReceipts] = []
        with self._database.transaction() as connection:
            if bulletins:
                connection.execute(PUT, [_values(row) for row in bulletins])
                connection.execute(RAISE_KEY, [{"key": one.key_id, "seq": one.seq} for one in bulletins])
            if receipts:
                kept = self._add_receipts(connection, receipts)
            if settled := [{"which": id} for one in receipts for id in one.settled]:
                connection.execute(MOVE, [one | {"stage": BulletinStage.SETTLED} for one in settled])
        return kept

    def _add_receipts(
        self, connection: Connection, receipts: Sequence[NewReceipts]
    ) -> list[StoredReceipts]:
        if self._highest_receipt is None:
            known = connection.exec_driver_sql(LAST_RECEIPT)
            self._highest_receipt = known.scalar() or 0
        number, kept = self._highest_receipt, []
        for one in receipts:
            first = max(one.least, number + 1)
            number = first + one.count - 1
            kept.append(StoredReceipts(number, one.bulletin_id, one.write(first)))
        # Also where this comes to nothing: a number that was given is not given again.
        self._highest_receipt = number
        connection.execute(ADD, [one._asdict() for one in kept])
        self._prune_in -= len(kept)
        if self._prune_in <= 0:
            connection.execute(PRUNE)
            self._prune_in = PRUNED_EVERY
        return kept

    def move(self, bulletin_id: str, stage: BulletinStage) -> None:
        self._database.write(MOVE, {"which": bulletin_id, "stage": stage})

    def forget(self, before: datetime) -> None:
        """Removes bulletins that had expired by then, except those that have not ended."""
        self._database.write(FORGET, {"before": int(before.timestamp())})

    def receipts(self, count: int, after: int = 0) -> list[StoredReceipts]:
        """The oldest that are kept."""
        rows = self._database.read(RECEIPTS, {"after": after, "count": count})
        return [StoredReceipts(row.number, row.bulletin_id, row.envelope) for row in rows]

    def receipts_kept(self) -> int:
        return int(self._database.read(COUNT)[0][0])

    def drop_receipts(self, numbers: Sequence[int]) -> None:
        """The county has them; should a power cut undo this, they are sent again."""
        with self._database.transaction(synced=False) as connection:
            connection.execute(DROP, [{"which": one} for one in numbers])


# Built once: building a statement costs five times as much as SQLite takes for it.
_WHICH: Any = bindparam("which")
_THIS = bulletin.c.bulletin_id == _WHICH
_KEY = insert(bulletin_key).values(key_id=bindparam("key"), highest=bindparam("seq"))
_OLDEST = select(receipt.c.number).order_by(receipt.c.number.desc()).offset(MOST_RECEIPTS).limit(1)
_OVER = (bulletin.c.expires_epoch <= bindparam("before")) & (
    bulletin.c.stage == BulletinStage.SETTLED.value
)
FIND = select(bulletin).where(_THIS)
AT = (
    select(bulletin)
    .where(bulletin.c.stage.in_(bindparam("stages", expanding=True)))
    .order_by(bulletin.c.seq)
)
ALL = select(*(column for column in bulletin.c if column is not bulletin.c.payload))
HIGHEST = select(bulletin_key)
PUT = insert(bulletin).on_conflict_do_nothing()
RAISE_KEY = _KEY.on_conflict_do_update(
    index_elements=["key_id"],
    set_={"highest": func.max(bulletin_key.c.highest, _KEY.excluded.highest)},
)
MOVE = update(bulletin).where(_THIS).values(stage=bindparam("stage"))
FORGET = delete(bulletin).where(_OVER)
ADD = insert(receipt)
LAST_RECEIPT = "SELECT seq FROM sqlite_sequence WHERE name = 'receipt'"
PRUNE = delete(receipt).where(receipt.c.number <= _OLDEST.scalar_subquery())
DROP = delete(receipt).where(receipt.c.number == _WHICH)
COUNT = select(func.count()).select_from(receipt)
RECEIPTS = (
    select(receipt.c.number, receipt.c.bulletin_id, receipt.c.envelope)
    .where(receipt.c.number > bindparam("after"))
    .order_by(receipt.c.number)
    .limit(bindparam("count"))
)


def _values(row: StoredBulletin) -> dict[str, Any]:
    epoch = int(row.expires.timestamp())
    return vars(row) | {"expires": row.expires.isoformat(), "expires_epoch": epoch}


def _bulletin(row: Row[Any]) -> StoredBulletin:
    fields = {"payload": b""} | row._asdict()
    del fields["expires_epoch"]
    fields |= {"expires": datetime.fromisoformat(row.expires), "stage": BulletinStage(row.stage)}
    return StoredBulletin(**fields)
