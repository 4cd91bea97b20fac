"""Writing when the disk works, when it does not, and when it works again."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from rig.fakes import ManualClock
from sqlalchemy import Connection, insert, select, text

from broadcaster.store.database import tables, write_queue
from broadcaster.store.database.reserved_space import SPARE, ReservedSpace
from broadcaster.store.database.station_database import Database
from broadcaster.store.database.write_queue import MOST_TOGETHER, MOST_WAITING, Change, WriteQueue
from broadcaster.system.thread_loop import ThreadLoop


@pytest.fixture
def database(path: Path, clock: ManualClock) -> Iterator[Database]:
    with closing(Database(path, clock)) as database:
        yield database


@pytest.fixture
def writes(database: Database, path: Path) -> WriteQueue:
    return WriteQueue(database, ReservedSpace(path.with_name(SPARE)))


@pytest.fixture
def written(writes: WriteQueue) -> Iterator[WriteQueue]:
    """Written to by its thread."""
    with ThreadLoop("store", writes.step, writes.wake):
        yield writes


def note(key: str) -> Change:
    statement = insert(tables.station_state).prefix_with("OR IGNORE").values(key=key, value="x")
    return lambda connection: connection.execute(statement)


def noted(database: Database) -> list[str]:
    query = select(tables.station_state.c.key).order_by(text("rowid"))
    return [row.key for row in database.read(query)]


def fill_the_disk(database: Database, is_full: bool) -> None:
    """SQLite itself says that it is full: no page may be added, and none is free."""
    pages = 1 if is_full else 1_000_000
    with database.transaction() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def big(key: str) -> Change:
    statement = insert(tables.station_state).prefix_with("OR IGNORE").values(key=key, value="x" * 9_000)
    return lambda connection: connection.execute(statement)


def test_a_promise_is_kept_when_it_returns(database: Database, written: WriteQueue) -> None:
    assert written.enqueue(note("a"))
    assert noted(database) == ["a"]


def test_changes_are_written_in_their_order_together(database: Database, writes: WriteQueue) -> None:
    for key in "abc":
        writes.enqueue(note(key), wait=False)
    writes.enqueue_unsynced(note("d"))
    assert noted(database) == []
    writes.step()
    assert noted(database) == list("abcd")


def test_what_waits_is_written_on_the_way_out(database: Database, writes: WriteQueue) -> None:
    writes.enqueue(note("a"), wait=False)
    writes.close()
    assert noted(database) == ["a"]


def test_a_full_disk_is_told_and_nothing_waits_for_it(database: Database, written: WriteQueue) -> None:
    fill_the_disk(database, True)
    assert not written.enqueue(big("a"))
    assert "磁盘满了" in written.fault and "广播照常" in written.fault
    assert not written.enqueue(big("b"))
    assert "有 2 条记录还没写下" in written.fault


def test_what_could_not_be_written_is_written_when_there_is_room(
    database: Database, writes: WriteQueue
) -> None:
    fill_the_disk(database, True)
    for key in "abc":
        writes.enqueue(big(key), wait=False)
    writes.step()
    assert noted(database) == []
    fill_the_disk(database, False)
    writes.wake()
    writes.step()
    assert noted(database) == list("abc")
    assert writes.fault == ""


def test_progress_is_not_kept_while_the_disk_is_full(database: Database, writes: WriteQueue) -> None:
    fill_the_disk(database, True)
    writes.enqueue_unsynced(big("before"))
    writes.enqueue(big("a"), wait=False)
    writes.step()
    writes.enqueue_unsynced(note("after"))
    fill_the_disk(database, False)
    writes.wake()
    writes.step()
    assert noted(database) == ["a"]


def test_a_disk_that_works_again_is_found_out_with_nothing_promised(
    database: Database, writes: WriteQueue
) -> None:
    fill_the_disk(database, True)
    writes.enqueue_unsynced(big("note"))
    writes.step()
    assert "磁盘满了" in writes.fault
    fill_the_disk(database, False)
    writes.wake()
    writes.step()
    assert writes.fault == ""


def test_memory_is_bounded_and_what_it_costs_is_told(database: Database, writes: WriteQueue) -> None:
    fill_the_disk(database, True)
    writes.enqueue(big("first"), wait=False)
    writes.step()
    for number in range(MOST_WAITING + 2):
        writes.enqueue(note(f"{number:05}"), wait=False)
    assert "已经丢了 3 条" in writes.fault
    fill_the_disk(database, False)
    for _ in range(-(-MOST_WAITING // MOST_TOGETHER)):
        writes.wake()
        writes.step()
    assert noted(database) == [f"{number:05}" for number in range(2, MOST_WAITING + 2)]
    assert "丢了 3 条记录" in writes.fault


def test_a_change_that_is_wrong_in_itself_costs_no_other(database: Database, writes: WriteQueue) -> None:
    def wrong(connection: Connection) -> None:
        connection.execute(insert(tables.station_state).values(key="a", value=None))

    for change in (note("a"), wrong, note("b")):
        writes.enqueue(change, wait=False)
    writes.step()
    assert noted(database) == ["a", "b"]
    assert writes.fault == ""


def test_a_disk_that_hangs_is_not_waited_for_a_second_time(
    written: WriteQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_queue, "PATIENCE_SECONDS", 0.1)
    hanging = threading.Event()
    try:
        assert not written.enqueue(lambda connection: hanging.wait(60))
        assert "磁盘太慢" in written.fault
        assert not written.enqueue(note("a"))
    finally:
        hanging.set()
