"""The short form of `scripts/life`: three days, over which every fault comes once, and one of them."""

import pytest
from life.lived import lived


@pytest.mark.parametrize("days", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_the_books_of_some_days_balance(days: int) -> None:
    life = lived("life.live", "--days", str(days), "--seed", "1", "--faults", "4")
    assert life.returncode == 0, life.stdout + life.stderr
