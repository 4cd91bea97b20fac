"""Files that are no databases any more: the station comes up, and says what was lost."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from rig.failing_disk import Disk, FailingDisk, compile_failing_disk
from rig.fakes import ManualClock
from rig.rig import wait_until
from rig.stored import OpenStore, aired, airing, copy_folder, entry
from sqlalchemy import select, text

from broadcaster.core.errors import StoreUnusable
from broadcaster.core.model import Outcome
from broadcaster.core.people import Role
from broadcaster.store.database.backups import KEPT
from broadcaster.store.database.reserved_space import SPARE
from broadcaster.store.database.tables import queue
from broadcaster.store.store import Store, open_store

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


def leave_as_killed(path: Path, open_again: OpenStore, line: str) -> None:
    """With a line that stands in the log alone."""
    with open_again() as store:
        store.journal.record(entry(airing(line)))
        for ending in ("", "-wal"):
            shutil.copy(f"{path}{ending}", f"{path}{ending}.kept")
    for ending in ("", "-wal"):
        Path(f"{path}{ending}.kept").rename(f"{path}{ending}")


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
        assert "before" in [row.airing_id for row in store.journal.recent(9)]
        assert not store.accounts.needs_account()
        assert store.queue.accept(airing("new"))
        assert store.journal.record(entry(airing("new")))
        assert "数据库坏了" in store.fault
        lines = aired(store)
        (aside,) = lived.parent.glob("broadcaster-damaged-*.db")
        assert aside.name in store.fault
        assert aside.read_bytes()[PAGE:] == damaged[PAGE:]
    with open_again() as store:
        assert store.fault == ""
        assert aired(store) == lines


@pytest.mark.parametrize("moved", [("-wal",), ("-wal", ""), ("-wal", "", "copy")], ids=len)
def test_a_repair_that_the_power_broke_off_is_done_once_more(
    lived: Path, open_again: OpenStore, moved: tuple[str, ...]
) -> None:
    """Killed when only the log was set aside; when the file was; when the copy stood in its place."""
    leave_as_killed(lived, open_again, "last")
    aside = lived.with_name("broadcaster-damaged-20260315-080000-1.db")
    lived.with_name("broadcaster.db-mending").write_text(aside.name)
    for ending in moved[:2]:
        Path(f"{lived}{ending}").rename(f"{aside}{ending}")
    if "copy" in moved:
        shutil.copy(min((lived.parent / "backups").glob("daily-*.db")), lived)
    with open_again() as store:
        known = set(aired(store))
        assert known == {"before", "waited then", "after", "last"}
        assert [one.airing.id for one in store.queue.unfinished()] == ["waits"]
        assert store.journal.record(entry(airing("new")))
    with open_again() as store:
        assert "new" in {row.airing_id for row in store.journal.recent(9)}


READ = """
import sys
from pathlib import Path
from broadcaster.core.errors import StoreUnusable
from broadcaster.store.database.read_connection import ReadConnection
from broadcaster.store.database.tables import journal
try:
    ReadConnection(Path(sys.argv[1])).read(journal.select())
except StoreUnusable as error:
    print(type(error).__name__)
"""


def test_on_a_full_disk_a_file_that_lacks_its_log_is_not_taken_for_damaged(
    lived: Path, open_again: OpenStore, tmp_path: Path
) -> None:
    """There is no room for the log's index, and in the file is only what was checkpointed."""
    leave_as_killed(lived, open_again, "last")
    overwrite(lived, 100, bytes(PAGE - 100))
    disk = FailingDisk(tmp_path, compile_failing_disk(tmp_path), lived.parent)
    disk.become(Disk.FULL)
    command = [sys.executable, "-c", READ, str(lived)]
    environment = {**os.environ, **disk.environment}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("StoreUnusable", "")


@pytest.mark.parametrize("harm", HARMS)
def test_without_a_backup_a_new_one_is_made_and_said(
    path: Path, open_again: OpenStore, harm: Callable[[Path], None], clock: ManualClock
) -> None:
    with open_again() as store:
        store.journal.record(entry(airing()))
    for copy in (path.parent / "backups").glob("*"):
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
        assert "排队的通知 1 条" in store.fault and "重新播" not in store.fault


def test_where_what_waited_is_lost_it_is_said_what_to_do(lived: Path, open_again: OpenStore) -> None:
    damage_table(lived, "queue")
    with open_again() as store:
        assert store.journal.count() and "“接下来”里看看还在不在，不在的重新播" in store.fault


def test_of_a_journal_with_a_zeroed_page_only_the_lines_on_it_are_lost(
    path: Path, open_again: OpenStore
) -> None:
    with open_again() as store:
        store.journal.record(*(entry(airing(f"line {number}")) for number in range(200)))
        store.queue.accept(airing("waits"))
        store.accounts.create(store.accounts.one_time_code() or "", "王秀英", "shuiku-2026")
    # Whether a backup was made before or after the lines is chance.
    for copy in (path.parent / "backups").glob("*.db"):
        copy.unlink()
    zero_leaf(path, "journal", 3)
    with open_again() as store:
        kept = [row.airing_id for row in store.journal.each()]
        assert 150 < len(kept) < 200
        assert {"line 0", "line 199"} <= set(kept)
        assert [left.airing.id for left in store.queue.unfinished()] == ["waits"]
        assert store.accounts.find("王秀英")
        assert f"播出记录 {len(kept)} 条" in store.fault and "播出记录有一部分读不出来" in store.fault
    with open_again() as store:
        assert store.fault == ""


def zero_leaf(path: Path, name: str, which: int) -> None:
    """One page of a table's rows, not the first and not the last."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path"
        pages = [page for (page,) in connection.execute(query, (name,))]
    overwrite(path, (pages[which] - 1) * PAGE, bytes(PAGE))


def test_what_was_removed_since_the_backup_does_not_come_back(path: Path, open_again: OpenStore) -> None:
    with open_again() as store:
        store.accounts.create(store.accounts.one_time_code() or "", "王秀英", "shuiku-2026")
        store.accounts.add("李文书", Role.EDITOR)
        store.database.backups.make("daily")
        store.accounts.remove("李文书")
        store.journal.record(*(entry(airing(f"line {number}")) for number in range(200)))
    zero_leaf(path, "journal", 3)
    with open_again() as store:
        assert [person.name for person in store.accounts.people()] == ["王秀英"]


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def away(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("harm", [emptied, away])
def test_an_empty_or_missing_file_beside_a_backup_is_no_new_box(
    lived: Path, open_again: OpenStore, harm: Callable[[Path], None]
) -> None:
    before = sorted((lived.parent / "backups").iterdir())
    harm(lived)
    with open_again() as store:
        assert not store.accounts.needs_account()
        assert aired(store) == ["before"]
        assert "空了或者不见了" in store.fault and "的备份" in store.fault
        assert not list(lived.parent.glob("broadcaster-damaged-*"))
    assert set(before) <= set((lived.parent / "backups").iterdir())


def test_a_box_that_never_was_starts_without_a_word(path: Path, open_again: OpenStore) -> None:
    with open_again() as store:
        assert store.accounts.needs_account()
        assert store.fault == ""


def recorded(folder: Path) -> None:
    (folder / "recordings").mkdir()
    (folder / "recordings" / "1.flac").write_bytes(b"a person's own voice")


def logged_in(folder: Path) -> None:
    (folder / "session_key").write_bytes(os.urandom(32))


def damaged_before(folder: Path) -> None:
    (folder / "broadcaster-damaged-20261129-120000-1.db").write_bytes(b"damaged")


def lived_here(folder: Path) -> None:
    (folder / SPARE).write_bytes(b"\n")


@pytest.mark.parametrize("trace", [recorded, logged_in, damaged_before, lived_here])
def test_a_box_whose_database_and_copies_are_away_is_told_from_a_new_one(
    path: Path, open_again: OpenStore, trace: Callable[[Path], None]
) -> None:
    path.parent.mkdir()
    trace(path.parent)
    with open_again() as store:
        assert "不见了，没有备份，建了新的" in store.fault
        assert store.queue.accept(airing())
    with open_again() as store:
        assert store.fault == ""
        assert [left.airing.id for left in store.queue.unfinished()] == ["a1"]


def test_a_log_that_was_left_out_of_a_copy_is_told(
    path: Path, open_again: OpenStore, tmp_path: Path, clock: ManualClock
) -> None:
    copies = {name: tmp_path / name for name in ("whole", "without")}
    with open_again() as store:
        # Its first look brings the log into the file, and would do so between two files of a copy.
        store.loops[1].stop()
        store.journal.record(entry(airing()))
        for copy in copies.values():
            copy_folder(path.parent, copy)
    Path(f"{copies['without'] / path.name}-wal").unlink()
    with open_store(copies["whole"] / path.name, clock) as store:
        assert (store.journal.count(), store.fault) == (1, "")
    with open_store(copies["without"] / path.name, clock) as store:
        assert "broadcaster.db-wal 不见了" in store.fault
    with open_again() as store:
        assert store.fault == ""


def test_what_is_older_than_a_look_of_the_upkeep_stands_in_the_file_itself(
    path: Path, open_again: OpenStore, tmp_path: Path, clock: ManualClock
) -> None:
    with open_again() as store:
        # Its own loop would take the wake, and leave the test to wait for ten minutes.
        store.loops[1].stop()
        store.journal.record(entry(airing()))
        store.maintenance.wake()
        store.maintenance.step()
        copy_folder(path, tmp_path / path.name)
    with open_store(tmp_path / path.name, clock) as store:
        assert store.journal.count() == 1


def garble(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def test_text_that_is_no_utf8_costs_its_row_alone(lived: Path, open_again: OpenStore) -> None:
    with open_again() as store:
        store.queue.accept(airing("second"))
    garble(lived, "UPDATE queue SET airing = CAST(x'7bff7d' AS TEXT) WHERE airing_id = 'waits'")
    garble(lived, "UPDATE journal SET text = CAST(x'e4bbff' AS TEXT) WHERE airing_id = 'after'")
    garble(lived, "UPDATE journal SET outcome = CAST(x'ff' AS TEXT) WHERE airing_id = 'before'")
    garble(lived, "UPDATE person SET role = CAST(x'ff' AS TEXT)")
    with open_again() as store:
        assert [left.airing.id for left in store.queue.unfinished()] == ["second"]
        wait_until(lambda: store.journal.find("waits"))
        lines = {row.airing_id: row.outcome for row in store.journal.recent(9)}
        assert lines["waits"] is Outcome.FAILED
        assert "after" in lines and "before" not in lines
        assert store.accounts.people() == []
        assert "播出记录、账号里有读不出来的" in store.fault
    with open_again() as store:
        assert [left.airing.id for left in store.queue.unfinished()] == ["second"]


def test_a_row_whose_own_id_is_damaged_fails_once(lived: Path, open_again: OpenStore) -> None:
    garble(lived, "UPDATE queue SET airing_id = CAST(x'ff' AS TEXT), airing = '{'")
    with open_again() as store:
        assert store.queue.unfinished() == []
        wait_until(lambda: not store.database.read(select(queue)))
        assert [row.outcome for row in store.journal.recent(1)] == [Outcome.FAILED]


def test_a_damaged_backup_is_passed_over(lived: Path, open_again: OpenStore) -> None:
    *_, newest = sorted((lived.parent / "backups").iterdir())
    garbled_pages(newest)
    no_database(lived)
    with open_again() as store:
        assert "的备份" in store.fault
        assert aired(store) == []


def test_the_log_of_the_damaged_file_is_not_played_into_the_backup(
    lived: Path, open_again: OpenStore
) -> None:
    with open_again() as store:
        store.journal.record(entry(airing("in the log")))
        log = Path(f"{lived}-wal").read_bytes()
    no_database(lived)
    Path(f"{lived}-wal").write_bytes(log)
    with open_again() as store:
        assert aired(store) == ["before"]


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


def test_the_file_set_aside_last_is_kept_though_the_clock_was_put_back(
    path: Path, open_again: OpenStore, clock: ManualClock
) -> None:
    for number in range(KEPT + 3):
        with open_again():
            pass
        path.write_bytes(f"damaged for the {number}. time".encode() * 1000)
        clock.step(timedelta(days=-1) if number else timedelta())
    with open_again() as store:
        asides = list(path.parent.glob("broadcaster-damaged-*.db"))
        (last,) = (one for one in asides if one.name in store.fault)
    assert len(asides) == KEPT
    assert last.read_bytes().startswith(f"damaged for the {number}.".encode())


def harm_while_open(store: Store, path: Path, name: str) -> None:
    damage_table(path, name)
    # What the connections hold in memory is sound still.
    with store.database.transaction() as connection:
        connection.exec_driver_sql("PRAGMA shrink_memory")


def test_damage_met_by_writing_costs_no_line(lived: Path, open_again: OpenStore) -> None:
    with open_again() as store:
        harm_while_open(store, lived, "journal")
        assert store.journal.record(entry(airing("new")))
        assert aired(store) == ["new", "before"]
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
        store.maintenance.begin(lambda: True)
        store.maintenance.step()
        assert "没有丢" in store.fault, "an index holds nothing that the table has not"
        assert store.journal.count() == 3


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
        store.write_queue.wake()
        store.journal.record(entry(airing("a2")))
        wait_until(lambda: store.fault == "")
        assert [left.airing.id for left in store.queue.unfinished()] == ["a1"]


def test_an_empty_database_takes_no_good_copy_s_place(path: Path, open_again: OpenStore) -> None:
    with open_again() as store:
        backups = store.database.backups
        backups.make("daily")
    good = backups.newest()
    path.unlink()
    sqlite3.connect(path).close()
    for _ in range(KEPT + 1):
        with pytest.raises(StoreUnusable):
            backups.make("daily")
    assert backups.newest() == good
