"""A machine that scripts/setup runs on: real bash, venv and pip; apt-get and dpkg are stand-ins.

The program on it is small: it asks for its voices and installs them as the real one does.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent
TOOLS = (
    *("bash", "sh", "env", "cat", "awk", "sed", "grep", "id", "date", "sha256sum", "flock", "tee"),
    *("sync", "head", "sleep", "rm", "ln", "touch", "dirname", "mkdir", "uname", "ldconfig", "true"),
    *("cp", "mv", "chmod", "mkfifo", "tar", "gzip", "sha512sum", "df", "sort"),
)
TEST_MODULES = ("pytest", "xdist", "hypothesis", "mypy", "playwright", "psutil")
FILLER = "filler"
# What a shell without a terminal runs in the background ignores it, and so does all that starts there.
HEARS_CTRL_C = ("env", "--default-signal=INT")
KEPT = ("core/errors.py", "tts/__init__.py", "tts/base/voice_folder.py")


def put_wheel(folder: Path, name: str, version: str, *modules: str) -> None:
    about = f"{name}-{version}.dist-info"
    contents = {f"{module}.py": f"# {version}\n" for module in modules}
    contents |= {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    # As real ones do it tells each file's size, which pip keeps.
    rows = [f"{path},,{len(content)}\n" for path, content in contents.items()]
    contents[f"{about}/RECORD"] = "".join([*rows, f"{about}/RECORD,,\n"])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, content in contents.items():
            wheel.writestr(path, content)


class Machine:
    """With a bare Debian, a network, and a fresh copy of the project."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.project = folder, folder / "broadcaster"
        self.bin, self.wheels = folder / "bin", folder / "wheels"
        self.seen, self.within = self.project, list[str]()
        for each in (self.bin, self.wheels, folder / "packages", folder / "home"):
            each.mkdir(parents=True)
        self._put_tools()
        self._put_project()
        self._put_old_chromiums()
        put_wheel(self.wheels, "part", "1.0", "part/__init__", "part/early", "part/late")
        put_wheel(self.wheels, "tools", "1.0", *TEST_MODULES)

    def set(self, flag: str, content: str = "") -> None:
        (self.folder / flag).write_text(content)

    def unset(self, flag: str) -> None:
        (self.folder / flag).unlink()

    def go_offline(self) -> None:
        self.set("offline")
        shutil.rmtree(self.wheels)
        self.wheels.mkdir()

    def environment(self, kill_at: str = "", fill_at: str = "") -> dict[str, str]:
        return {
            "PATH": str(self.bin),
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
            "MACHINE": str(self.folder),
            "KILL_AT": kill_at,
            "FILL_AT": fill_at,
            "FILLER": str(self.project / FILLER),
            "PYTHONPATH": str(HERE) if kill_at or fill_at else "",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "SETUP_LOCK_SECONDS": "3",
        }

    def begin(self, *arguments: str, **at: str) -> subprocess.Popen[str]:
        """In a process group of its own: what kills it kills all of it, as a power cut does."""
        return subprocess.Popen(
            [*HEARS_CTRL_C, *self.within, str(self.project / "scripts/setup"), *arguments],
            env=self.environment(**at),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )

    def setup(self, *arguments: str, **at: str) -> tuple[int, str]:
        """Its exit code and what it told."""
        process = self.begin(*arguments, **at)
        try:
            told, _ = process.communicate(timeout=300)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        return process.returncode, told

    def was_killed(self, flag: str = "", kill_at: str = "", arguments: tuple[str, ...] = ()) -> bool:
        if flag:
            self.set(flag)
        code, _ = self.setup(*arguments, kill_at=kill_at)
        if flag:
            self.unset(flag)
        return code == -signal.SIGKILL

    @property
    def calls(self) -> list[str]:
        """What apt-get and dpkg were asked for."""
        log = self.folder / "calls"
        return log.read_text().splitlines() if log.exists() else []

    def speaks(self) -> bool:
        """The command runs, and both voices are whole."""
        command = [*self.within, str(self.project / ".venv/bin/broadcaster"), "--version"]
        voices = self.seen / "voices"
        whole = (voices / "baker/voice.json").exists() and (voices / "recorded/alarm/a").exists()
        left = [*voices.glob(".*"), *voices.glob("recorded/.*")]
        return whole and not left and subprocess.run(command, check=False).returncode == 0

    def _put_tools(self) -> None:
        for name in TOOLS:
            if found := shutil.which(name):
                (self.bin / name).symlink_to(found)
        for name in ("apt-get", "dpkg", "dpkg-query", "npm"):
            shutil.copy(HERE / name, self.bin / name)
        self._script("sudo", 'exec "$@"')
        self._script("node", "exec cat  # what is packed by brotli")
        self._script("python3.real", f'exec {sys._base_executable} "$@"')  # type: ignore[attr-defined]

    def _script(self, name: str, line: str) -> None:
        (self.bin / name).write_text(f"#!/bin/bash\n{line}\n")
        (self.bin / name).chmod(0o755)

    def _put_project(self) -> None:
        shutil.copytree(HERE / "project", self.project)
        shutil.copytree(ROOT / "scripts", self.project / "scripts")
        for name in KEPT:
            copy = self.project / "broadcaster" / name
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / "broadcaster" / name, copy)

    def _put_old_chromiums(self) -> None:
        """Small ones, whose digests stand in the copy of scripts/setup."""
        program = self.folder / "package/bin/chromium.br"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/bash\n")
        packed = self.folder / "chromium.tgz"
        subprocess.run(["tar", "-czf", packed, "-C", self.folder, "package"], check=True)
        digest = hashlib.sha512(packed.read_bytes()).hexdigest()
        script = self.project / "scripts/setup"
        script.write_text(re.sub("[0-9a-f]{128}", digest, script.read_text()))
