"""A short share of what `scripts/faults --county` does for long: each bulletin that an officer sent is
heard once and counted once, and whoever enrols comes in once or is told why not.
"""

from contextlib import closing
from pathlib import Path

import pytest
from faults.county_job import CAMPAIGNS
from faults.county_world import CountyWorld

# In this order on one county; the last one retires one of its villages.
SHARES = {"races": 6, "kills": 2, "restores": 1, "enrolments": 10}


@pytest.mark.slow
def test_the_books_of_a_county_under_faults_balance(tmp_path: Path) -> None:
    with closing(CountyWorld(tmp_path / "world", "0")) as world:
        world.make()
        for kind, rounds in SHARES.items():
            CAMPAIGNS[kind](world, rounds)
            assert world.books.balanced, (kind, world.books.findings)
        assert world.books.counts["rounds"] == sum(SHARES.values())
        assert world.books.counts["heard"]
