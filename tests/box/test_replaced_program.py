"""A box whose program is replaced while it runs, as `git pull` does."""

import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from rig.rig import FakeRig, wait_until
from rig.village import RunningBox, Village

from broadcaster.core.project_folders import PACKAGE_FOLDER, PROJECT_FOLDER
from broadcaster.system.program_files import REPLACED

MADE = "今天下午停水。"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A copy of the program, to be changed."""
    package = tmp_path / "program" / PACKAGE_FOLDER.name
    shutil.copytree(PACKAGE_FOLDER, package)
    (package.parent / "voices").symlink_to(PROJECT_FOLDER / "voices")
    return package


@pytest.fixture
def village(tmp_path: Path, fake_rig: FakeRig, program: Path) -> Village:
    folder = tmp_path / "village"
    folder.mkdir()
    # Not from the folder that the tests are run in.
    copy = {"PYTHONPATH": str(program.parent), "PYTHONSAFEPATH": "1"}
    village = Village(folder, fake_rig.environment | copy)
    village.configure(station={"first_notice": ""})
    return village


@pytest.fixture
def box(village: Village) -> Iterator[RunningBox]:
    village.render(MADE)
    box = RunningBox(village)
    yield box
    box.end()


def replace_messages(program: Path) -> None:
    """As git does: another file in the place of the first, with words that the old one does not know."""
    old, new = program / "studio" / "voice_messages.py", program / "studio" / "new.py"
    new.write_text(old.read_text(encoding="utf-8") + "\nNEWER = True\n", encoding="utf-8")
    new.replace(old)


def voice_children(box: RunningBox) -> list[psutil.Process]:
    children = psutil.Process(box.process.pid).children()
    return [one for one in children if "broadcaster.studio.voice_child" in one.cmdline()]


def test_box_whose_program_was_replaced_says_so_and_airs_what_it_has(
    box: RunningBox, village: Village, program: Path
) -> None:
    assert REPLACED not in village.call("status").stdout
    replace_messages(program)
    # One that fits goes on; what is asked of is what a new one would do.
    for child in voice_children(box):
        child.kill()
        child.wait()

    new, made = village.call("say", "新的话，没有做过。"), village.call("say", MADE)

    assert new.returncode == 2 and REPLACED in new.stdout + new.stderr
    assert made.returncode == 0, made.stderr
    wait_until(
        lambda: f"{REPLACED}广播站（按 Ctrl-C，再运行 scripts/run）" in village.call("status").stdout
    )
    assert REPLACED in village.call("check").stdout
    with urllib.request.urlopen(f"{box.page}healthz") as answer:
        assert '"warn"' in answer.read().decode()
