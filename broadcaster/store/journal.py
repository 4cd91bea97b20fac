"""The journal (as-run log): one line for each airing, written when it has ended and never changed."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal, or_, select, true, tuple_

from broadcaster.core.clock import Clock
from broadcaster.core.model import AiringKind, JournalEntry, Outcome
from broadcaster.core.notice import Notice, Severity
from broadcaster.store.database import tables
from broadcaster.store.database.airing_json import read_overrides, write_overrides
from broadcaster.store.database.deferred_changes import DeferredChange
from broadcaster.store.database.sqlite_connection import Reads, readable
from broadcaster.store.database.write_queue import WriteQueue

logger = logging.getLogger(__name__)

journal, HAPPENED = tables.journal, tables.HAPPENED
ORDER = HAPPENED, journal.c.number

TEXT_START = 60
PORTION = 500
WORTH_TELLING = timedelta(minutes=1)
# A board without a battery comes up some hours behind the lines that it wrote last: those stay in front.
AHEAD = timedelta(days=1)
# The device's account of a whole programme is that exact.
HEARD_MORE_SECONDS = 0.1
WHAT = "播出记录"


@dataclass(frozen=True)
class JournalRow:
    """One line of the journal, for a page or a command; `title` or the start of `text` names it."""

    airing_id: str
    title: str
    text: str
    severity: Severity
    kind: AiringKind
    asked_by: str
    due_at: datetime
    started_at: datetime | None
    ended_at: datetime
    seconds_played: float
    seconds_due: float
    outcome: Outcome
    reason: str
    voice: str
    manner: str = ""

    @property
    def happened_at(self) -> datetime:
        """The time at which it began to sound, or else ended."""
        return self.started_at or self.ended_at

    @property
    def planned_for(self) -> datetime | None:
        """The planned time, if it differs from the minute in which it happened; else None."""
        apart = abs(self.happened_at - self.due_at)
        return self.due_at if apart >= WORTH_TELLING else None

    @property
    def full_seconds(self) -> float:
        """The programme's length, to be told beside what was heard of it; 0 where it is not known, or
        more was heard, for lines were said again."""
        more = self.seconds_played - self.seconds_due
        ended = self.outcome is Outcome.PLAYED
        return self.seconds_due if more < 0 or (ended and more < HEARD_MORE_SECONDS) else 0.0

    @property
    def seconds_again(self) -> float:
        """The seconds that were said again after a break; `seconds_played` counts them, because the
        loudspeaker was on for so long.
        """
        more = self.seconds_played - self.seconds_due
        return more if self.seconds_due and more >= HEARD_MORE_SECONDS else 0.0

    @cached_property
    def drill(self) -> bool:
        return self.notice.drill

    @property
    def notice(self) -> Notice:
        """The notice as it was to be said, with a new id, so that it may be said again."""
        return read_overrides(Notice(self.text, title=self.title, severity=self.severity), self.manner)


@dataclass(frozen=True)
class JournalFilter:
    """A filter of journal lines: planned for or happened from `since` until before `until`, with words
    in them.
    """

    since: datetime | None = None
    until: datetime | None = None
    outcome: Outcome | None = None
    asked_by: str = ""
    text: str = ""


EVERYTHING = JournalFilter()


class JournalReader:
    """The record of outcomes, to be looked through; any thread. Raises `StoreUnusable`.

    Its moments are in the station's zone, whoever gave them.
    """

    def __init__(self, source: Reads, clock: Clock) -> None:
        self._source = source
        self._clock = clock

    def recent(self, count: int, wanted: JournalFilter = EVERYTHING, skip: int = 0) -> list[JournalRow]:
        """The last lines, what happened last first; `text` is only the start of what was said."""
        count, skip = max(count, 0), max(skip, 0)
        past, to_come = self._parts(wanted)
        rows = list(self._source.read(_newest(past).limit(count).offset(skip)))
        if len(rows) < count:
            skip = max(skip - self._count(past), 0)
            rows += self._source.read(_newest(to_come).limit(count - len(rows)).offset(skip))
        return readable(self._source, rows, lambda row: self._row(row, TEXT_START), WHAT)

    def count(self, wanted: JournalFilter = EVERYTHING) -> int:
        return self._count(_condition(wanted))

    def _count(self, condition: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(journal).where(condition)
        return int(self._source.read(query)[0][0])

    def _parts(self, wanted: JournalFilter) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """Two conditions: lines with a plausible time, and lines written by a clock that ran ahead,
        which come after all others.
        """
        latest = int((self._clock.now() + AHEAD).timestamp())
        condition = _condition(wanted)
        return condition & (HAPPENED <= latest), condition & (HAPPENED > latest)

    def find(self, airing_id: str) -> JournalRow | None:
        """The line of one airing, with its whole text."""
        rows = self._source.read(select(journal).where(journal.c.airing_id == airing_id))
        return next(iter(readable(self._source, rows, self._row, WHAT)), None)

    def live_notice_of(self, airing_id: str) -> tuple[str, str] | None:
        """The notice of a live airing, and the last airing of it that has ended."""
        columns = journal.c.notice_id, journal.c.airing_id, journal.c.number
        live = select(*columns).where(journal.c.kind == AiringKind.LIVE.value)
        for row in self._source.read(live.where(journal.c.airing_id == airing_id)):
            same = live.where(journal.c.notice_id == row.notice_id)
            last = self._source.read(same.order_by(journal.c.number.desc()).limit(1))
            return row.notice_id, last[0].airing_id
        return None

    def each(self, wanted: JournalFilter = EVERYTHING) -> Iterator[JournalRow]:
        """All lines with their whole texts, in the same order, however many there are."""
        for part in self._parts(wanted):
            newest = _newest(part).limit(PORTION)
            rows = self._source.read(newest)
            while rows:
                yield from readable(self._source, rows, self._row, WHAT)
                last = literal(rows[-1].happened), literal(rows[-1].number)
                rows = self._source.read(newest.where(tuple_(*ORDER) < tuple_(*last)))

    def _row(self, row: Row[Any], length: int | None = None) -> JournalRow:
        return JournalRow(
            airing_id=row.airing_id,
            title=row.title,
            text=row.text[:length],
            severity=Severity(row.severity),
            kind=AiringKind(row.kind),
            asked_by=row.asked_by,
            due_at=self._moment(row.due_at),
            started_at=self._moment(row.started_at) if row.started_at else None,
            ended_at=self._moment(row.ended_at),
            seconds_played=row.seconds_played,
            seconds_due=row.seconds_due,
            outcome=Outcome(row.outcome),
            reason=row.reason,
            voice=row.voice,
            manner=row.manner,
        )

    def _moment(self, text: str) -> datetime:
        return datetime.fromisoformat(text).astimezone(self._clock.zone)


class Journal(JournalReader):
    """The same, and written to. Nothing is ever changed in it."""

    def __init__(self, source: Reads, write_queue: WriteQueue, clock: Clock) -> None:
        super().__init__(source, clock)
        self._write_queue = write_queue

    def record(self, *entries: JournalEntry) -> bool:
        """Write how airings ended, and take them out of the queue, both or neither; False if it could
        not be written yet. Never raises; an airing ends only once."""
        portions = (entries[first : first + PORTION] for first in range(0, len(entries), PORTION))
        return all([self._record_together(portion) for portion in portions])

    def _record_together(self, entries: Sequence[JournalEntry]) -> bool:
        return self._write_queue.enqueue(DeferredChange("end", [_values(entry) for entry in entries]))


def _newest(condition: ColumnElement[bool]) -> Select[Any]:
    newest = [column.desc() for column in ORDER]
    return select(journal, HAPPENED.label("happened")).where(condition).order_by(*newest)


def _condition(wanted: JournalFilter) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = true()
    if wanted.since or wanted.until:
        condition &= or_(_within(journal.c.due_epoch, wanted), _within(HAPPENED, wanted))
    if wanted.outcome:
        condition &= journal.c.outcome == wanted.outcome.value
    if wanted.asked_by:
        condition &= journal.c.asked_by.contains(storable(wanted.asked_by), autoescape=True)
    if wanted.text:
        found = (
            column.contains(storable(wanted.text), autoescape=True)
            for column in (journal.c.title, journal.c.text)
        )
        condition &= or_(*found)
    return condition


def _within(moment: ColumnElement[int], wanted: JournalFilter) -> ColumnElement[bool]:
    since, until = wanted.since, wanted.until
    return and_(
        moment >= since.timestamp() if since else true(),
        moment < until.timestamp() if until else true(),
    )


def _values(entry: JournalEntry) -> dict[str, object]:
    airing, notice = entry.airing, entry.airing.notice
    return {
        "airing_id": airing.id,
        "notice_id": notice.id,
        "title": storable(notice.title),
        "text": storable(notice.text),
        "severity": notice.severity.value,
        "kind": airing.kind.value,
        "asked_by": storable(airing.asked_by),
        "due_at": airing.due_at.isoformat(),
        "due_epoch": int(airing.due_at.timestamp()),
        "started_at": entry.started_at.isoformat() if entry.started_at else None,
        "ended_at": entry.ended_at.isoformat(),
        "seconds_played": entry.seconds_played,
        "seconds_due": entry.seconds_due,
        "outcome": entry.outcome.value,
        "reason": storable(entry.reason),
        "voice": entry.voice,
        "manner": write_overrides(notice),
    }


def storable(text: str) -> str:
    """SQLite takes no lone surrogates, which a command line that is not UTF-8 brings in."""
    return text.encode("utf-8", "replace").decode()
