"""Machines to be set up, with stand-ins for apt, dpkg and npm."""

import shutil
from pathlib import Path

import pytest
from setup.copied import Copy
from setup.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture(scope="session")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[Machine, Path]:
    """A machine that is set up, and a copy of all of it: an environment cannot be moved."""
    machine = Machine(tmp_path_factory.mktemp("ready") / "machine")
    code, told = machine.setup()
    assert code == 0, told
    (machine.folder / "calls").unlink()
    kept = machine.folder.with_name("kept")
    shutil.copytree(machine.folder, kept, symlinks=True)
    return machine, kept


@pytest.fixture
def ready(set_up: tuple[Machine, Path]) -> Machine:
    """Set up, with nothing asked for since."""
    machine, kept = set_up
    shutil.rmtree(machine.folder)
    shutil.copytree(kept, machine.folder, symlinks=True)
    return machine


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Set up for the tests too, and without a pip since."""
    made = Copy(tmp_path_factory.mktemp("copy"))
    made.set_up("--test")
    return made
