"""A short share of what `scripts/faults` does for an hour: what is accepted ends once, heard or told."""

from pathlib import Path

import pytest
from faults.job import strike
from faults.kinds import KINDS
from faults.long_run import Job
from faults.tools import make_tools
from faults.world import Tools

WORDINGS = 10
# One kill of each target; of the rest enough to see that harness and box go together.
SHARES = {"kills": 5, "cuts": 1, "copies of cuts": 3, "clock": 3}
# The device, the disk and the clock have tests of their own beside this.
EVERY_DAY = {"kills", "copies of cuts"}


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    return make_tools(tmp_path_factory.mktemp("tools") / "made", WORDINGS)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if kind in EVERY_DAY else pytest.mark.slow) for kind in KINDS]
)
def test_what_was_accepted_ends_once_and_is_heard_once(kind: str, tools: Tools, tmp_path: Path) -> None:
    books = strike(Job(kind, 0, 0, SHARES.get(kind, 1)), tools, tmp_path)
    assert books.balanced, books.findings
    assert books.counts["accepted"]
