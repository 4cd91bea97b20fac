"""The short form of `scripts/life --county`: its first day, and two, with most that can befall it."""

import os
import shutil

import pytest
from life.lived import lived


@pytest.mark.skipif(
    not shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin"),
    reason="apt-get install mosquitto",
)
@pytest.mark.parametrize("days", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_the_books_of_a_county_balance(days: int) -> None:
    life = lived("life.county_live", "--days", str(days), "--seed", "1", "--short")
    assert life.returncode == 0, life.stdout + life.stderr
