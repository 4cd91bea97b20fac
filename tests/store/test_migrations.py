"""From the tables of 0.1.0 to those of today, and none of it in main."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from rig.fakes import ManualClock
from rig.stored import DUE, OpenStore, airing, entry

from broadcaster.core.model import AiringKind, Outcome
from broadcaster.core.people import Role
from broadcaster.store.database import tables
from broadcaster.store.database.migrate import alembic_config
from broadcaster.store.database.station_database import Database
from broadcaster.store.journal import JournalFilter

# As version 0.1.0 made them: each by the part that used it, neither with a version.
JOURNAL = """
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
);
"""
ACCOUNT = """
CREATE TABLE IF NOT EXISTS account (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL
);
"""
LINE = f"INSERT INTO journal VALUES (NULL{', ?' * 15})"


def old_file(path: Path, tables_of_it: str = JOURNAL + ACCOUNT) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript("PRAGMA journal_mode = WAL;" + tables_of_it)
        if "journal" in tables_of_it:
            for number, due_at in enumerate((DUE, (DUE + timedelta(days=1)).astimezone(UTC))):
                names = (f"a{number}", "n1", "停水", "今天停水", 4, "live", "王秀英", due_at.isoformat())
                ends = (None, due_at.isoformat(), 1.5, 2.0, "PLAYED", "", "baker:female")
                connection.execute(LINE, (*names, *ends))
        if "account" in tables_of_it:
            connection.execute("INSERT INTO account VALUES (1, '王秀英', 'hash')")


def shape(path: Path) -> set[tuple[object, ...]]:
    """Columns with type and place in the key, and indexes."""
    query = """
        SELECT t.name, c.name, c.type, c.pk, c.dflt_value FROM sqlite_master AS t,
            pragma_table_info(t.name) AS c
        UNION SELECT t.name, i.name, i."unique", c.name, "" FROM sqlite_master AS t,
            pragma_index_list(t.name) AS i, pragma_index_info(i.name) AS c
    """
    with closing(sqlite3.connect(path)) as connection:
        return set(connection.execute(query))


def test_a_file_of_0_1_0_keeps_its_journal_and_its_account(path: Path, open_again: OpenStore) -> None:
    old_file(path)
    with open_again() as store:
        assert store.fault == ""
        assert not store.accounts.needs_account()
        (person,) = store.accounts.people()
        assert (person.name, person.role, len(person.stamp)) == ("王秀英", Role.SECRETARY, 32)
        rows = store.journal.recent(9)
        assert [(row.airing_id, row.kind, row.outcome) for row in rows] == [
            ("a1", AiringKind.LIVE, Outcome.PLAYED),
            ("a0", AiringKind.LIVE, Outcome.PLAYED),
        ]
        later = store.journal.recent(9, JournalFilter(since=DUE + timedelta(hours=1)))
        assert [row.airing_id for row in later] == ["a1"]
        assert store.queue.accept(airing("a2"))
        assert store.journal.record(entry(airing("a2")))


@pytest.mark.parametrize("made", [JOURNAL, ACCOUNT, JOURNAL + ACCOUNT])
def test_it_ends_with_the_same_tables_as_a_new_file(path: Path, clock: ManualClock, made: str) -> None:
    old_file(path, made)
    Database(path, clock).close()
    new = path.parent / "new" / "broadcaster.db"
    Database(new, clock).close()
    assert shape(path) == shape(new)
    for file in (path, new):
        with closing(sqlite3.connect(file)) as connection:
            version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            vacuum = connection.execute("PRAGMA auto_vacuum").fetchone()
        assert (version, vacuum) == ((tables.VERSION,), (2,))


def test_a_copy_is_made_before_and_can_be_read_by_0_1_0(path: Path, clock: ManualClock) -> None:
    old_file(path)
    Database(path, clock).close()
    (copy,) = (path.parent / "backups").iterdir()
    assert copy.name.startswith("before-")
    with closing(sqlite3.connect(copy)) as connection:
        assert len(connection.execute("SELECT * FROM journal").fetchall()) == 2
        assert len(connection.execute("SELECT * FROM account").fetchone()) == 3


def test_a_second_start_migrates_nothing(path: Path, clock: ManualClock) -> None:
    old_file(path)
    for _ in range(2):
        Database(path, clock).close()
        clock.advance(1)
    assert len(list((path.parent / "backups").iterdir())) == 1


def test_a_migration_that_fails_leaves_the_file_as_it_was(path: Path, clock: ManualClock) -> None:
    old_file(path, JOURNAL + "CREATE TABLE queue (something TEXT);")
    with closing(Database(path, clock)) as database:
        with pytest.raises(Exception, match="没能升级"), database.transaction():
            pass
    with closing(sqlite3.connect(path)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        assert len(connection.execute("SELECT * FROM journal").fetchone()) == 16
    assert "alembic_version" not in names


def newer_file(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()


def test_after_a_newer_program_the_copy_that_this_one_can_read_is_taken(
    path: Path, open_again: OpenStore
) -> None:
    with open_again() as store:
        store.journal.record(entry(airing()))
        store.database.backups.make("before")
    newer_file(path)
    with open_again() as store:
        assert "更新版本的程序写的" in store.fault and "坏" not in store.fault
        assert store.journal.count() == 1
        (aside,) = path.parent.glob("broadcaster-newer-*.db")
        assert aside.name in store.fault
    with closing(sqlite3.connect(aside)) as kept:
        assert kept.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)


def test_the_versions_are_those_of_the_migrations() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert [step.revision for step in script.walk_revisions()] == list(reversed(tables.VERSIONS))
    assert script.get_current_head() == tables.VERSION


def loaded(code: str) -> set[str]:
    program = f"import json, sys\n{code}\nprint(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    return set(json.loads(done.stdout))


def test_main_holds_neither_alembic_nor_the_orm(tmp_path: Path) -> None:
    modules = loaded(
        "import broadcaster.daemon.running_box, pathlib, zoneinfo\n"
        "from broadcaster.core.clock import Clock\n"
        "from broadcaster.store.database.station_database import Database\n"
        f"path = pathlib.Path({str(tmp_path / 'broadcaster.db')!r})\n"
        "Database(path, Clock(zoneinfo.ZoneInfo('UTC'))).close()"
    )
    assert "sqlalchemy" in modules
    assert not {"alembic", "mako", "sqlalchemy.orm"} & modules
