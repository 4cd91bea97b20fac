"""Which files of a program count as replaced."""

import subprocess
import sys
from pathlib import Path

import pytest

from broadcaster.studio.voice_client import PACKAGES
from broadcaster.system.program_files import ProgramFiles

LOADS = (
    "import sys, broadcaster.studio.voice_child\n"
    "print(*{m.split('.')[1] for m in sys.modules if m.startswith('broadcaster.')})"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("web/page.py", "studio/child.py", "studio/child.pyc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("a = 1", encoding="utf-8")
    return tmp_path


def test_another_file_in_the_place_of_one_is_seen(folder: Path) -> None:
    program = ProgramFiles(folder=folder)
    assert not program.look()
    (folder / "studio" / "child.py").write_text("a = 22", encoding="utf-8")
    assert program.look()
    assert "请重新启动广播站（按 Ctrl-C，再运行 scripts/run）" in program.fault("广播站", "scripts/run")


def test_file_that_is_gone_is_seen(folder: Path) -> None:
    program = ProgramFiles(folder=folder)
    (folder / "web" / "page.py").unlink()
    assert program.look()


def test_what_python_makes_itself_and_other_packages_do_not_count(folder: Path) -> None:
    program = ProgramFiles(("studio",), folder)
    (folder / "studio" / "child.pyc").write_text("made anew", encoding="utf-8")
    (folder / "web" / "page.py").unlink()
    assert not program.look()


def test_voice_child_loads_only_packages_that_are_looked_at() -> None:
    loads = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, check=True)
    assert set(loads.stdout.split()) == set(PACKAGES)
