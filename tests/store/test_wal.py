"""The log beside a database of a box that lost its power: harmed, it costs what stood in it alone."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from rig.damage import HARMS, flip_bit
from rig.fakes import ManualClock
from rig.stored import OpenStore, airing, copy_folder, entry

from broadcaster.store.store import open_store

IN_THE_FILE, IN_THE_LOG = 60, 200
FRAME = 4096 + 24


@pytest.fixture
def crashed(path: Path, open_again: OpenStore, tmp_path: Path) -> Path:
    """Some lines in the file, more in the log alone."""
    with open_again() as store:
        # Its own loop would bring the log into the file while the folder is copied.
        store.loops[1].stop()
        store.accounts.create(store.accounts.one_time_code() or "", "王秀英", "shuiku-2026")
        for number in range(IN_THE_FILE):
            store.journal.record(entry(airing(f"file {number}")))
        store.database.checkpoint()
        for number in range(IN_THE_LOG):
            store.journal.record(entry(airing(f"log {number}")))
        store.queue.accept(airing("waits"))
        copy_folder(path.parent, tmp_path / "crashed")
    return tmp_path / "crashed" / path.name


def log_of(path: Path) -> Path:
    return Path(f"{path}-wal")


def read_again(path: Path, clock: ManualClock) -> tuple[set[str], list[str], str]:
    """Journal, queue and what is told; twice, for the second start has nothing to tell."""
    with open_store(path, clock) as store:
        waits = [left.airing.id for left in store.queue.unfinished()]
        found = {row.airing_id for row in store.journal.each()}, waits, store.fault
        assert store.journal.record(entry(airing("new"))), "and it is written again"
    with open_store(path, clock) as store:
        assert store.fault == ""
        assert {row.airing_id for row in store.journal.each()} == found[0] | {"new"}
    return found


def in_file() -> set[str]:
    return {f"file {number}" for number in range(IN_THE_FILE)}


def in_log() -> set[str]:
    return {f"log {number}" for number in range(IN_THE_LOG)}


def test_a_sound_log_is_read_without_a_word(crashed: Path, clock: ManualClock) -> None:
    lines, waits, told = read_again(crashed, clock)
    assert (lines, waits, told) == (in_file() | in_log(), ["waits"], "")


@pytest.mark.parametrize("harm", [name for name in HARMS if name != "not readable"])
def test_a_harmed_log_is_told_and_costs_nothing_of_the_file(
    crashed: Path, clock: ManualClock, harm: str
) -> None:
    HARMS[harm](log_of(crashed))
    lines, _, told = read_again(crashed, clock)
    assert in_file() <= lines <= in_file() | in_log()
    assert "broadcaster.db-wal" in told or "读得出来的保住了" in told
    if harm == "cut at half":
        assert IN_THE_LOG / 4 < len(lines & in_log()) < IN_THE_LOG


@pytest.mark.parametrize("place", [0.0, 0.01, 0.25, 0.5, 0.75])
def test_one_bit_costs_its_page_and_not_what_was_written_after_it(
    crashed: Path, clock: ManualClock, place: float
) -> None:
    flip_bit(log_of(crashed), place)
    lines, waits, told = read_again(crashed, clock)
    assert len(lines) > IN_THE_FILE + IN_THE_LOG - 12 and waits == ["waits"]
    assert told


def test_a_log_that_cannot_be_read_is_told(crashed: Path, clock: ManualClock) -> None:
    HARMS["not readable"](log_of(crashed))
    with open_store(crashed, clock) as store:
        assert store.queue.accept(airing("new")), "the spare room keeps it"
        assert "broadcaster.db" in store.fault


@pytest.mark.parametrize("tail", [b"", b"garbage", os.urandom(3 * FRAME)])
def test_what_a_power_cut_leaves_at_the_end_is_no_harm(
    crashed: Path, clock: ManualClock, tail: bytes
) -> None:
    """The last page was being written, and what stands behind it is of the disk."""
    content = log_of(crashed).read_bytes()
    log_of(crashed).write_bytes(content[: -FRAME // 2] + tail)
    lines, waits, told = read_again(crashed, clock)
    assert (lines, waits, told) == (in_file() | in_log(), [], "")


@pytest.mark.parametrize("harm", ["one bit", "cut at half"])
def test_a_harmed_log_is_not_laid_over_a_file_that_is_newer(
    path: Path, open_again: OpenStore, tmp_path: Path, clock: ManualClock, harm: str
) -> None:
    with open_again() as store:
        store.loops[1].stop()
        for number in range(IN_THE_LOG):
            store.journal.record(entry(airing(f"log {number}")))
        store.database.checkpoint()
        copy_folder(path.parent, tmp_path / "crashed")
    crashed = tmp_path / "crashed" / path.name
    HARMS[harm](log_of(crashed))
    lines, _, told = read_again(crashed, clock)
    assert lines == in_log()
    assert "坏了" in told


def test_a_page_that_is_lost_is_found_by_the_rows_that_miss_it(
    crashed: Path, clock: ManualClock
) -> None:
    """Where the last version of a page is what was harmed, file and index do not fit together."""
    content = log_of(crashed).read_bytes()
    frames = [content[begin : begin + FRAME] for begin in range(32, len(content), FRAME)]
    pages = [int.from_bytes(frame[:4], "big") for frame in frames]
    last = next(at for at in range(len(pages)) if pages[at] not in pages[at + 1 :])
    flip_bit(log_of(crashed), (32 + last * FRAME + 2000) / len(content))
    lines, waits, told = read_again(crashed, clock)
    assert in_file() <= lines and waits == ["waits"] and told
    with closing(sqlite3.connect(crashed)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
