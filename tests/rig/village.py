"""A village of its own for a test: config, cache and state in one folder, and the real command."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import soundfile
import yaml
from rig.warm_start import WarmProcess, can_start_warm, run_warm, start_warm

FIRST = "各位乡亲请注意，现在开始试音。"


class Village:
    """A config folder of its own, and the command run on it."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.environment = {**os.environ, **environment}
        self.configure()
        (folder / "timetable.yaml").write_text(
            "slots: [{name: 早安, at: '07:30', text: 乡亲们早上好。}]", encoding="utf-8"
        )

    def configure(self, **sections: dict[str, Any]) -> None:
        settings: dict[str, dict[str, Any]] = {
            "station": {"first_notice": FIRST},
            "web": {"host": "127.0.0.1", "port": 0, "https_port": None, "local_name": ""},
            "sound": {"linger_seconds": 0.2, "volume_by_hour": []},
            "quiet": {"hours": []},
            "clock": {"wait_minutes": 0},
            "paths": {"audio_cache": str(self.folder / "cache"), "state": str(self.state)},
        }
        for section, keys in sections.items():
            settings[section] = settings.get(section, {}) | keys
        content = yaml.safe_dump(settings, allow_unicode=True)
        (self.folder / "broadcaster.yaml").write_text(content, encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        return [
            sys.executable,
            "-m",
            "broadcaster.commands.cli",
            "--config",
            str(self.folder),
            *arguments,
        ]

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = self.command(*arguments)
        if can_start_warm(command, self.environment):
            return run_warm(command, self.environment, timeout=120)
        return subprocess.run(
            command,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def render(self, text: str, *options: str) -> bytes:
        """The sound of a text as raw samples; making it also leaves it in the cache."""
        path = self.folder / "rendered.wav"
        made = self.call("render", text, "-o", str(path), *options)
        assert made.returncode == 0, made.stderr
        samples: bytes = soundfile.read(path, dtype="int16")[0].tobytes()
        return samples


class RunningBox:
    """`broadcaster run`, and the lines that it printed until it was up; `within` starts its command,
    `log` takes what it logs.
    """

    def __init__(
        self,
        village: Village,
        *arguments: str,
        within: tuple[str, ...] = (),
        log: IO[bytes] | None = None,
    ) -> None:
        command = [*within, *village.command("run", *arguments)]
        self.process: subprocess.Popen[str] | WarmProcess
        if can_start_warm(command, village.environment):
            stderr = log.fileno() if log else None
            self.process = start_warm(command, village.environment, stderr)
        else:
            self.process = subprocess.Popen(
                command, env=village.environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.process.stdout
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if line.startswith("下一次定时播出"):
                break

    @property
    def page(self) -> str:
        return next(line for line in self.lines if line.startswith("手机页面")).split("：", 1)[1]

    @property
    def code(self) -> str:
        """What makes the first account."""
        return next(line for line in self.lines if "一次性代码" in line)[-8:]

    def end(self) -> int:
        self.process.terminate()
        code = self.process.wait(60)
        assert self.process.stdout
        self.process.stdout.close()
        return code


@contextmanager
def running(village: Village) -> Iterator[RunningBox]:
    box = RunningBox(village)
    try:
        yield box
    finally:
        box.end()
