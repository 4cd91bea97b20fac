"""A known phone lets its owner in by six digits, and nobody who guesses."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from rig.fakes import CHEAP, ManualClock

from broadcaster.core.errors import AccountRefused
from broadcaster.core.people import Person, Role
from broadcaster.store.accounts import Accounts
from broadcaster.store.database.station_database import Database
from broadcaster.store.phones import Phones

PIN = "270415"


@pytest.fixture
def database(path: Path, clock: ManualClock) -> Iterator[Database]:
    with closing(Database(path, clock)) as database:
        yield database


@pytest.fixture
def accounts(database: Database, clock: ManualClock) -> Accounts:
    accounts = Accounts(database, clock, CHEAP)
    accounts.create(accounts.one_time_code() or "", "王秀英", "shuiku-2026")
    return accounts


@pytest.fixture
def phones(database: Database, clock: ManualClock) -> Phones:
    return Phones(database, clock, CHEAP)


@pytest.fixture
def owner(accounts: Accounts) -> Person:
    return accounts.get("王秀英")


def test_a_known_phone_lets_its_owner_in_by_six_digits(phones: Phones, owner: Person) -> None:
    key = phones.remember(owner, PIN, "安卓手机")
    assert phones.check(key, PIN) == owner
    assert phones.check(key, "270416") is None
    assert phones.check(key, PIN) == owner
    assert [phone.label for phone in phones.of(owner)] == ["安卓手机"]


@pytest.mark.parametrize(
    "pin", ["", "12345", "1234567", "27041a", "二七〇四一五", "111111", "121212", "123456", "987654"]
)
def test_a_pin_that_is_none_or_easy_to_guess_is_refused(phones: Phones, owner: Person, pin: str) -> None:
    with pytest.raises(AccountRefused, match="PIN"):
        phones.remember(owner, pin, "")
    assert phones.of(owner) == []


def test_of_a_thousand_guesses_five_are_looked_at_and_the_phone_is_forgotten(
    phones: Phones, owner: Person
) -> None:
    key = phones.remember(owner, PIN, "")
    looked_at = 0
    for number in range(1000):
        try:
            assert phones.check(key, f"{number:06}") is None
            looked_at += 1
        except AccountRefused:
            pass
    assert looked_at == 4
    assert phones.find(key) is None
    with pytest.raises(AccountRefused, match="名字和密码"):
        phones.check(key, PIN)


def test_guesses_are_counted_over_a_restart(
    phones: Phones, owner: Person, database: Database, clock: ManualClock
) -> None:
    key = phones.remember(owner, PIN, "")
    for _ in range(4):
        assert Phones(database, clock, CHEAP).check(key, "270416") is None
    with pytest.raises(AccountRefused, match="5 次"):
        Phones(database, clock, CHEAP).check(key, "270416")


def test_the_pin_of_one_phone_opens_nothing_on_another(phones: Phones, owner: Person) -> None:
    phones.remember(owner, PIN, "")
    for key in ("", "made-up", "\ud800"):
        with pytest.raises(AccountRefused):
            phones.check(key, PIN)


def test_a_pin_belongs_to_its_account(phones: Phones, owner: Person, accounts: Accounts) -> None:
    accounts.add("李二", Role.VIEWER)
    other = accounts.get("李二")
    key = phones.remember(other, PIN, "")
    assert phones.check(key, PIN) == other
    assert phones.of(owner) == []


def test_with_the_password_the_phones_go(phones: Phones, owner: Person, accounts: Accounts) -> None:
    for change in (
        lambda: accounts.change_password("王秀英", "shuiku-2026", "hetian-2027"),
        lambda: accounts.reset("王秀英"),
    ):
        key = phones.remember(owner, PIN, "")
        change()
        assert phones.find(key) is None


def test_who_is_removed_takes_his_phones_along(
    phones: Phones, owner: Person, accounts: Accounts
) -> None:
    accounts.add("李二", Role.SECRETARY)
    key = phones.remember(owner, PIN, "")
    accounts.remove("王秀英")
    assert phones.find(key) is None


def test_a_lost_phone_is_forgotten_by_its_owner_only(
    phones: Phones, owner: Person, accounts: Accounts
) -> None:
    accounts.add("李二", Role.SECRETARY)
    key = phones.remember(owner, PIN, "")
    (phone,) = phones.of(owner)
    assert not phones.forget_of(accounts.get("李二"), phone.number)
    assert phones.forget_of(owner, phone.number)
    assert phones.find(key) is None


def test_only_the_last_ten_phones_are_known(phones: Phones, owner: Person) -> None:
    keys = [phones.remember(owner, PIN, str(number)) for number in range(12)]
    assert [phone.label for phone in phones.of(owner)] == [str(number) for number in range(2, 12)]
    assert phones.find(keys[0]) is None and phones.find(keys[2])


def test_neither_key_nor_pin_is_kept_readable(phones: Phones, owner: Person, path: Path) -> None:
    key = phones.remember(owner, PIN, "")
    kept = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert PIN.encode() not in kept and key.encode() not in kept
    phones.forget(key)
    assert phones.find(key) is None
