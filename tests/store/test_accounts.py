"""Only a person with the code makes the first account, passwords are kept as hashes, and guesses are
slowed.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from rig.fakes import CHEAP, ManualClock

from broadcaster.core.errors import AccountRefused
from broadcaster.core.people import Role
from broadcaster.store.accounts import Accounts
from broadcaster.store.database.station_database import Database
from broadcaster.store.login_attempts import place_of

NAME, PASSWORD = "王秀英", "shuiku-2026"
MINUTES = 60.0


@pytest.fixture
def database(path: Path, clock: ManualClock) -> Iterator[Database]:
    with closing(Database(path, clock)) as database:
        yield database


@pytest.fixture
def fresh(database: Database, clock: ManualClock) -> Accounts:
    return Accounts(database, clock, CHEAP)


@pytest.fixture
def accounts(fresh: Accounts) -> Accounts:
    fresh.create(code_of(fresh), NAME, PASSWORD)
    return fresh


def code_of(accounts: Accounts) -> str:
    code = accounts.one_time_code()
    assert code is not None
    return code


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08}"


def test_a_fresh_station_has_a_code_of_eight_digits_and_no_login(fresh: Accounts) -> None:
    assert fresh.needs_account()
    code = code_of(fresh)
    assert len(code) == 8 and code.isdigit()
    assert not fresh.check("admin", "admin")
    assert not fresh.check("", "")


def test_each_start_makes_another_code(fresh: Accounts, database: Database, clock: ManualClock) -> None:
    others = [Accounts(database, clock, CHEAP) for _ in range(3)]
    assert len({code_of(accounts) for accounts in [fresh, *others]}) > 1


def test_with_the_code_a_person_makes_the_account_and_logs_in(accounts: Accounts) -> None:
    assert not accounts.needs_account()
    assert accounts.one_time_code() is None
    assert accounts.check(NAME, PASSWORD)
    assert accounts.check(f" {NAME} ", PASSWORD)
    assert not accounts.check(NAME, PASSWORD + "7")
    assert not accounts.check("李二", PASSWORD)


def test_a_second_first_account_is_refused(accounts: Accounts) -> None:
    with pytest.raises(AccountRefused, match="已经建好"):
        accounts.create("00000000", "李二", PASSWORD)


def test_the_account_outlives_the_process(
    accounts: Accounts, database: Database, path: Path, clock: ManualClock
) -> None:
    database.close()
    with closing(Database(path, clock)) as opened:
        again = Accounts(opened, clock, CHEAP)
        assert again.one_time_code() is None
        assert again.check(NAME, PASSWORD)


def test_the_password_is_kept_only_as_an_argon2_hash(
    database: Database, clock: ManualClock, path: Path
) -> None:
    real = Accounts(database, clock)
    real.create(code_of(real), NAME, PASSWORD)
    assert real.check(NAME, PASSWORD)
    kept = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"$argon2id$v=19$m=19456,t=2,p=1$" in kept
    assert PASSWORD.encode() not in kept


@pytest.mark.parametrize(
    ("name", "password", "reason"),
    [
        (NAME, "short12", "至少要 8 位"),
        (NAME, "x" * 201, "至少要 8 位"),
        (NAME, "88888888", "太容易猜到"),
        ("shuiku2026", "shuiku2026", "太容易猜到"),
        ("  ", PASSWORD, "请写名字"),
        ("长" * 21, PASSWORD, "请写名字"),
    ],
)
def test_a_weak_password_or_no_name_is_refused(
    fresh: Accounts, name: str, password: str, reason: str
) -> None:
    with pytest.raises(AccountRefused, match=reason):
        fresh.create(code_of(fresh), name, password)
    assert fresh.needs_account()


def test_the_code_can_be_guessed_only_ten_times(fresh: Accounts, clock: ManualClock) -> None:
    code = code_of(fresh)
    for _ in range(10):
        with pytest.raises(AccountRefused, match="不对"):
            fresh.create(wrong(code), NAME, PASSWORD)
    with pytest.raises(AccountRefused, match="15 分钟"):
        fresh.create(code, NAME, PASSWORD)
    clock.advance(15 * MINUTES)
    fresh.create(code, NAME, PASSWORD)
    assert fresh.check(NAME, PASSWORD)


def test_ten_wrong_passwords_lock_even_the_right_one_for_a_while(
    accounts: Accounts, clock: ManualClock
) -> None:
    for _ in range(10):
        assert not accounts.check(NAME, "wrong-password")
    with pytest.raises(AccountRefused, match="15 分钟"):
        accounts.check(NAME, PASSWORD)
    clock.advance(15 * MINUTES)
    assert accounts.check(NAME, PASSWORD)


def test_wrong_passwords_far_apart_do_not_lock(accounts: Accounts, clock: ManualClock) -> None:
    for _ in range(12):
        assert not accounts.check(NAME, "wrong-password")
        clock.advance(2 * MINUTES)
    assert accounts.check(NAME, PASSWORD)


def test_a_right_password_clears_the_count(accounts: Accounts) -> None:
    for _ in range(2):
        for _ in range(9):
            assert not accounts.check(NAME, "wrong-password")
        assert accounts.check(NAME, PASSWORD)


def test_the_first_is_a_secretary_and_lets_others_in(accounts: Accounts) -> None:
    assert accounts.get(NAME).role is Role.SECRETARY
    given = accounts.add(" 李二 ", Role.EDITOR)
    person = accounts.check("李二", given)
    assert person and (person.name, person.role) == ("李二", Role.EDITOR)
    assert [one.name for one in accounts.people()] == [NAME, "李二"]


@pytest.mark.parametrize("name", ["", "  ", "长" * 21, "a\x07b", NAME])
def test_a_name_that_is_none_or_taken_is_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(AccountRefused):
        accounts.add(name, Role.VIEWER)
    assert len(accounts.people()) == 1


def test_passwords_that_are_given_out_are_long_and_never_the_same(accounts: Accounts) -> None:
    given = {accounts.add(f"村民{number}", Role.VIEWER) for number in range(20)}
    assert len(given) == 20 and {len(password) for password in given} == {14}


def test_a_role_is_changed_and_somebody_removed_but_a_secretary_always_stays(accounts: Accounts) -> None:
    given = accounts.add("李二", Role.VIEWER)
    for refused in (partial(accounts.remove, NAME), partial(accounts.set_role, NAME, Role.EDITOR)):
        with pytest.raises(AccountRefused, match="至少要留一个书记"):
            refused()
    accounts.set_role("李二", Role.SECRETARY)
    accounts.remove(NAME)
    assert accounts.check(NAME, PASSWORD) is None
    with pytest.raises(AccountRefused, match="至少要留一个书记"):
        accounts.remove("李二")
    assert accounts.check("李二", given)
    with pytest.raises(AccountRefused, match="没有叫"):
        accounts.remove(NAME)


def test_a_change_of_password_needs_the_old_one_and_changes_the_stamp(accounts: Accounts) -> None:
    before = accounts.get(NAME)
    with pytest.raises(AccountRefused, match="没有改"):
        accounts.change_password(NAME, "wrong-password", "hetian-2027")
    for weak in ("short", PASSWORD):
        with pytest.raises(AccountRefused):
            accounts.change_password(NAME, PASSWORD, weak)
    assert accounts.find(NAME) == before
    after = accounts.change_password(NAME, PASSWORD, "hetian-2027")
    assert after.stamp != before.stamp
    assert accounts.check(NAME, PASSWORD) is None
    assert accounts.check(NAME, "hetian-2027") == after


def test_a_forgotten_password_is_reset_and_a_locked_account_opened(accounts: Accounts) -> None:
    before = accounts.get(NAME)
    for _ in range(10):
        accounts.check(NAME, "wrong-password")
    given = accounts.reset(NAME)
    after = accounts.check(NAME, given)
    assert after and after.stamp != before.stamp
    with pytest.raises(AccountRefused, match="没有叫"):
        accounts.reset("李二")


def test_one_who_guesses_at_many_names_is_stopped_by_his_address(accounts: Accounts) -> None:
    for number in range(30):
        assert accounts.check(f"村民{number}", "wrong-password", "192.0.2.7") is None
    with pytest.raises(AccountRefused, match="15 分钟"):
        accounts.check(NAME, PASSWORD, "192.0.2.7")
    assert accounts.check(NAME, PASSWORD, "192.0.2.8")


def test_wrong_passwords_from_elsewhere_lock_nobody_out(accounts: Accounts) -> None:
    for _ in range(10):
        accounts.check(NAME, "wrong-password", "192.0.2.7")
    with pytest.raises(AccountRefused, match="15 分钟"):
        accounts.check(NAME, PASSWORD, "192.0.2.7")
    assert accounts.check(NAME, PASSWORD, "192.0.2.8")


def test_one_locked_account_leaves_the_others_open(accounts: Accounts) -> None:
    given = accounts.add("李二", Role.VIEWER)
    for _ in range(10):
        accounts.check("李二", "wrong-password", "192.0.2.7")
    with pytest.raises(AccountRefused):
        accounts.check("李二", given, "192.0.2.7")
    assert accounts.check(NAME, PASSWORD, "192.0.2.7")


def test_of_a_thousand_guesses_of_one_place_ten_are_looked_at(accounts: Accounts) -> None:
    looked_at = 0
    for number in range(1000):
        try:
            assert accounts.check(NAME, f"guess-{number}", f"2001:db8::{number:x}") is None
            looked_at += 1
        except AccountRefused:
            pass
    assert looked_at == 10


def test_phones_of_the_old_internet_are_told_apart_where_a_box_listens_to_both() -> None:
    assert place_of("::ffff:192.0.2.7") == place_of("192.0.2.7") != place_of("::ffff:192.0.2.8")
    assert place_of("2001:db8::1") == place_of("2001:db8::2") != place_of("2001:db8:0:1::1")


def test_wrong_codes_from_elsewhere_lock_out_nobody_who_has_the_code(fresh: Accounts) -> None:
    guess = wrong(code_of(fresh))
    for _ in range(10):
        with pytest.raises(AccountRefused, match="不对"):
            fresh.create(guess, NAME, PASSWORD, "192.0.2.7")
    with pytest.raises(AccountRefused, match="15 分钟"):
        fresh.create(code_of(fresh), NAME, PASSWORD, "192.0.2.7")
    assert fresh.create(code_of(fresh), NAME, PASSWORD, "192.0.2.8")


@pytest.mark.parametrize("odd", ["\ud800", "\x00", "名" * 5000])
def test_odd_names_and_passwords_are_simply_wrong(accounts: Accounts, odd: str) -> None:
    assert accounts.check(odd, PASSWORD) is None
    assert accounts.check(NAME, odd) is None


@pytest.mark.parametrize("copied", [str.upper, str.title, lambda given: given.replace("-", " ")])
def test_a_given_password_may_be_copied_in_capitals_and_without_its_hyphens(
    accounts: Accounts, copied: Callable[[str], str]
) -> None:
    given = accounts.add("王会计", Role.SECRETARY)
    assert accounts.check("王会计", given)
    assert accounts.check("王会计", copied(given))
    assert not accounts.check("王会计", copied(given)[:-1])


def test_ones_own_password_is_taken_as_it_was_chosen(fresh: Accounts) -> None:
    fresh.create(code_of(fresh), NAME, "Shuiku-Bamu")
    assert fresh.check(NAME, "Shuiku-Bamu")
    assert not fresh.check(NAME, "shuiku-bamu")
