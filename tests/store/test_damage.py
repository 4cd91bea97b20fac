"""Files that are no databases any more: the station comes up, and says what was lost."""

import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from fakes import ManualClock
from rig.rig import wait_until
from sqlalchemy import text
from stored import OpenStore, airing, entry

from broadcaster.errors import StoreUnusable
from broadcaster.store.backups import KEPT
from broadcaster.store.store import Store

PAGE = 4096


def no_database(path: Path) -> None:
    path.write_bytes(b"not a database, but long enough to be read as a header" * 100)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zeroed_header(path: Path) -> None:
    overwrite(path, 0, b"\0" * 100)


def garbled_pages(path: Path) -> None:
    for page in range(1, path.stat().st_size // PAGE):
        overwrite(path, page * PAGE, os.urandom(200))


HARMS = [no_database, cut, zeroed_header, garbled_pages]


def overwrite(path: Path, place: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(content)


def damage_table(path: Path, name: str) -> None:
    """Harm the first page of a table, leaving all others."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (page,) = connection.execute(query, (name,)).fetchone()
    overwrite(path, (page - 1) * PAGE, b"\xff" * 100)


@pytest.fixture
def lived(path: Path, open_again: OpenStore, clock: ManualClock) -> Path:
    """A file with a backup, a line and a waiting airing that came after it."""
    with open_again() as store:
        store.accounts.create(store.accounts.one_time_code() or "", "王秀英", "shuiku-2026")
        store.journal.record(entry(airing("before")))
        store.queue.accept(airing("waited then"))
        clock.advance(60)
        store.database.backups.make("daily")
        store.journal.record(entry(airing("waited then")))
        store.journal.record(entry(airing("after")))
        store.queue.accept(airing("waits"))
        clock.advance(60)
    return path


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_file_is_set_aside_and_the_backup_taken(
    lived: Path, open_again: OpenStore, harm: Callable[[Path], None]
) -> None:
    harm(lived)
    damaged = lived.read_bytes()
    with open_again() as store:
        assert [row.airing_id for row in store.journal.recent(9)] == ["before"]
        assert not store.accounts.needs_account()
        assert store.queue.accept(airing("new"))
        assert store.journal.record(entry(airing("new")))
        assert "数据库坏了" in store.fault and "的备份" in store.fault
        (aside,) = lived.parent.glob("broadcaster-damaged-*.db")
        assert aside.name in store.fault
        assert aside.read_bytes()[PAGE:] == damaged[PAGE:]
    with open_again() as store:
        assert store.fault == ""
        assert store.journal.count() == 2


@pytest.mark.parametrize("harm", HARMS)
def test_without_a_backup_a_new_one_is_made_and_said(
    path: Path, open_again: OpenStore, harm: Callable[[Path], None], clock: ManualClock
) -> None:
    with open_again() as store:
        store.journal.record(entry(airing()))
    for copy in (path.parent / "backups").iterdir():
        copy.unlink()
    harm(path)
    with open_again() as store:
        assert "没有备份" in store.fault and "账号" in store.fault
        assert store.accounts.needs_account()
        assert store.journal.count() == 0
        assert store.queue.accept(airing())


def test_what_waits_is_taken_out_of_the_damaged_file_and_not_out_of_the_backup(
    lived: Path, open_again: OpenStore
) -> None:
    damage_table(lived, "journal")
    with open_again() as store:
        assert [left.airing.id for left in store.queue.unfinished()] == ["waits"]
        assert "保住了 1 条" in store.fault


def test_a_damaged_backup_is_passed_over(lived: Path, open_again: OpenStore) -> None:
    *_, newest = sorted((lived.parent / "backups").iterdir())
    garbled_pages(newest)
    no_database(lived)
    with open_again() as store:
        assert "的备份" in store.fault
        assert store.journal.count() == 0


def test_the_log_of_the_damaged_file_is_not_played_into_the_backup(
    lived: Path, open_again: OpenStore
) -> None:
    with open_again() as store:
        store.journal.record(entry(airing("in the log")))
        log = Path(f"{lived}-wal").read_bytes()
    no_database(lived)
    Path(f"{lived}-wal").write_bytes(log)
    with open_again() as store:
        assert [row.airing_id for row in store.journal.recent(9)] == ["before"]


def test_only_the_last_damaged_files_are_kept(
    path: Path, open_again: OpenStore, clock: ManualClock
) -> None:
    for _ in range(KEPT + 2):
        with open_again():
            pass
        no_database(path)
        clock.advance(1)
    with open_again():
        pass
    assert len(list(path.parent.glob("broadcaster-damaged-*"))) == KEPT


def harm_while_open(store: Store, path: Path, name: str) -> None:
    damage_table(path, name)
    # What the connections hold in memory is sound still.
    with store.database.transaction() as connection:
        connection.exec_driver_sql("PRAGMA shrink_memory")


def test_damage_met_by_writing_costs_no_line(lived: Path, open_again: OpenStore) -> None:
    with open_again() as store:
        harm_while_open(store, lived, "journal")
        assert store.journal.record(entry(airing("new")))
        assert [row.airing_id for row in store.journal.recent(9)] == ["new", "before"]
        assert "数据库坏了" in store.fault


def test_damage_met_by_reading_is_repaired_once(lived: Path, open_again: OpenStore) -> None:
    with open_again() as store:
        harm_while_open(store, lived, "person")
        answers: list[bool] = []
        threads = [
            threading.Thread(target=lambda: answers.append(store.accounts.needs_account()))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [False] * 4
        assert len(list(lived.parent.glob("broadcaster-damaged-*.db"))) == 1
        assert [left.airing.id for left in store.queue.unfinished()] == ["waits"]


def test_the_daily_copy_finds_damage_that_nothing_else_met(
    lived: Path, open_again: OpenStore, clock: ManualClock
) -> None:
    with open_again() as store:
        store.loops[1].stop()
        damage_table(lived, "journal_due")
        clock.advance(24 * 3600)
        store.upkeep.begin(lambda: True)
        store.upkeep.step()
        assert "数据库坏了" in store.fault
        assert store.journal.count() == 1


def test_a_folder_that_cannot_be_made_is_told_and_stops_nothing(
    tmp_path: Path, path: Path, open_again: OpenStore
) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with open_again() as store:
        assert not store.queue.accept(airing())
        assert "文件夹能不能写" in store.fault
        with pytest.raises(StoreUnusable):
            store.database.read(text("SELECT 1"))
        (tmp_path / "state").unlink()
        store.ledger.wake()
        store.journal.record(entry(airing("a2")))
        wait_until(lambda: store.fault == "")
        assert [left.airing.id for left in store.queue.unfinished()] == ["a1"]
