"""The queue on the disk: each airing is in it or in the journal, and ends once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from rig.fakes import ManualClock
from rig.stored import OpenStore, airing, entry
from sqlalchemy import insert

from broadcaster.core.model import Outcome
from broadcaster.store.database import tables
from broadcaster.store.store import Store


def waiting(store: Store) -> list[str]:
    return [left.airing.id for left in store.queue.unfinished()]


def test_what_was_accepted_is_there_after_a_restart_in_its_order(open_again: OpenStore) -> None:
    accepted = [airing(f"a{number}") for number in range(3)]
    with open_again() as store:
        assert all(store.queue.accept(one) for one in accepted)
    with open_again() as store:
        left = store.queue.unfinished()
    assert [one.airing for one in left] == accepted
    assert {(one.next_line, one.seconds_played, one.noted_at) for one in left} == {(0, 0.0, None)}


def test_its_journal_line_takes_it_out(store: Store) -> None:
    for name in ("a1", "a2"):
        store.queue.accept(airing(name))
    assert store.journal.record(entry(airing("a1")))
    assert waiting(store) == ["a2"]


def test_accepted_twice_it_waits_once(store: Store) -> None:
    store.queue.accept(airing())
    store.queue.accept(replace(airing(), asked_by="李二"))
    assert [left.airing.asked_by for left in store.queue.unfinished()] == ["早间"]


def test_what_has_ended_is_not_accepted_again(store: Store) -> None:
    store.journal.record(entry(airing()))
    store.queue.accept(airing())
    assert waiting(store) == []


def test_a_second_end_is_no_second_line_and_leaves_nothing_waiting(store: Store) -> None:
    store.queue.accept(airing())
    store.journal.record(entry(airing()))
    store.journal.record(entry(airing(), Outcome.CANCELLED))
    assert waiting(store) == []
    assert [row.outcome for row in store.journal.recent(9)] == [Outcome.PLAYED]


def test_how_far_it_came_is_known_after_a_restart(open_again: OpenStore, clock: ManualClock) -> None:
    with open_again() as store:
        store.queue.accept(airing())
        store.queue.progress("a1", 1, 3.0)
        clock.advance(4)
        store.queue.progress("a1", 2, 7.0, seconds_in_line=2.5)
    with open_again() as store:
        (left,) = store.queue.unfinished()
    assert left.seconds_in_line == 2.5
    assert (left.next_line, left.seconds_played, left.noted_at) == (2, 7.0, clock.now())
    assert left.started_at == clock.now() - timedelta(seconds=7)


def test_progress_of_what_has_ended_or_was_never_accepted_changes_nothing(store: Store) -> None:
    store.journal.record(entry(airing()))
    store.queue.progress("a1", 2, 7.0)
    store.queue.progress("nobody", 2, 7.0)
    store.queue.accept(airing("a2"))
    assert waiting(store) == ["a2"]


def test_a_row_that_cannot_be_read_keeps_nothing_else_waiting(store: Store) -> None:
    with store.database.transaction() as connection:
        connection.execute(insert(tables.queue).values(airing_id="bad", airing="{}"))
    store.queue.accept(airing())
    assert waiting(store) == ["a1"]
    assert len(store.database.read(tables.queue.select())) == 1


@pytest.mark.parametrize("bad", ["", "{", "{}", "[]", "null", '{"notice": 1}', "\ufffd", "x" * 99])
def test_a_notice_is_found_beside_a_row_that_cannot_be_read(store: Store, bad: str) -> None:
    with store.database.transaction() as connection:
        connection.execute(insert(tables.queue).values(airing_id="bad", airing=bad))
    sent = airing()
    store.queue.accept(sent)
    assert store.queue.of_notice(sent.notice.id) == sent
    assert store.queue.of_notice("other") is None


def test_what_the_station_remembers_is_there_after_a_restart(open_again: OpenStore) -> None:
    with open_again() as store:
        assert store.state.get("volume") == ""
        store.state.put("volume", "80")
        store.state.put("stopped_until", "2026-11-20T18:00:00+08:00")
        store.state.put("volume", "70")
    with open_again() as store:
        assert store.state.get("volume") == "70"
        store.state.put("stopped_until", "")
        assert store.state.get("stopped_until") == ""


def test_the_airing_of_a_notice_is_found_while_it_waits_and_when_it_has_ended(
    open_again: OpenStore,
) -> None:
    sent = airing("a1")
    with open_again() as store:
        assert store.queue.of_notice(sent.notice.id) is None
        store.queue.accept(sent)
        assert store.queue.of_notice(sent.notice.id) == sent
        store.journal.record(entry(sent))
    with open_again() as store:
        found = store.queue.of_notice(sent.notice.id)
        assert found and (found.id, found.notice.text) == (sent.id, sent.notice.text)
        assert (found.notice.severity, found.due_at) == (sent.notice.severity, sent.due_at)
        assert store.queue.of_notice("other") is None
