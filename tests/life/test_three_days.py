"""The short form of `scripts/life`: three days, over which every fault comes once."""

from life.lived import lived


def test_the_books_of_three_days_balance() -> None:
    life = lived("life.live", "--days", "3", "--seed", "1", "--faults", "4")
    assert life.returncode == 0, life.stdout + life.stderr
