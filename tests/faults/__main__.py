"""`scripts/faults`: the faults that a box must survive."""

import sys
from pathlib import Path

from faults.books import Books
from faults.kinds import KINDS, MOST_ROUNDS
from faults.long_run import Suite, run
from faults.tools import make_tools

WORDINGS = 60


def prepare(folder: Path) -> tuple[str, str]:
    tools = make_tools(folder / "tools", WORDINGS)
    return str(tools.folder), str(tools.wordings)


SUITE = Suite(
    "scripts/faults",
    {name: (kind.rounds, MOST_ROUNDS) for name, kind in KINDS.items()},
    Books,
    "faults.job",
    prepare=prepare,
)

if __name__ == "__main__":
    sys.exit(run(SUITE))
