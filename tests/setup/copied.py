"""A copy of this project that shares this environment's libraries and voices, as a reader has it."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from rig.spoken import baker_folder

ROOT = Path(__file__).resolve().parent.parent.parent
LEFT_OUT = (
    ".*",
    "voices",
    "state",
    "county",
    "audio_cache",
    "__pycache__",
    "*.egg-info",
    "*.jpg",
    "*.log",
)
COMMAND = """\
#!{python}
from broadcaster.commands.cli import main
raise SystemExit(main())
"""
NOTHING_TO_DO = "# Stands in for a pip that finds everything installed.\n"


def left_out(folder: str, names: list[str]) -> set[str]:
    at_the_top = set(LEFT_OUT) if Path(folder) == ROOT else set()
    return at_the_top | {name for name in names if name.startswith(".")}


class Copy:
    """`environment` has a bare home and names no mirror of any kind."""

    def __init__(self, folder: Path) -> None:
        self.project, self.home = folder / "broadcaster", folder / "home"
        shutil.copytree(ROOT, self.project, ignore=left_out)
        self.home.mkdir()
        shutil.copytree(baker_folder().parent, self.project / "voices")
        self._share_environment()
        self.environment = {
            name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ
        } | {"HOME": str(self.home)}

    def call(self, *command: str, within: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*within, *command],
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def set_up(self, *arguments: str) -> None:
        """By scripts/setup, with a pip that has nothing to do; afterwards there is none at all."""
        about = self._pip.with_name("pip-1.dist-info")
        for folder, names in ((self._pip, ("__init__.py", "__main__.py")), (about, ("INSTALLER",))):
            folder.mkdir()
            for name in names:
                (folder / name).write_text(NOTHING_TO_DO)
        (about / "RECORD").write_text(f"pip/__main__.py,,{len(NOTHING_TO_DO)}\n")
        done = self.call("scripts/setup", *arguments)
        assert done.returncode == 0, done.stderr
        for folder in (self._pip, about):
            shutil.rmtree(folder)

    def _share_environment(self) -> None:
        venv = self.project / ".venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
        packages = next(venv.glob("lib/python3*/site-packages"))
        # The copy's own code comes first; of the other folder no .pth is read.
        shared = sysconfig.get_path("purelib")
        (packages / "shared.pth").write_text(f"{self.project}\n{shared}\n", encoding="utf-8")
        (venv / "bin/broadcaster").write_text(COMMAND.format(python=venv / "bin/python"))
        (venv / "bin/broadcaster").chmod(0o755)
        for chromium in Path(sys.prefix).glob("chromium-*"):
            (venv / chromium.name).symlink_to(chromium)
        self._pip = packages / "pip"
