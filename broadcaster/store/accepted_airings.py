"""Accepted airings that have not ended: a power cut neither loses one nor has it said twice."""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, case, delete, func, select, update

from broadcaster.core.clock import Clock
from broadcaster.core.model import Airing, AiringKind, JournalEntry, Outcome
from broadcaster.core.notice import Notice, Severity
from broadcaster.store.database import tables
from broadcaster.store.database.airing_json import read_airing, write_airing
from broadcaster.store.database.deferred_changes import ID, DeferredChange
from broadcaster.store.database.sqlite_connection import Reads
from broadcaster.store.database.write_queue import WriteQueue
from broadcaster.store.journal import Journal

logger = logging.getLogger(__name__)

queue, journal = tables.queue, tables.journal

PROGRESS = update(queue).where(queue.c.airing_id == ID)


@dataclass(frozen=True)
class Unfinished:
    """An airing that was accepted and has no journal line, and how far it came before the box went down.

    `next_line` is the first that was not heard whole, of a continuous one all but `seconds_in_line`;
    `noted_at` is when that was last known; None if it had not begun.
    """

    airing: Airing
    next_line: int
    seconds_in_line: float
    seconds_played: float
    noted_at: datetime | None

    @property
    def started_at(self) -> datetime | None:
        return self.noted_at and self.noted_at - timedelta(seconds=self.seconds_played)


class AcceptedAirings:
    """The accepted airings on the disk; `Journal.record` takes each out. Any thread."""

    def __init__(self, source: Reads, write_queue: WriteQueue, clock: Clock) -> None:
        self._source = source
        self._write_queue = write_queue
        self._clock = clock

    def accept(
        self, airing: Airing, wait: bool = True, meanwhile: Callable[[], object] = lambda: None
    ) -> bool:
        """Write it down before it is acknowledged; whether it is known to outlast a power cut now.
        `meanwhile` is done while the disk writes.

        An airing that is accepted again, or has already ended, changes nothing.
        """
        values = {"of_airing": airing.id, "text": write_airing(airing)}
        return self._write_queue.enqueue(DeferredChange("accept", [values]), wait, meanwhile)

    def move(self, airing: Airing) -> None:
        """Its due time has changed."""
        text = write_airing(airing)
        change = update(queue).where(queue.c.airing_id == airing.id).values(airing=text)
        self._write_queue.enqueue(lambda connection: connection.execute(change), wait=False)

    def known(self, airing_ids: Collection[str]) -> set[str]:
        """Those that wait, or have ended, as far as that is written. Raises `StoreUnusable`."""
        unwritten = self._unwritten("accept").keys() | self._unwritten("end").keys()
        waits = select(queue.c.airing_id).where(queue.c.airing_id.in_(airing_ids))
        ended = select(journal.c.airing_id).where(journal.c.airing_id.in_(airing_ids))
        written = {row.airing_id for row in self._source.read(waits.union_all(ended))}
        return written | unwritten.intersection(airing_ids)

    def of_notice(self, notice_id: str) -> Airing | None:
        """The airing of a notice, waiting or ended, as far as that is written; of one that has ended
        without how it was to be said. Raises `StoreUnusable`."""
        if found := self._unwritten_of(notice_id):
            return found
        whole = func.json_valid(queue.c.airing)
        its = case((whole, func.json_extract(queue.c.airing, "$.notice.id"))) == notice_id
        for row in self._source.read(select(queue.c.airing).where(its)):
            with suppress(ValueError):
                return self._airing(row.airing)
        ended = select(journal).where(journal.c.notice_id == notice_id).limit(1)
        for row in self._source.read(ended):
            return _ended(row._asdict()).in_zone(self._clock.zone)
        return None

    def progress(
        self,
        airing_id: str,
        next_line: int,
        seconds_played: float,
        said_all: bool = False,
        seconds_in_line: float = 0.0,
    ) -> None:
        """Note how far it came. A power cut may lose the last notes, and then a line is said again; but
        not that all is said."""
        noted_at = self._clock.now().isoformat()
        values = {"next_line": next_line, "seconds_played": seconds_played, "noted_at": noted_at}
        values |= {"seconds_in_line": seconds_in_line, "of_airing": airing_id}
        if said_all:
            self._write_queue.enqueue(partial(_note_progress, values), wait=False)
        else:
            self._write_queue.enqueue_unsynced(partial(_note_progress, values))

    def unfinished(self) -> list[Unfinished]:
        """The accepted airings that have not ended, in the order of accepting. Raises
        `StoreUnusable`.
        """
        return list(self._readable())

    def _unwritten_of(self, notice_id: str) -> Airing | None:
        """The same, of what the database does not know yet: at a start on a full disk it knows least."""
        for row in self._unwritten("accept").values():
            if notice_id in row["text"]:
                with suppress(ValueError):
                    airing = self._airing(row["text"])
                    if airing.notice.id == notice_id:
                        return airing
        ends = self._unwritten("end").values()
        its = (_ended(row) for row in ends if row["notice_id"] == notice_id)
        return next((airing.in_zone(self._clock.zone) for airing in its), None)

    def _unwritten(self, what: str) -> dict[str, dict[str, Any]]:
        """The changes that have not reached the database yet, by airing."""
        rows = (row for one in self._write_queue.unwritten if one.what == what for row in one.rows)
        return {row.get("of_airing") or row["airing_id"]: row for row in rows}

    def _readable(self) -> Iterator[Unfinished]:
        ended, accepted = self._unwritten("end"), self._unwritten("accept")
        for row in self._source.read(select(queue).order_by(queue.c.number)):
            accepted.pop(row.airing_id, None)
            if row.airing_id in ended:
                continue
            try:
                yield self._unfinished(row)
            except (ValueError, TypeError):
                self._fail(row.airing_id)
                # By its number, for its id may be what is damaged.
                self._write_queue.enqueue(partial(_remove, row.number), wait=False)
        for airing_id in [one for one in accepted if one not in ended]:
            try:
                yield Unfinished(self._airing(accepted[airing_id]["text"]), 0, 0.0, 0.0, None)
            except ValueError:
                self._fail(airing_id)

    def _unfinished(self, row: Row[Any]) -> Unfinished:
        noted_at = datetime.fromisoformat(row.noted_at) if row.noted_at else None
        airing = self._airing(row.airing)
        place = int(row.next_line), float(row.seconds_in_line)
        return Unfinished(airing, *place, float(row.seconds_played), noted_at)

    def _airing(self, text: str) -> Airing:
        """As it was accepted, in the station's zone, whoever gave the moments."""
        return read_airing(text).in_zone(self._clock.zone)

    def _fail(self, airing_id: str) -> None:
        """End one of which nothing more is known."""
        logger.exception("排队的 %s 读不出来，记成没播成，错误在下面", airing_id)
        now = self._clock.now()
        airing = Airing(Notice("", title="读不出来的通知"), now, now, id=airing_id)
        end = JournalEntry(airing, Outcome.FAILED, "排队的记录坏了，请重新播", "", None, now, 0.0, 0.0)
        Journal(self._source, self._write_queue, self._clock).record(end)


def _ended(row: Mapping[str, Any]) -> Airing:
    due_at = datetime.fromisoformat(row["due_at"])
    notice = Notice(row["text"], row["notice_id"], row["title"], Severity(row["severity"]))
    return Airing(notice, due_at, due_at, AiringKind(row["kind"]), row["asked_by"], row["airing_id"])


def _remove(number: int, connection: Connection) -> None:
    connection.execute(delete(queue).where(queue.c.number == number))


def _note_progress(values: dict[str, Any], connection: Connection) -> None:
    connection.execute(PROGRESS, values)
