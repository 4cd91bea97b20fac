"""The short form of `scripts/life --county`: two days, over which most of what can befall comes once."""

import os
import shutil

import pytest
from life.lived import lived


@pytest.mark.skipif(
    not shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin"),
    reason="apt-get install mosquitto",
)
def test_the_books_of_a_county_balance() -> None:
    life = lived("life.county_live", "--days", "2", "--seed", "1", "--short")
    assert life.returncode == 0, life.stdout + life.stderr
