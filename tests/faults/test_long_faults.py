"""A short share of what `scripts/faults` does for an hour: what is accepted ends once, heard or told."""

from pathlib import Path

import pytest
from faults.books import Books
from faults.campaigns import Strike, kill, run
from faults.tools import make_tools
from faults.world import Target, Tools, World

WORDINGS = 10


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    return make_tools(tmp_path_factory.mktemp("tools") / "made", WORDINGS)


def struck(tmp_path: Path, tools: Tools, *strikes: Strike) -> Books:
    world = World(tmp_path / "world", tools, "short")
    try:
        run(world, list(strikes))
    finally:
        world.close()
    return world.books


def test_killed_whole_or_in_part_it_keeps_its_promises(tmp_path: Path, tools: Tools) -> None:
    books = struck(tmp_path, tools, *map(kill, Target))
    assert books.balanced, books.findings
