"""The pages of docs/how_to: each change is made on a copy of the program, and its tests pass there."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from house.documents import blocks
from house.layout import ROOT

PAGES = sorted((ROOT / "docs" / "how_to").glob("*.md"))
COPIED = ("broadcaster", "tests", "docs", "config")
LEFT_OUT = shutil.ignore_patterns("pictures")
# Of the tests of the house this one needs a second; those of the import table read the whole program.
GUARDS = ("tests/house/test_documents.py::test_every_command_is_in_the_documents",)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program with all of the changes."""
    project = tmp_path_factory.mktemp("project")
    for folder in COPIED:
        shutil.copytree(ROOT / folder, project / folder, ignore=LEFT_OUT)
    for path in ("pyproject.toml", "README.md", "ARCHITECTURE.md"):
        shutil.copy(ROOT / path, project / path)
    (project / "voices").symlink_to(ROOT / "voices")
    for page in PAGES:
        for block in blocks(page):
            block.change(project)
    return project


def run(project: Path, *command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=project,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_a_test_of_its_change(page: Path) -> None:
    assert [block for block in blocks(page) if Path(block.path).name.startswith("test_")]


def test_the_changes_pass_their_tests_and_those_of_the_house(project: Path) -> None:
    paths = [block.path for page in PAGES for block in blocks(page)]
    tests = [path for path in paths if Path(path).name.startswith("test_")]
    run(project, "pytest", "-q", "-p", "no:cacheprovider", *tests, *GUARDS)


def test_the_changes_have_the_form_of_the_program(project: Path) -> None:
    paths = sorted(
        {block.path for page in PAGES for block in blocks(page) if block.path.endswith(".py")}
    )
    run(project, "ruff", "check", "--quiet", *paths)
    run(project, "ruff", "format", "--check", "--quiet", *paths)
