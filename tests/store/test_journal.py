"""The journal keeps one line of each end, and gives them back newest first, whole and searchable."""

import sqlite3
import stat
import threading
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from rig.fakes import ManualClock
from rig.stored import DUE, OpenStore, airing, entry
from sqlalchemy import insert

from broadcaster.core.model import AiringKind, Outcome
from broadcaster.core.notice import Notice, Severity, Signal
from broadcaster.store.database import tables
from broadcaster.store.journal import Journal, JournalFilter, _values
from broadcaster.store.store import Store

DAY = timedelta(days=1)


@pytest.fixture
def journal(store: Store) -> Journal:
    return store.journal


def test_a_line_comes_back_as_it_was_written(journal: Journal) -> None:
    journal.record(entry(airing()))
    (row,) = journal.recent(5)
    assert (row.airing_id, row.title, row.text, row.asked_by) == ("a1", "停水", "今天停水", "早间")
    assert (row.severity, row.kind, row.outcome) == (Severity.BLUE, AiringKind.SCHEDULED, Outcome.PLAYED)
    assert (row.due_at, row.started_at) == (DUE, DUE)
    assert row.ended_at.utcoffset() == timedelta(hours=8)
    assert (row.seconds_played, row.seconds_due, row.voice) == (7.5, 8.0, "baker:female")


def test_moments_that_a_county_gave_are_read_as_the_stations_people_read_them(
    store: Store,
) -> None:
    given = airing(due_at=DUE.astimezone(UTC))
    store.queue.accept(given)
    (waiting,) = store.queue.unfinished()
    found = store.queue.of_notice(given.notice.id)
    store.journal.record(replace(entry(given), started_at=given.due_at))
    (row,) = store.journal.recent(1)
    read = (waiting.airing, found, row, store.queue.of_notice(given.notice.id))
    assert {one and one.due_at.isoformat() for one in read} == {DUE.isoformat()}
    assert row.started_at and f"{row.started_at:%H:%M}" == f"{row.ended_at:%H:%M}" == "07:30"


def test_what_never_sounded_has_no_start(journal: Journal) -> None:
    journal.record(entry(airing(), Outcome.EXPIRED, sounded=False))
    assert journal.recent(1)[0].started_at is None


def test_recent_gives_the_newest_first_and_no_more_than_asked(journal: Journal) -> None:
    for number in range(5):
        journal.record(entry(airing(f"a{number}")))
    assert [row.airing_id for row in journal.recent(3)] == ["a4", "a3", "a2"]
    assert journal.recent(0) == []
    assert journal.recent(-1) == []


def test_an_airing_ends_only_once(journal: Journal) -> None:
    journal.record(entry(airing()))
    journal.record(entry(airing(), Outcome.CANCELLED))
    assert [row.outcome for row in journal.recent(5)] == [Outcome.PLAYED]


def test_lines_outlive_the_process(open_again: OpenStore) -> None:
    with open_again() as store:
        store.journal.record(entry(airing()))
    with open_again() as store:
        assert len(store.journal.recent(5)) == 1


def test_a_long_text_is_kept_whole_and_shown_by_its_start(path: Path, journal: Journal) -> None:
    journal.record(entry(airing(text="水" * 10_000)))
    assert journal.recent(1)[0].text == "水" * 60
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT length(text) FROM journal").fetchone() == (10_000,)
    connection.close()


def test_a_text_from_a_terminal_that_is_not_utf_8_is_recorded(journal: Journal) -> None:
    journal.record(entry(airing(text="停水\udcff")))
    assert journal.recent(1)[0].text == "停水?"


def test_many_threads_lose_no_line(journal: Journal) -> None:
    def write(thread: int) -> None:
        for number in range(10):
            journal.record(entry(airing(f"{thread}-{number}")))

    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({row.airing_id for row in journal.recent(100)}) == 40


def test_lines_are_found_by_day_outcome_person_and_words(journal: Journal) -> None:
    for number, due_at in enumerate((DUE - DAY, DUE, DUE + DAY)):
        journal.record(entry(airing(f"a{number}", due_at=due_at)))
    journal.record(entry(airing("cut", "明天开会 100%", asked_by="王秀英"), Outcome.CUT_SHORT))

    def found(**wanted: Any) -> list[str]:
        rows = journal.recent(9, JournalFilter(**wanted))
        assert journal.count(JournalFilter(**wanted)) == len(rows)
        return [row.airing_id for row in rows]

    assert found() == ["a2", "cut", "a1", "a0"]
    assert found(since=DUE) == ["a2", "cut", "a1"]
    assert found(until=DUE) == ["a0"]
    assert found(since=DUE.astimezone(UTC), until=(DUE + DAY).astimezone(UTC)) == ["cut", "a1"]
    assert found(outcome=Outcome.CUT_SHORT) == ["cut"]
    assert found(asked_by="秀英") == ["cut"]
    assert found(text="开会") == ["cut"]
    assert found(text="停水") == ["a2", "cut", "a1", "a0"]
    assert found(text="0%") == ["cut"]
    assert found(text="_") == []


def test_lines_stand_in_the_order_in_which_they_happened_with_what_they_were_planned_for(
    store: Store, clock: ManualClock
) -> None:
    minute, now = timedelta(minutes=1), clock.now()

    def ended(name: str, due: int, began: int | None, end: int) -> None:
        line = entry(airing(name, due_at=now + due * minute))
        began_at = None if began is None else now + began * minute
        store.journal.record(replace(line, started_at=began_at, ended_at=now + end * minute))

    ended("clock ran ahead", 90_000, 90_000, 90_000)
    ended("cancelled before its time", 20, None, -25)
    ended("missed by night", -600, None, -20)
    ended("began first, went on later", -30, -30, -10)
    ended("four hours late", -260, -20, -19)
    ended("asked and heard", -5, -5, -4)
    names = [
        *("asked and heard", "four hours late", "missed by night", "cancelled before its time"),
        *("began first, went on later", "clock ran ahead"),
    ]
    rows = store.journal.recent(9)
    assert [row.airing_id for row in rows] == [row.airing_id for row in store.journal.each()] == names
    pages = [store.journal.recent(2, skip=skip) for skip in (0, 2, 4, 6)]
    assert [row.airing_id for page in pages for row in page] == names
    planned = {row.airing_id: (row.planned_for - now) // minute for row in rows if row.planned_for}
    assert planned == {
        "four hours late": -260,
        "missed by night": -600,
        "cancelled before its time": 20,
    }


def test_pages_of_lines_follow_each_other(journal: Journal) -> None:
    for number in range(7):
        journal.record(entry(airing(f"a{number}")))
    pages = [[row.airing_id for row in journal.recent(3, skip=skip)] for skip in (0, 3, 6)]
    assert pages == [["a6", "a5", "a4"], ["a3", "a2", "a1"], ["a0"]]


def test_all_lines_come_with_their_whole_texts_however_many(store: Store) -> None:
    with store.database.transaction() as connection:
        values = [_values(entry(airing(f"a{number}", "水" * 100))) for number in range(1_201)]
        connection.execute(insert(tables.journal), values)
    rows = list(store.journal.each())
    assert [row.airing_id for row in rows] == [f"a{number}" for number in reversed(range(1_201))]
    assert rows[0].text == "水" * 100


def test_nobody_else_on_the_machine_can_read_it(path: Path, journal: Journal) -> None:
    journal.record(entry(airing()))
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    files = [file for file in path.parent.iterdir() if file.is_file()]
    assert {file.suffix for file in files} == {".db", ".db-wal", ".db-shm", ".db-open", ".spare"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_of_a_live_notice_the_last_airing_is_found_by_each(store: Store) -> None:
    first = airing("a1", kind=AiringKind.LIVE)
    lines = first, replace(first, id="a2"), airing("b", kind=AiringKind.LIVE), airing("c")
    for one in lines:
        assert store.journal.record(entry(one))
    of_first = first.notice.id, "a2"
    assert [store.journal.live_notice_of(id) for id in ("a1", "a2")] == [of_first, of_first]
    assert store.journal.live_notice_of("c") is None and store.journal.live_notice_of("d") is None


def test_a_line_keeps_how_its_notice_was_to_be_said(store: Store) -> None:
    asked = Notice("今天停水", title="停水", chime=Signal.ALERT, repeats=2, zones=("东街",), volume=60)
    plain = Notice("今天停电", title="停电")
    for airing_id, notice in (("a1", asked), ("a2", plain)):
        assert store.journal.record(entry(replace(airing(airing_id), notice=notice)))
    first, second = (store.journal.find(airing_id) for airing_id in ("a1", "a2"))
    assert first and second
    assert replace(first.notice, id=asked.id) == asked and first.notice.id != asked.id
    assert replace(second.notice, id=plain.id) == plain and second.manner == ""
    assert store.journal.find("a3") is None
    spoilt = replace(first, manner='{"chime": "gong"}')
    assert (spoilt.notice.text, spoilt.notice.chime) == ("今天停水", None)
