"""Airings and journal lines for the tests of the store, and how those open it."""

import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from broadcaster.core.model import Airing, AiringKind, JournalEntry, Outcome
from broadcaster.core.notice import Notice, Severity
from broadcaster.store.store import Store

OpenStore = Callable[[], AbstractContextManager[Store]]

DUE = datetime(2026, 11, 20, 7, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


def airing(
    airing_id: str = "a1",
    text: str = "今天停水",
    kind: AiringKind = AiringKind.SCHEDULED,
    due_at: datetime = DUE,
    asked_by: str = "早间",
) -> Airing:
    notice = Notice(text, title="停水", severity=Severity.BLUE)
    return Airing(notice, due_at, due_at + timedelta(minutes=10), kind, asked_by, airing_id)


def entry(airing: Airing, outcome: Outcome = Outcome.PLAYED, sounded: bool = True) -> JournalEntry:
    started_at = airing.due_at if sounded else None
    ended_at = airing.due_at + timedelta(seconds=9)
    return JournalEntry(airing, outcome, "", "baker:female", started_at, ended_at, 7.5, 8.0)


def aired(store: Store) -> list[str]:
    """The ids of the lines of the record, the newest first, without what says where lines are gone."""
    return [row.airing_id for row in store.journal.recent(99) if row.outcome is not Outcome.UNKNOWN]


def copy_folder(folder: Path, to: Path) -> None:
    """By a process of its own: who closes a file of the database here gives up its locks."""
    subprocess.run(["cp", "-r", folder, to], check=True)
