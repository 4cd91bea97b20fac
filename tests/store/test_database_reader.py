"""Reading beside a writer, also where the index of its log cannot be had."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from rig.stored import OpenStore, airing, entry
from sqlalchemy import func, select

from broadcaster.store.database import sqlite_connection, tables
from broadcaster.store.database.read_connection import ReadConnection

MANY = 300
ALL = select(func.sum(func.length(tables.journal.c.text))).where(tables.journal.c.airing_id > "")


@pytest.fixture
def lived(path: Path, open_again: OpenStore) -> Path:
    with open_again() as store:
        store.journal.record(*(entry(airing(f"a{number}", "停水" * 40)) for number in range(MANY)))
    return path


def test_what_a_writer_changes_under_a_reader_without_its_log_is_no_damage(
    lived: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk: a database that is sound must not give way to a backup of yesterday."""
    monkeypatch.setattr(sqlite_connection, "BUSY_SECONDS", 0.1)
    with (
        closing(sqlite3.connect(lived, isolation_level=None)) as writer,
        closing(ReadConnection(lived)) as reader,
    ):
        # Nobody else gets at its log then.
        writer.execute("PRAGMA locking_mode = EXCLUSIVE")
        for turn in range(2):
            writer.execute("DELETE FROM journal WHERE number % 5 = ?", (turn,))
            writer.execute("PRAGMA incremental_vacuum(100)").fetchall()
            writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            ((length,),) = reader.read(ALL)
            assert length == 80 * MANY * (4 - turn) // 5
