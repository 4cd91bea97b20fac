"""Receipts: verified by the key that the register has of each box, kept for ever, added up."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from securesystemslib.signer import Key
from sqlalchemy import Table, bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from broadcaster.bulletin.keys import public_from_hex
from broadcaster.bulletin.receipts import Receipt, Receipts, read_receipts
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.clock import Clock
from broadcaster.county.database import OfficeDatabase
from broadcaster.county.reaches import stage_of
from broadcaster.county.register import in_use
from broadcaster.county.tables import box, bulletin, reach, receipt, told

logger = logging.getLogger(__name__)

_THIS: Any = box.c.id == bindparam("who")
HEARD = update(box).where(_THIS).values(heard_at=bindparam("when"))
PRESENT = update(box).where(_THIS).values(online=bindparam("there"))
ADDED_UP = ("stage", "key", "box_number", "at", "seconds_played", "seconds_due", "reason", "started_at")


@dataclass(frozen=True)
class Sent:
    """What came from a box, as bytes."""

    box: str
    data: bytes


class Intake:
    """For the office's own thread."""

    def __init__(self, database: OfficeDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._keys: dict[str, str] = {}

    def take(self, sent: Sequence[Sent]) -> int:
        """Keep what is genuine, in one transaction; of how many. The rest is told in the log only."""
        if not sent:
            return 0
        self._keys = enrolled_keys(self._database, {one.box for one in sent})
        taken = [(one, read) for one in sent if (read := self._read(one))]
        if not taken:
            return 0
        receipts = [(read, one) for _, read in taken for one in read.receipts]
        known, now = self._known({one.bulletin for _, one in receipts}), self._clock.now()
        kept = [self._kept(read, one, now) for read, one in receipts]
        rows = [
            self._reached(read.box, one)
            for read, one in receipts
            if one.bulletin in known and stage_of(one)
        ]
        with self._database.transaction() as connection:
            keep_told, keep, add_up = _statements(connection.dialect.name)
            connection.execute(keep_told, [self._told(one, read) for one, read in taken])
            connection.execute(keep, kept)
            if rows:
                connection.execute(add_up, rows)
            who = sorted({read.box for _, read in taken})
            connection.execute(HEARD, [{"who": one, "when": now} for one in who])
        return len(taken)

    def present(self, told: Mapping[str, bool]) -> None:
        """What the states of boxes on the broker say: only who is there, for they are not signed."""
        rows = [{"who": who, "there": int(there)} for who, there in told.items()]
        with self._database.transaction() as connection:
            connection.execute(PRESENT, rows)

    def _read(self, sent: Sent) -> Receipts | None:
        key = self._key(sent.box)
        if key is None:
            logger.warning("receipts of %s, which is not enrolled", sent.box)
            return None
        try:
            return read_receipts(sent.data, sent.box, key)
        except NotAccepted as refused:
            logger.warning("receipts of %s are refused: %s", sent.box, refused)
            return None

    def _key(self, box_id: str) -> Key | None:
        found = self._keys.get(box_id)
        return _key_of(found) if found else None

    def _known(self, ids: set[str]) -> set[str]:
        query = select(bulletin.c.id).where(bulletin.c.id.in_(sorted(ids)))
        return {row.id for row in self._database.read(query)}

    def _told(self, sent: Sent, read: Receipts) -> dict[str, Any]:
        return {"key": self._keys[read.box], "number": read.number, "envelope": sent.data}

    def _kept(self, read: Receipts, one: Receipt, now: datetime) -> dict[str, Any]:
        return {
            "box": read.box,
            "key": self._keys[read.box],
            "box_number": one.number,
            "bulletin": one.bulletin,
            "state": one.state,
            "at": one.at,
            "taken_at": now,
            "told_in": read.number,
        }

    def _reached(self, box_id: str, read: Receipt) -> dict[str, Any]:
        heard = read.heard
        return {
            "bulletin": read.bulletin,
            "box": box_id,
            "stage": stage_of(read),
            "key": self._keys[box_id],
            "box_number": read.number,
            "at": read.at,
            "seconds_played": round(heard.seconds_played) if heard else 0,
            "seconds_due": round(heard.seconds_due) if heard else 0,
            "reason": read.reason or (read.refusal.sentence if read.refusal else ""),
            "started_at": heard.started if heard else None,
        }


# Making one takes half as long as verifying by it; 2 kB each.
_key_of = lru_cache(maxsize=4_000)(public_from_hex)


@lru_cache
def _statements(dialect_name: str) -> tuple[Any, Any, Any]:
    """To keep what was signed, to keep a receipt, and to add it up."""
    dialect: Any = sqlite if dialect_name == "sqlite" else postgresql
    keep_told, keep = (dialect.insert(table).on_conflict_do_nothing() for table in (told, receipt))
    return keep_told, keep, adding_up(dialect, reach, ADDED_UP)


def enrolled_keys(database: OfficeDatabase, ids: Collection[str] | None = None) -> dict[str, str]:
    """The public key of each box in use, or of those of them, as hex."""
    return in_use(database, box.c.key, ids)


def adding_up(dialect: Any, table: Table, names: Sequence[str]) -> Any:
    """Write these columns of a bulletin in a box: a later receipt of the box counts, by its own number,
    whichever comes first; one of a new key always.
    """
    statement = dialect.insert(table)
    said = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[table.c.bulletin, table.c.box],
        set_={name: said[name] for name in names},
        where=or_(said.key != table.c.key, said.box_number > table.c.box_number),
    )
