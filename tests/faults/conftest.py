"""How often a device is lost, and what was measured: printed when all is over."""

import os
from collections.abc import Iterator

import pytest
from faults.figures import Figures

A_FEW = 1


@pytest.fixture
def device_losses() -> int:
    """Of each kind: few in the suite, as many as DEVICE_LOSSES says."""
    return int(os.environ.get("DEVICE_LOSSES", A_FEW))


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Iterator[Figures]:
    """To be printed when all is over."""
    measured = Figures()
    yield measured
    request.node.user_properties += [("figure", line) for line in measured.lines()]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """From the reports, for the tests may have run in other processes."""
    lines = [
        f"{report.location[2]}  {figure}"
        for report in terminalreporter.getreports("")
        for name, figure in report.user_properties
        if name == "figure" and report.when == "teardown"
    ]
    if lines:
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.write_line(line)
