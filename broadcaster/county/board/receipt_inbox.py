"""The office's inbox of receipts: verifies each by the box's key in the register, stores it and counts
it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Table, and_, bindparam, case, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from broadcaster.bulletin import areas as area_codes
from broadcaster.bulletin.keys import public_from_hex
from broadcaster.bulletin.receipts import Receipt, Receipts, read_receipts
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.core.clock import Clock
from broadcaster.core.notice import SPECS
from broadcaster.county.board.uncounted_receipts import (
    Doubt,
    DoubtLog,
    ReceiptRateLimit,
    SentBulletin,
    StoredDoubts,
    clamped,
    doubt_of,
    is_honest,
)
from broadcaster.county.broker.box_status import BoxStatus
from broadcaster.county.register.register import BoxState, in_use
from broadcaster.county.store.delivery_state import ENDS, stage_of
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import box, bulletin, envelope, reach, receipt

_THIS: Any = box.c.id == bindparam("who")
HEARD = update(box).where(_THIS).values(heard_at=bindparam("when"))
PRESENT = update(box).where(_THIS).values(online=bindparam("there"))
TELLS = PRESENT.values(trouble=bindparam("ails"), quiet=bindparam("rests"))
COLUMNS = ("stage", "key", "box_number", "at", "seconds_played", "seconds_due", "reason", "started_at")


@dataclass(frozen=True)
class IncomingReceipts:
    """The bytes that came from a box."""

    box: str
    data: bytes


Genuine = tuple[IncomingReceipts, Receipts]
Values = dict[str, Any]


@dataclass(frozen=True)
class EnrolledBox:
    """A box in use, as the register has it; `area` is trimmed."""

    key: str
    area: str


class ReceiptInbox:
    """For the office's own thread. Without a `pace` a person stands behind what comes; `doubts` are
    those of the boxes where nothing else is given.
    """

    def __init__(
        self,
        database: OfficeDatabase,
        clock: Clock,
        pace: ReceiptRateLimit | None = None,
        doubts: DoubtLog | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._pace = pace
        self._boxes: dict[str, EnrolledBox] = {}
        self.doubts: DoubtLog = doubts or StoredDoubts(database, clock)

    def take(self, sent: Sequence[IncomingReceipts]) -> int:
        """Keep what is genuine, in one transaction; of how many. The rest is counted apart."""
        if sent:
            self._boxes = enrolled(self._database, {one.box for one in sent})
            genuine = [(one, read) for one in sent if (read := self._read(one))]
            stored = self._already_stored([read for _, read in genuine])
            taken = [
                (one, read)
                for one, read in genuine
                if (read.box, read.number) in stored or self._in_bounds(read)
            ]
            self._keep(taken, stored)
        else:
            taken = []
        self.doubts.keep()
        return len(taken)

    def _keep(self, taken: Sequence[Genuine], stored: Collection[tuple[str, int]]) -> None:
        receipts = [(read, one) for _, read in taken for one in read.receipts]
        signed, now = self._sent_bulletins({one.bulletin for _, one in receipts}), self._clock.now()
        kept, rows = [], []
        for read, one in receipts:
            sent = signed.get(one.bulletin)
            why = doubt_of(one, sent, self._boxes[read.box].area, now)
            if why and not is_honest(one, why) and (read.box, read.number) not in stored:
                self.doubts.note(read.box, why, one.bulletin)
            if why in (None, Doubt.UNKNOWN):
                # Those of an office above are for the relay, should it lose what it had.
                kept.append(self._receipt_columns(read, one, now))
            if not why and sent and stage_of(one):
                rows.append(self._delivery_columns(read.box, one, sent, now))
        self._write(taken, kept, rows)

    def _write(self, taken: Sequence[Genuine], kept: Sequence[Values], rows: Sequence[Values]) -> None:
        if not taken:
            return
        of = {(one["key"], one["told_in"]) for one in kept}
        signed = [self._envelope_columns(one, read) for one, read in taken]
        signed = [one for one in signed if (one["key"], one["number"]) in of]
        with self._database.transaction() as connection:
            keep_told, keep, add_up = _statements(connection.dialect.name)
            if kept:
                connection.execute(keep_told, signed)
                connection.execute(keep, kept)
            if rows:
                connection.execute(add_up, rows)
            who, now = sorted({read.box for _, read in taken}), self._clock.now()
            connection.execute(HEARD, [{"who": one, "when": now} for one in who])

    def store_status(self, status: Mapping[str, BoxStatus]) -> None:
        """Stores boxes' own status from the broker; a last will only tells that the box is gone."""
        if not status:
            return
        gone = [{"who": box, "there": 0} for box, one in status.items() if not one.online]
        online = [
            {"who": box, "there": 1, "ails": one.trouble, "rests": one.quiet}
            for box, one in status.items()
            if one.online
        ]
        with self._database.transaction() as connection:
            if gone:
                connection.execute(PRESENT, gone)
            if online:
                connection.execute(TELLS, online)

    def registered_boxes(self, ids: Collection[str]) -> set[str]:
        """Those of these boxes that are in the register, and not retired."""
        query = select(box.c.id).where(box.c.id.in_(sorted(ids)), box.c.state != BoxState.RETIRED)
        return {row.id for row in self._database.read(query)}

    def _read(self, sent: IncomingReceipts) -> Receipts | None:
        known = self._boxes.get(sent.box)
        if known is None:
            self.doubts.stranger(sent.box)
            return None
        try:
            read = read_receipts(sent.data, sent.box, _key_of(known.key))
        except NotAccepted as refused:
            self.doubts.note(sent.box, Doubt.UNREADABLE, refused)
            return None
        return read

    def _already_stored(self, read: Sequence[Receipts]) -> set[tuple[str, int]]:
        """Box and number of those that are kept already: on a bad line a box sends all of them again
        with each connection, and that must neither use up its pace nor be told as more of the same."""
        keys, numbers = {self._boxes[one.box].key for one in read}, {one.number for one in read}
        ours = envelope.c.key.in_(sorted(keys)) & envelope.c.number.in_(sorted(numbers))
        rows = self._database.read(select(envelope.c.key, envelope.c.number).where(ours))
        kept = {(row.key, row.number) for row in rows}
        return {(one.box, one.number) for one in read if (self._boxes[one.box].key, one.number) in kept}

    def _in_bounds(self, read: Receipts) -> bool:
        count = len(read.receipts)
        allowed = self._pace is None or self._pace.allows(read.box, count)
        if not allowed:
            self.doubts.note(read.box, Doubt.TOO_MANY, count=count)
        return allowed

    def _sent_bulletins(self, ids: set[str]) -> dict[str, SentBulletin]:
        """Those of them that this office has signed."""
        columns = bulletin.c.id, bulletin.c.digest, bulletin.c.areas, bulletin.c.issued
        ours = bulletin.c.id.in_(sorted(ids)) & bulletin.c.digest.is_not(None)
        rows = self._database.read(select(*columns).where(ours))
        return {row.id: SentBulletin(row.digest, tuple(row.areas.split()), row.issued) for row in rows}

    def _envelope_columns(self, sent: IncomingReceipts, read: Receipts) -> dict[str, Any]:
        return {"key": self._boxes[read.box].key, "number": read.number, "envelope": sent.data}

    def _receipt_columns(self, read: Receipts, one: Receipt, now: datetime) -> dict[str, Any]:
        return {
            "box": read.box,
            "key": self._boxes[read.box].key,
            "box_number": one.number,
            "bulletin": one.bulletin,
            "state": one.state,
            "at": one.at,
            "taken_at": now,
            "told_in": read.number,
        }

    def _delivery_columns(
        self, box_id: str, read: Receipt, sent: SentBulletin, now: datetime
    ) -> dict[str, Any]:
        heard = read.heard
        # What was cut says its last line again: more was played than there is.
        due = heard.seconds_due if heard else 0
        played = min(heard.seconds_played, due or heard.seconds_played) if heard else 0
        started = heard.started if heard else None
        return {
            "bulletin": read.bulletin,
            "box": box_id,
            "stage": stage_of(read),
            "key": self._boxes[box_id].key,
            "box_number": read.number,
            "at": clamped(read.at, sent, now),
            "seconds_played": round(played),
            "seconds_due": round(due),
            "reason": _reason(read),
            "started_at": started and clamped(started, sent, now),
        }


def _reason(read: Receipt) -> str:
    unknown = "、".join(SPECS[name].label if name in SPECS else name for name in read.ignored)
    passed_over = f"广播站不认识这几项，没有管：{unknown}" if unknown else ""
    return read.reason or (read.refusal.sentence if read.refusal else passed_over)


# Making one takes half as long as verifying by it; 2 kB each.
_key_of = lru_cache(maxsize=4_000)(public_from_hex)


@lru_cache
def _statements(dialect_name: str) -> tuple[Any, Any, Any]:
    """To keep what was signed, to keep a receipt, and to add it up."""
    dialect: Any = sqlite if dialect_name == "sqlite" else postgresql
    keep_told, keep = (dialect.insert(table).on_conflict_do_nothing() for table in (envelope, receipt))
    return keep_told, keep, upsert_delivery(dialect, reach, COLUMNS)


def enrolled(database: OfficeDatabase, ids: Collection[str] | None = None) -> dict[str, EnrolledBox]:
    """The key and the place of each box in use, or of those of them."""
    rows = in_use(database, box.c.key, box.c.area, ids=ids)
    return {id: EnrolledBox(row.key, area_codes.trim(row.area)) for id, row in rows.items()}


# What was heard was heard, whatever is told of it after; before its end the latest word counts.
_END: dict[str, int] = {end.value: place for place, end in enumerate(ENDS, 1)}


def upsert_delivery(dialect: Any, table: Table, names: Sequence[str]) -> Any:
    """Write these columns of a bulletin in a box, whichever comes first: an end before what is none, the
    better end, and of two alike the later receipt of the box by its own number, or that of a new key.
    """
    statement = dialect.insert(table)
    said = statement.excluded
    new, old = (case(_END, value=stage, else_=0) for stage in (said.stage, table.c.stage))
    later = or_(said.key != table.c.key, said.box_number > table.c.box_number)
    return statement.on_conflict_do_update(
        index_elements=[table.c.bulletin, table.c.box],
        set_={name: said[name] for name in names},
        where=or_(new > old, and_(new == old, later)),
    )
