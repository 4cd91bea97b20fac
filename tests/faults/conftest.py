"""How often a device is lost or a box killed, and what was measured: printed when all is over."""

import os
from collections.abc import Iterator

import pytest
from faults.figures import Figures

A_FEW = 1
PRINTED = pytest.StashKey[list[str]]()


@pytest.fixture
def device_losses() -> int:
    """Of each kind: a few in the suite, 100 by `scripts/faults`."""
    return int(os.environ.get("DEVICE_LOSSES", A_FEW))


@pytest.fixture
def box_kills() -> int:
    """A few in the suite, 300 by `scripts/faults`."""
    return int(os.environ.get("BOX_KILLS", 2 * A_FEW))


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Iterator[Figures]:
    """To be printed when all is over."""
    measured = Figures()
    yield measured
    lines = request.config.stash.setdefault(PRINTED, [])
    lines += [f"{request.node.name}  {line}" for line in measured.lines()]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if lines := config.stash.get(PRINTED, []):
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.write_line(line)
