"""Deletes old bulletins, receipts, audit entries and recordings; never one in force."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, func, or_, select

from broadcaster.core.clock import Clock
from broadcaster.county.notices.draft import DraftState
from broadcaster.county.notices.recordings import RecordingStore, from_text
from broadcaster.county.store.audit import Audit
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.office_settings import KeepSettings
from broadcaster.county.store.tables import (
    SIGNED_WITH,
    audit,
    bulletin,
    envelope,
    hearing,
    reach,
    receipt,
    revision,
    standing,
)

logger = logging.getLogger(__name__)

WHO, WHAT = "平台", "清理旧记录"
EVERY_SECONDS = 6 * 3600.0
# A bulletin of 2,000 boxes has as many rows of `reach`: some tenths of a second a turn.
BULLETINS_AT_ONCE, ROWS_AT_ONCE = 5, 5_000
OVER = (DraftState.CANCELLED, DraftState.EXPIRED)

_THIS: Any = (envelope.c.key == bindparam("by")) & (envelope.c.number == bindparam("last"))
EMPTY = delete(envelope).where(_THIS, ~exists().where(SIGNED_WITH))


@dataclass(frozen=True)
class DeletedRows:
    """The numbers of deleted rows in one turn."""

    bulletins: int = 0
    receipts: int = 0
    audit_entries: int = 0
    recordings: int = 0

    @property
    def any(self) -> bool:
        return bool(self.bulletins or self.receipts or self.audit_entries or self.recordings)

    def __add__(self, other: DeletedRows) -> DeletedRows:
        ours, theirs = vars(self), vars(other)
        return DeletedRows(**{name: ours[name] + theirs[name] for name in ours})

    def __str__(self) -> str:
        return (
            f"通知 {self.bulletins} 则，回执 {self.receipts} 份，"
            f"操作记录 {self.audit_entries} 条，录音 {self.recordings} 个"
        )


class Retention:
    """For the office's own thread: `step` does a little at a time until nothing is left, then rests."""

    def __init__(
        self,
        database: OfficeDatabase,
        clock: Clock,
        keep: KeepSettings,
        sounds: RecordingStore,
        note: Audit,
    ) -> None:
        self._database = database
        self._clock = clock
        self._keep = keep
        self._sounds = sounds
        self._audit = note
        self._rests_until = clock.monotonic()
        self._deleted = DeletedRows()

    def step(self) -> None:
        now = self._clock.monotonic()
        if now < self._rests_until:
            return
        # One that fails is not tried again at once.
        self._rests_until = now + EVERY_SECONDS
        deleted = self.delete_some()
        self._deleted += deleted
        if deleted.any:
            self._rests_until = now
            return
        if self._deleted.any:
            logger.info("清理了旧记录：%s", self._deleted)
            self._audit.note(WHO, WHAT, str(self._deleted))
            self._deleted = DeletedRows()

    def delete_some(self) -> DeletedRows:
        """One transaction; what is left is for the next."""
        with self._database.transaction() as connection:
            deleted = DeletedRows(
                self._bulletins(connection), self._receipts(connection), self._audit_entries(connection)
            )
        return deleted + DeletedRows(recordings=self._recordings())

    def _before(self, days: int) -> datetime:
        return self._clock.now() - timedelta(days=days)

    def _bulletins(self, connection: Connection) -> int:
        """Over for so long, and off the broker; drafts are somebody's work and stay."""
        old = bulletin.c.state.in_(OVER) & (
            bulletin.c.written_at < self._before(self._keep.bulletins_days)
        )
        old &= or_(
            bulletin.c.expires.is_(None), bulletin.c.expires < self._before(self._keep.bulletins_days)
        )
        old &= or_(bulletin.c.sent_at.is_(None), bulletin.c.cleared_at.is_not(None))
        query = select(bulletin.c.id, bulletin.c.version).where(old).limit(BULLETINS_AT_ONCE)
        found = connection.execute(query).all()
        ids = [row.id for row in found]
        connection.execute(delete(reach).where(reach.c.bulletin.in_(ids)))
        _delete_receipts(connection, receipt.c.bulletin.in_(ids))
        connection.execute(delete(hearing).where(hearing.c.version.in_([row.version for row in found])))
        connection.execute(delete(bulletin).where(bulletin.c.id.in_(ids)))
        return len(ids)

    def _receipts(self, connection: Connection) -> int:
        """Deletes old receipts; their totals stay with the bulletin."""
        live = select(bulletin.c.id).where(bulletin.c.state.not_in(OVER))
        old = (receipt.c.taken_at < self._before(self._keep.receipts_days)) & receipt.c.bulletin.not_in(
            live
        )
        return _delete_receipts(connection, _some(receipt, old))

    def _audit_entries(self, connection: Connection) -> int:
        """And what texts and drafts were in those days."""
        before = self._before(self._keep.audit_days)
        connection.execute(delete(hearing).where(hearing.c.at < before))
        _delete(connection, revision, revision.c.at < before)
        return _delete(connection, audit, audit.c.at < before)

    def _recordings(self) -> int:
        """Those of what is in force, not sent yet or sent again and again stay, and all that came
        lately.
        """
        query = select(bulletin.c.sound).where(bulletin.c.sound != "", bulletin.c.state.not_in(OVER))
        again = select(standing.c.sound).where(standing.c.sound != "")
        rows = [*self._database.read(query), *self._database.read(again)]
        used = {sound.sha256 for row in rows if (sound := from_text(row.sound))}
        return self._sounds.remove_but(used, self._before(self._keep.recordings_days).timestamp())


def _delete(connection: Connection, table: Any, which: Any) -> int:
    return connection.execute(delete(table).where(_some(table, which))).rowcount


def _some(table: Any, which: Any) -> Any:
    """The oldest of these, as many as a turn takes."""
    numbers = select(table.c.number).where(which).order_by(table.c.number).limit(ROWS_AT_ONCE)
    return table.c.number.in_(numbers)


def _delete_receipts(connection: Connection, which: Any) -> int:
    """And what boxes have signed, once nothing of it is left."""
    signed = connection.execute(select(receipt.c.key, receipt.c.told_in).where(which).distinct()).all()
    count = connection.execute(delete(receipt).where(which)).rowcount
    if signed:
        connection.execute(EMPTY, [{"by": row.key, "last": row.told_in} for row in signed])
    return count


def row_counts(database: OfficeDatabase) -> dict[str, int]:
    """The number of rows of each kind now."""
    counted = {"通知": bulletin, "回执": receipt, "操作记录": audit}
    return {
        name: database.read(select(func.count()).select_from(table))[0][0]
        for name, table in counted.items()
    }
