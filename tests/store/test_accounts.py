from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from broadcaster.clock import Clock
from broadcaster.errors import AccountRefused
from broadcaster.store.accounts import Accounts
from broadcaster.store.database import Database

NAME, PASSWORD = "王秀英", "shuiku-2026"
MINUTES = 60.0


class StoppedClock(Clock):
    """Monotonic time that goes on only when told."""

    def __init__(self) -> None:
        super().__init__(ZoneInfo("Asia/Shanghai"))
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "broadcaster.db"


@pytest.fixture
def database(path: Path, clock: StoppedClock) -> Iterator[Database]:
    with closing(Database(path, clock)) as database:
        yield database


@pytest.fixture
def fresh(database: Database, clock: StoppedClock) -> Accounts:
    return Accounts(database, clock)


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


def test_each_start_makes_another_code(fresh: Accounts, database: Database, clock: StoppedClock) -> None:
    others = [Accounts(database, clock) for _ in range(3)]
    assert len({code_of(accounts) for accounts in [fresh, *others]}) > 1


def test_with_the_code_a_person_makes_the_account_and_logs_in(accounts: Accounts) -> None:
    assert not accounts.needs_account()
    assert accounts.one_time_code() is None
    assert accounts.check(NAME, PASSWORD)
    assert accounts.check(f" {NAME} ", PASSWORD)
    assert not accounts.check(NAME, PASSWORD + "7")
    assert not accounts.check("李二", PASSWORD)


def test_a_second_account_is_refused(accounts: Accounts) -> None:
    with pytest.raises(AccountRefused, match="已经建好"):
        accounts.create("00000000", "李二", PASSWORD)


def test_the_account_outlives_the_process(
    accounts: Accounts, database: Database, path: Path, clock: StoppedClock
) -> None:
    database.close()
    with closing(Database(path, clock)) as opened:
        again = Accounts(opened, clock)
        assert again.one_time_code() is None
        assert again.check(NAME, PASSWORD)


def test_the_password_is_kept_only_as_an_argon2_hash(accounts: Accounts, path: Path) -> None:
    kept = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"$argon2id$" in kept
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


def test_the_code_can_be_guessed_only_ten_times(fresh: Accounts, clock: StoppedClock) -> None:
    code = code_of(fresh)
    for _ in range(10):
        with pytest.raises(AccountRefused, match="不对"):
            fresh.create(wrong(code), NAME, PASSWORD)
    with pytest.raises(AccountRefused, match="15 分钟"):
        fresh.create(code, NAME, PASSWORD)
    clock.seconds += 15 * MINUTES
    fresh.create(code, NAME, PASSWORD)
    assert fresh.check(NAME, PASSWORD)


def test_ten_wrong_passwords_lock_even_the_right_one_for_a_while(
    accounts: Accounts, clock: StoppedClock
) -> None:
    for _ in range(10):
        assert not accounts.check(NAME, "wrong-password")
    with pytest.raises(AccountRefused, match="15 分钟"):
        accounts.check(NAME, PASSWORD)
    clock.seconds += 15 * MINUTES
    assert accounts.check(NAME, PASSWORD)


def test_wrong_passwords_far_apart_do_not_lock(accounts: Accounts, clock: StoppedClock) -> None:
    for _ in range(12):
        assert not accounts.check(NAME, "wrong-password")
        clock.seconds += 2 * MINUTES
    assert accounts.check(NAME, PASSWORD)


def test_a_right_password_clears_the_count(accounts: Accounts) -> None:
    for _ in range(2):
        for _ in range(9):
            assert not accounts.check(NAME, "wrong-password")
        assert accounts.check(NAME, PASSWORD)
