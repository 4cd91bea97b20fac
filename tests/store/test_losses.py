"""What was lost with the database is told over the next starts too."""

import os
from pathlib import Path

from rig.fakes import ManualClock
from rig.rig import wait_until
from rig.stored import OpenStore, airing, entry

from broadcaster.core.model import Outcome
from broadcaster.store.maintenance import LAST_DAY
from broadcaster.store.store import open_store


def test_a_second_start_still_tells_what_was_lost_and_when(
    path: Path, open_again: OpenStore, clock: ManualClock
) -> None:
    with open_again() as store:
        store.journal.record(entry(airing("a")))
        assert store.lost_records.fault == ""
    os.truncate(path, path.stat().st_size // 2)
    with open_again() as store:
        told = store.fault
        assert "数据库坏了" in told and store.lost_records.fault == "", "once is enough"
    clock.advance(20 * 3600)
    with open_again() as store:
        assert store.fault == ""
        assert store.lost_records.fault.endswith(told) and "：数据库坏了" in store.lost_records.fault
    clock.advance(30 * 3600)
    with open_again() as store:
        assert store.lost_records.fault == ""


def test_what_was_lost_while_the_box_ran_is_told_by_the_next_start(
    path: Path, clock: ManualClock
) -> None:
    with open_store(path, clock) as store:
        store.database.repair()
        told = store.fault
        assert told
        store.lost_records.look()
    with open_store(path, clock) as store:
        assert store.lost_records.fault.endswith(told)


def test_the_record_says_for_good_where_lines_of_it_are_gone(
    path: Path, open_again: OpenStore, clock: ManualClock
) -> None:
    with open_again() as store:
        # Its copy is made by then, and no other comes after the line.
        wait_until(lambda: store.state.get(LAST_DAY))
        copied_at = clock.now()
        store.journal.record(entry(airing("a")))
    path.write_bytes(bytes(path.stat().st_size))
    clock.advance(24 * 3600)
    for _ in range(2):
        with open_again() as store:
            wait_until(lambda: store.journal.count())
            (line,) = store.journal.recent(5)
            assert line.title == "播出记录缺了一段" and line.outcome is Outcome.UNKNOWN
            whole = store.journal.find(line.airing_id)
            assert whole and whole.text.startswith(f"从{copied_at:%m月%d日 %H:%M}到")


def test_what_was_read_whole_of_a_damaged_file_leaves_no_gap_in_the_record(
    path: Path, open_again: OpenStore
) -> None:
    with open_again() as store:
        store.database.backups.make("daily")
        store.journal.record(entry(airing("a")))
        store.database.repair()
        store.lost_records.look()
        assert [line.airing_id for line in store.journal.recent(5)] == ["a"]
