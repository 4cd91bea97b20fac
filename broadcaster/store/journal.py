"""What was aired: one line for each airing, written when it has ended and never changed."""

import logging
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from broadcaster.model import JournalEntry, Kind, Outcome, Severity
from broadcaster.store.database import Database

logger = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS journal (
    number INTEGER PRIMARY KEY,
    airing_id TEXT NOT NULL UNIQUE,
    notice_id TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    severity INTEGER NOT NULL,
    kind TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    due_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT NOT NULL,
    seconds_played REAL NOT NULL,
    seconds_due REAL NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    voice TEXT NOT NULL
)
"""
APPEND = f"INSERT OR IGNORE INTO journal VALUES (NULL{', ?' * 15})"
RECENT = "SELECT * FROM journal ORDER BY number DESC LIMIT ?"

TEXT_START = 60


@dataclass(frozen=True)
class JournalRow:
    """One line of the journal, for a page or a command; `title` or the start of `text` names it."""

    airing_id: str
    title: str
    text: str
    severity: Severity
    kind: Kind
    asked_by: str
    due_at: datetime
    started_at: datetime | None
    ended_at: datetime
    seconds_played: float
    seconds_due: float
    outcome: Outcome
    reason: str
    voice: str


class Journal:
    """The append-only record of outcomes; any thread. Raises `StoreUnusable`."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)

    def record(self, entry: JournalEntry) -> None:
        """Write how an airing ended; on the disk when this returns. An airing ends only once."""
        if not self._database.write(APPEND, _values(entry)):
            logger.error("airing %s ended a second time: %s", entry.airing.id, entry.outcome.value)

    def recent(self, count: int) -> list[JournalRow]:
        """The last lines, the newest first; `text` is only the start of what was said."""
        return [_row(row) for row in self._database.read(RECENT, (max(count, 0),))]

    def close(self) -> None:
        self._database.close()


def _values(entry: JournalEntry) -> tuple[object, ...]:
    airing, notice = entry.airing, entry.airing.notice
    return (
        airing.id,
        notice.id,
        _storable(notice.title),
        _storable(notice.text),
        notice.severity.value,
        airing.kind.value,
        airing.asked_by,
        airing.due_at.isoformat(),
        entry.started_at.isoformat() if entry.started_at else None,
        entry.ended_at.isoformat(),
        entry.seconds_played,
        entry.seconds_due,
        entry.outcome.value,
        entry.reason,
        entry.voice,
    )


def _storable(text: str) -> str:
    """SQLite takes no lone surrogates, which a command line that is not UTF-8 brings in."""
    return text.encode("utf-8", "replace").decode()


def _row(row: sqlite3.Row) -> JournalRow:
    return JournalRow(
        airing_id=row["airing_id"],
        title=row["title"],
        text=row["text"][:TEXT_START],
        severity=Severity(row["severity"]),
        kind=Kind(row["kind"]),
        asked_by=row["asked_by"],
        due_at=datetime.fromisoformat(row["due_at"]),
        started_at=datetime.fromisoformat(row["started_at"]) if row["started_at"] else None,
        ended_at=datetime.fromisoformat(row["ended_at"]),
        seconds_played=row["seconds_played"],
        seconds_due=row["seconds_due"],
        outcome=Outcome(row["outcome"]),
        reason=row["reason"],
        voice=row["voice"],
    )
