import sqlite3
import stat
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from broadcaster.errors import StoreUnusable
from broadcaster.model import Airing, JournalEntry, Kind, Notice, Outcome, Severity
from broadcaster.store.journal import Journal

DUE = datetime(2026, 11, 20, 7, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


def entry(
    airing_id: str = "a1",
    text: str = "今天停水",
    outcome: Outcome = Outcome.PLAYED,
    started_at: datetime | None = DUE + timedelta(seconds=1),
) -> JournalEntry:
    notice = Notice(text, title="停水", severity=Severity.BLUE)
    airing = Airing(notice, DUE, DUE + timedelta(minutes=10), Kind.SCHEDULED, "早间", airing_id)
    ended_at = DUE + timedelta(seconds=9)
    return JournalEntry(airing, outcome, "", "baker:female", started_at, ended_at, 7.5, 8.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "broadcaster.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    journal = Journal(path)
    yield journal
    journal.close()


def test_a_line_comes_back_as_it_was_written(journal: Journal) -> None:
    journal.record(entry())
    (row,) = journal.recent(5)
    assert (row.airing_id, row.title, row.text, row.asked_by) == ("a1", "停水", "今天停水", "早间")
    assert (row.severity, row.kind, row.outcome) == (Severity.BLUE, Kind.SCHEDULED, Outcome.PLAYED)
    assert (row.due_at, row.started_at) == (DUE, DUE + timedelta(seconds=1))
    assert row.ended_at.utcoffset() == timedelta(hours=8)
    assert (row.seconds_played, row.seconds_due, row.voice) == (7.5, 8.0, "baker:female")


def test_what_never_sounded_has_no_start(journal: Journal) -> None:
    journal.record(entry(outcome=Outcome.EXPIRED, started_at=None))
    assert journal.recent(1)[0].started_at is None


def test_recent_gives_the_newest_first_and_no_more_than_asked(journal: Journal) -> None:
    for number in range(5):
        journal.record(entry(f"a{number}"))
    assert [row.airing_id for row in journal.recent(3)] == ["a4", "a3", "a2"]
    assert journal.recent(0) == []
    assert journal.recent(-1) == []


def test_an_airing_ends_only_once(journal: Journal) -> None:
    journal.record(entry())
    journal.record(entry(outcome=Outcome.CANCELLED))
    assert [row.outcome for row in journal.recent(5)] == [Outcome.PLAYED]


def test_lines_outlive_the_process(path: Path, journal: Journal) -> None:
    journal.record(entry())
    again = Journal(path)
    assert len(again.recent(5)) == 1
    again.close()


def test_a_long_text_is_kept_whole_and_shown_by_its_start(path: Path, journal: Journal) -> None:
    journal.record(entry(text="水" * 10_000))
    assert journal.recent(1)[0].text == "水" * 60
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT length(text) FROM journal").fetchone() == (10_000,)
    connection.close()


def test_a_text_from_a_terminal_that_is_not_utf_8_is_recorded(journal: Journal) -> None:
    journal.record(entry(text="停水\udcff"))
    assert journal.recent(1)[0].text == "停水?"


def test_many_threads_lose_no_line(journal: Journal) -> None:
    def write(thread: int) -> None:
        for number in range(10):
            journal.record(entry(f"{thread}-{number}"))

    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({row.airing_id for row in journal.recent(100)}) == 40


def test_what_was_promised_is_on_the_disk_before_the_next_line(path: Path, journal: Journal) -> None:
    modes = [journal._database.read(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous")]
    assert modes == ["wal", 2]


def test_nobody_else_on_the_machine_can_read_it(path: Path, journal: Journal) -> None:
    journal.record(entry())
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    files = list(path.parent.iterdir())
    assert len(files) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_damaged_file_is_told_in_a_sentence(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, but long enough to be read as a header" * 100)
    with pytest.raises(StoreUnusable, match="数据库"):
        Journal(path)


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(StoreUnusable, match="文件夹能不能写"):
        Journal(tmp_path / "state" / "broadcaster.db")
