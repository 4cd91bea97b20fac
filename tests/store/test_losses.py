"""What was lost with the database is told over the next starts too."""

import os
from pathlib import Path

from fakes import ManualClock
from stored import OpenStore, airing, entry

from broadcaster.store.store import open_store


def test_a_second_start_still_tells_what_was_lost_and_when(
    path: Path, open_again: OpenStore, clock: ManualClock
) -> None:
    with open_again() as store:
        store.journal.record(entry(airing("a")))
        assert store.losses.fault == ""
    os.truncate(path, path.stat().st_size // 2)
    with open_again() as store:
        told = store.fault
        assert "数据库坏了" in told and store.losses.fault == "", "once is enough"
    clock.advance(20 * 3600)
    with open_again() as store:
        assert store.fault == ""
        assert store.losses.fault.endswith(told) and "：数据库坏了" in store.losses.fault
    clock.advance(30 * 3600)
    with open_again() as store:
        assert store.losses.fault == ""


def test_what_was_lost_while_the_box_ran_is_told_by_the_next_start(
    path: Path, clock: ManualClock
) -> None:
    with open_store(path, clock) as store:
        store.database.repair()
        told = store.fault
        assert told
        store.losses.look()
    with open_store(path, clock) as store:
        assert store.losses.fault.endswith(told)
