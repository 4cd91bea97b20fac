"""A day's work: a copy, and a journal that does not grow for ever."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rig.fakes import ManualClock
from rig.stored import OpenStore, airing, entry
from sqlalchemy import insert

from broadcaster.core.model import AiringKind, JournalEntry, Outcome
from broadcaster.store.database import tables
from broadcaster.store.database.backups import KEPT, version_of_sound
from broadcaster.store.journal import _values
from broadcaster.store.maintenance import LAST_DAY
from broadcaster.store.store import Store, open_store

DAY = timedelta(days=1)


@pytest.fixture
def clock() -> ManualClock:
    """Some years after the program was written."""
    return ManualClock(datetime(2029, 3, 15, 8, 0, tzinfo=UTC))


@pytest.fixture
def quiet(open_again: OpenStore) -> Iterator[Store]:
    """A store whose upkeep is done by the test alone."""
    with open_again() as store:
        store.loops[1].stop()
        yield store


def backups(path: Path) -> list[Path]:
    return sorted((path.parent / "backups").iterdir())


def test_lines_older_than_a_year_become_days(quiet: Store, clock: ManualClock) -> None:
    old = clock.now() - 366 * DAY
    for number in range(3):
        quiet.journal.record(entry(airing(f"s{number}", due_at=old)))
    quiet.journal.record(entry(airing("cut", due_at=old), Outcome.CUT_SHORT))
    quiet.journal.record(entry(airing("live", kind=AiringKind.LIVE, due_at=old, asked_by="王秀英")))
    quiet.journal.record(entry(airing("young", due_at=clock.now() - 364 * DAY)))
    quiet.maintenance.tidy(clock.now())
    assert [row.airing_id for row in quiet.journal.recent(9)] == ["young"]
    day = old.date().isoformat()
    assert [tuple(row) for row in quiet.database.read(tables.journal_day.select())] == [
        (day, "", "PLAYED", 1, 7.5),
        (day, "早间", "CUT_SHORT", 1, 7.5),
        (day, "早间", "PLAYED", 3, 22.5),
    ]


def asked_at(moment: datetime, name: str, due_in: timedelta = timedelta()) -> JournalEntry:
    """Asked for by a person when the clock showed that, and ended then."""
    one = airing(name, kind=AiringKind.LIVE, due_at=moment + due_in)
    return replace(entry(one), ended_at=moment)


def kept(store: Store, now: datetime) -> list[str]:
    store.maintenance.tidy(now)
    rows = store.database.read(tables.journal.select().order_by(tables.journal.c.number))
    return [row.airing_id for row in rows]


NEVER_TOLD = datetime(2016, 2, 1, tzinfo=UTC)


def test_what_was_asked_for_while_the_clock_was_wrong_is_kept_as_long(
    quiet: Store, clock: ManualClock
) -> None:
    now = clock.now()
    quiet.journal.record(asked_at(NEVER_TOLD, "on the first day"))
    quiet.journal.record(asked_at(now - 2 * DAY, "then"))
    quiet.journal.record(asked_at(NEVER_TOLD, "2016"), asked_at(now - 700 * DAY, "two years behind"))
    quiet.journal.record(asked_at(now + 3652 * DAY, "ahead"), asked_at(now - DAY, "yesterday"))
    everything = ["on the first day", "then", "2016", "two years behind", "ahead", "yesterday"]
    assert kept(quiet, now) == everything
    assert kept(quiet, now + 200 * DAY) == everything
    assert kept(quiet, now + 362 * DAY) == everything
    assert kept(quiet, now + 366 * DAY) == []


def test_what_was_asked_for_by_a_wrong_clock_after_a_year_in_a_drawer_is_kept(
    quiet: Store, clock: ManualClock
) -> None:
    quiet.journal.record(asked_at(clock.now() - 500 * DAY, "before the drawer"))
    quiet.journal.record(asked_at(NEVER_TOLD, "2016"))
    assert kept(quiet, clock.now()) == ["2016"]
    quiet.journal.record(asked_at(clock.now(), "today"))
    assert kept(quiet, clock.now()) == ["2016", "today"]


def test_what_was_due_long_before_it_was_told_is_kept_from_when_it_was_told(
    quiet: Store, clock: ManualClock
) -> None:
    quiet.journal.record(asked_at(clock.now() - DAY, "missed", due_in=-400 * DAY))
    quiet.journal.record(asked_at(clock.now() - 400 * DAY, "for later", due_in=410 * DAY))
    assert kept(quiet, clock.now()) == ["missed", "for later"]


def test_a_day_that_was_begun_is_added_to(quiet: Store, clock: ManualClock) -> None:
    old = clock.now() - 366 * DAY
    for number in range(2):
        quiet.journal.record(entry(airing(f"a{number}", due_at=old)))
        quiet.maintenance.tidy(clock.now())
    (row,) = quiet.database.read(tables.journal_day.select())
    assert (row.airings, row.seconds) == (2, 15.0)


def test_years_of_lines_go_and_the_file_gets_small(quiet: Store, clock: ManualClock, path: Path) -> None:
    old = clock.now() - 400 * DAY
    rows = [_values(entry(airing(f"a{number}", "水" * 300, due_at=old))) for number in range(2_000)]
    with quiet.database.transaction() as connection:
        connection.execute(insert(tables.journal), rows)
    quiet.maintenance.tidy(clock.now())
    (row,) = quiet.database.read(tables.journal_day.select())
    assert row.airings == 2_000
    quiet.database.close()
    assert path.stat().st_size < 300_000


def test_it_is_done_once_a_day(quiet: Store, clock: ManualClock, path: Path) -> None:
    made = []
    for hours in (0, 1, 24, 1, 24):
        clock.advance(hours * 3600)
        quiet.maintenance.begin(lambda: True)
        quiet.maintenance.step()
        made.append(len(backups(path)))
    assert made == [made[0], made[0], made[0] + 1, made[0] + 1, min(made[0] + 2, KEPT)]
    assert quiet.state.get(LAST_DAY) == clock.now().date().isoformat()


def test_nothing_becomes_a_day_before_the_clock_is_known_to_be_right(
    path: Path, clock: ManualClock
) -> None:
    right = False
    with open_store(path, clock) as store:
        store.journal.record(entry(airing("young", due_at=clock.now())))
    clock.step(3650 * DAY)
    with open_store(path, clock) as store:
        store.loops[1].stop()
        assert store.journal.count() == 1
        store.maintenance.begin(lambda: right)
        store.maintenance.step()
        assert store.journal.count() == 1
        right = True
        store.maintenance.wake()
        store.maintenance.step()
        assert store.journal.count() == 0


def test_a_copy_is_whole_private_and_without_what_waited(
    quiet: Store, path: Path, clock: ManualClock
) -> None:
    quiet.journal.record(entry(airing("ended")))
    quiet.queue.accept(airing("waits"))
    clock.advance(1)
    copy = quiet.database.backups.make("daily")
    assert version_of_sound(copy) == tables.VERSION
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT airing_id FROM journal").fetchall() == [("ended",)]
        assert connection.execute("SELECT * FROM queue").fetchall() == []
    assert [left.airing.id for left in quiet.queue.unfinished()] == ["waits"]


def test_the_last_copies_of_each_kind_are_kept(quiet: Store, path: Path, clock: ManualClock) -> None:
    for kind in ("daily", "before"):
        for _ in range(KEPT + 2):
            clock.advance(60)
            newest = quiet.database.backups.make(kind)
    names = [copy.name for copy in backups(path)]
    assert sum(name.startswith("daily-") for name in names) == KEPT
    assert sum(name.startswith("before-") for name in names) == KEPT
    assert newest.name in names
    assert not [name for name in names if not name.endswith(".db")]


def lines_of(copy: Path | None) -> int:
    assert copy
    with closing(sqlite3.connect(copy)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM journal").fetchone()
    return int(count)


def test_the_copy_made_last_is_the_newest_and_kept_though_the_clock_was_put_back(
    quiet: Store, clock: ManualClock
) -> None:
    copies = quiet.database.backups
    for number, step in enumerate((3650 * DAY, DAY, DAY, -3652 * DAY, DAY, DAY, DAY)):
        clock.step(step)
        quiet.journal.record(entry(airing(f"line {number}")))
        made = copies.make("daily")
        assert copies.newest() == made
        assert lines_of(made) == number + 1


def test_copies_named_without_a_number_are_older_than_those_with_one(
    quiet: Store, path: Path, clock: ManualClock
) -> None:
    copies, folder = quiet.database.backups, path.parent / "backups"
    first = copies.make("daily")
    for stamp in ("20350101-120000", "20290101-120000"):
        (folder / f"daily-{stamp}.db").write_bytes(first.read_bytes())
    for numbered in folder.glob("daily-*-?.db"):
        numbered.unlink()
    assert copies.newest() == folder / "daily-20350101-120000.db"
    made = copies.make("daily")
    assert copies.newest() == made
    for _ in range(KEPT - 1):
        copies.make("daily")
    assert made in backups(path) and len(backups(path)) == KEPT


def test_copies_made_together_in_one_second_are_each_whole(quiet: Store, path: Path) -> None:
    quiet.journal.record(entry(airing("ended")))
    with ThreadPoolExecutor(4) as makers:
        made = set(makers.map(lambda _: quiet.database.backups.make("daily"), range(KEPT)))
    assert len(made) == KEPT == len(backups(path))
    assert [lines_of(copy) for copy in made] == [1] * KEPT
