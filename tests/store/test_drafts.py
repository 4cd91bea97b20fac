"""An unsent draft is kept for its owner and for nobody else, over a restart and for seven days."""

from pathlib import Path

import pytest
from rig.fakes import ManualClock
from rig.stored import OpenStore

from broadcaster.core.errors import StoreUnusable
from broadcaster.core.people import Role
from broadcaster.store.drafts import KEPT_FOR, MOST_OF_ONE
from broadcaster.store.store import Store

WATER = (("text", "明天停水。"), ("severity", "0"), ("weekday", "1"), ("weekday", "3"))


def test_what_was_written_is_there_after_a_restart_and_is_ones_own(open_again: OpenStore) -> None:
    with open_again() as store:
        store.drafts.keep(1, "a" * 12, "say", WATER)
    with open_again() as store:
        (found,) = store.drafts.of(1)
        assert (found.id, found.form, found.fields, found.revision) == ("a" * 12, "say", WATER, 1)
        assert store.drafts.of(2) == [] and store.drafts.find(2, "a" * 12) is None


def test_one_id_has_one_text_the_last(store: Store) -> None:
    store.drafts.keep(1, "a", "say", WATER)
    store.drafts.keep(2, "a", "say", (("text", "别人的"),))
    assert store.drafts.keep(1, "a", "say", (("text", "改了"),)).revision == 2
    assert [one.get("text") for one in store.drafts.of(1)] == ["改了"]
    assert [one.get("text") for one in store.drafts.of(2)] == ["别人的"]


def test_what_was_sent_says_what_it_became_and_waits_for_nobody(store: Store) -> None:
    store.drafts.keep(1, "a", "say", WATER)
    store.drafts.finish(1, "a", "airing")
    store.drafts.finish(1, "unknown", "airing")
    assert store.drafts.of(1) == []
    found = store.drafts.find(1, "a")
    assert found and found.became == "airing"


def test_which_were_sent_is_told_with_the_revision_that_was(store: Store) -> None:
    for one in ("written", "sent", "dropped", "sent"):
        store.drafts.keep(1, one, "say", WATER)
    store.drafts.finish(1, "sent", "airing")
    store.drafts.drop(1, "dropped")
    assert store.drafts.sent(1) == {"sent": 2, "dropped": -1}
    assert store.drafts.sent(2) == {}


def test_it_is_dropped_and_goes_after_seven_days_and_beyond_twenty(
    store: Store, clock: ManualClock
) -> None:
    store.drafts.keep(1, "old", "say", WATER)
    clock.advance(KEPT_FOR.total_seconds() + 1)
    assert store.drafts.of(1) == []
    for number in range(MOST_OF_ONE + 3):
        store.drafts.keep(1, str(number), "say", WATER)
    assert len(store.drafts.of(1)) == MOST_OF_ONE and store.drafts.find(1, "2") is None
    store.drafts.drop(1, "5")
    assert store.drafts.find(1, "5") is None and len(store.drafts.of(1)) == MOST_OF_ONE - 1
    store.drafts.take_back(2, "5")
    assert store.drafts.find(1, "5") is None
    store.drafts.take_back(1, "5")
    assert store.drafts.find(1, "5") and len(store.drafts.of(1)) == MOST_OF_ONE


def test_whose_account_goes_his_drafts_go(store: Store) -> None:
    store.accounts.create(store.accounts.one_time_code() or "", "王秀英", "shuiku-2026")
    store.accounts.add("李四", Role.EDITOR)
    number = store.accounts.get("李四").number
    store.drafts.keep(number, "a", "say", WATER)
    store.accounts.remove("李四")
    assert store.drafts.of(number) == []


def test_a_disk_that_takes_nothing_loses_no_text_while_the_box_is_up(store: Store, path: Path) -> None:
    store.database.close()
    with pytest.raises(StoreUnusable), store.database.transaction():
        pass
    store.drafts.keep(1, "a", "say", WATER)
    found = store.drafts.find(1, "a")
    assert found and found.fields == WATER and store.drafts.of(1) == [found]
    store.drafts.finish(1, "a", "airing")
    assert store.drafts.of(1) == []
