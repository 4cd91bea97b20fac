"""A token opens what its scope allows until it is removed, and each deed is on record."""

from datetime import timedelta
from pathlib import Path

import pytest
from rig.fakes import ManualClock
from rig.stored import OpenStore

from broadcaster.core.errors import AccountRefused
from broadcaster.core.people import AuditFilter, Scope, WrongLogins
from broadcaster.store.audit_log import AuditLog
from broadcaster.store.store import Store


def test_a_token_opens_by_its_key_until_it_is_removed(store: Store) -> None:
    key = store.tokens.make("县应急平台", Scope.COUNTY, "王秀英")
    found = store.tokens.find(key)
    assert found and (found.name, found.scope, found.made_by) == ("县应急平台", Scope.COUNTY, "王秀英")
    assert store.tokens.find(key + "x") is None and store.tokens.find("") is None
    removed = store.tokens.remove(found.number)
    assert removed and removed.name == "县应急平台"
    assert store.tokens.find(key) is None
    assert store.tokens.remove(found.number) is None


def test_the_key_is_kept_only_as_a_hash_and_outlives_a_restart(
    open_again: OpenStore, path: Path
) -> None:
    with open_again() as store:
        key = store.tokens.make("家里的开关", Scope.AIR, "王秀英")
        kept = b"".join(file.read_bytes() for file in path.parent.iterdir() if file.is_file())
    assert key.encode() not in kept and len(key) > 40
    with open_again() as store:
        assert store.tokens.find(key)


def test_when_a_token_was_used_is_noted_once_an_hour(store: Store, clock: ManualClock) -> None:
    key = store.tokens.make("监控", Scope.METRICS, "王秀英")
    assert store.tokens.all()[0].used_at is None
    first = clock.now()
    for minutes in (0, 30, 29):
        clock.advance(60.0 * minutes)
        store.tokens.find(key)
    assert store.tokens.all()[0].used_at == first
    clock.advance(60.0)
    store.tokens.find(key)
    assert store.tokens.all()[0].used_at == first + timedelta(hours=1)


@pytest.mark.parametrize("name", ["", "长" * 41, "a\nb\x00"])
def test_a_token_needs_a_name(store: Store, name: str) -> None:
    with pytest.raises(AccountRefused):
        store.tokens.make(name, Scope.READ, "王秀英")


@pytest.mark.parametrize(
    ("scope", "may"),
    [
        (Scope.READ, {Scope.READ}),
        (Scope.WORDS, {Scope.READ, Scope.WORDS}),
        (Scope.AIR, {Scope.READ, Scope.AIR}),
        (Scope.COUNTY, {Scope.READ, Scope.AIR, Scope.COUNTY}),
        (Scope.METRICS, {Scope.METRICS}),
    ],
)
def test_a_scope_allows_its_one_thing_and_to_look(scope: Scope, may: set[Scope]) -> None:
    assert {needed for needed in Scope if scope.covers(needed)} == may


def test_deeds_are_told_newest_first_and_outlive_a_restart(
    open_again: OpenStore, clock: ManualClock
) -> None:
    with open_again() as store:
        store.deeds.note("王秀英", "播出", "今天\n停水\ud800", "192.0.2.7")
        clock.advance(60)
        store.deeds.note("李二", "登录失败", "", "192.0.2.8")
    with open_again() as store:
        told = [(deed.who, deed.what, deed.about, deed.address) for deed in store.deeds.recent(9)]
        assert told == [
            ("李二", "登录失败", "", "192.0.2.8"),
            ("王秀英", "播出", "今天 停水□", "192.0.2.7"),
        ]
        assert store.deeds.recent(1, skip=1)[0].who == "王秀英"


def test_deeds_are_found_by_kind_person_words_and_day(store: Store, clock: ManualClock) -> None:
    for who, what, about in (
        ("王秀英", "播出", "停水_一"),
        ("李二", "播出", "放电影"),
        ("李二", "停播", ""),
    ):
        store.deeds.note(who, what, about, "192.0.2.7")
        clock.advance(timedelta(days=1).total_seconds())
    store.write_queue.enqueue(lambda connection: None)
    today = clock.now().date()
    for wanted, found in (
        (AuditFilter(what="播出"), ["李二", "王秀英"]),
        (AuditFilter(who="李"), ["李二", "李二"]),
        (AuditFilter(words="停水_"), ["王秀英"]),
        (AuditFilter(words="192.0.2.7", what="停播"), ["李二"]),
        (AuditFilter(words="%"), []),
        (AuditFilter(day=today - timedelta(days=3)), ["王秀英"]),
        (AuditFilter(day=today), []),
    ):
        assert [deed.who for deed in store.deeds.recent(9, wanted=wanted)] == found, wanted
    assert [deed.who for deed in store.deeds.recent(9, 1, AuditFilter(what="播出"))] == ["王秀英"]
    assert store.deeds.kinds() == ["停播", "播出"]


def test_wrong_logins_are_summed_by_account_of_the_last_day(store: Store, clock: ManualClock) -> None:
    """Nine are somebody's own; names that nobody has are told together, whatever they say."""
    for number in range(9):
        store.deeds.note("李二", "登录失败", "", "192.0.2.8")
        store.deeds.note(f"admin{number}", "登录失败", "", "192.0.2.9")
        store.deeds.note("王秀英", "PIN 登录失败", "", f"192.0.2.{number}")
    began = clock.now()
    clock.advance(60)
    store.deeds.note("root", "登录失败", "", "192.0.2.9")
    store.deeds.note("王秀英", "登录失败", "", "192.0.2.99")
    store.write_queue.enqueue(lambda connection: None)
    people = ["王秀英", "李二"]
    assert store.deeds.wrong_logins(people) == [
        WrongLogins("王秀英", 10, 10, "192.0.2.99", began),
        WrongLogins("", 10, 1, "192.0.2.9", began),
    ]
    clock.advance(timedelta(days=1).total_seconds())
    assert store.deeds.wrong_logins(people) == []


def test_the_oldest_deeds_go(store: Store, clock: ManualClock) -> None:
    deeds = AuditLog(store.database, store.write_queue, clock, kept=3)
    for number in range(5):
        deeds.note("王秀英", "播出", str(number))
    store.write_queue.enqueue(lambda connection: None)
    assert [deed.about for deed in deeds.recent(9)] == ["4", "3", "2"]
