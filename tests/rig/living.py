"""A program of the product that a test starts, kills and starts again, in a process group of its own."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from rig.rig import wait_until

START_SECONDS = 60.0
STOP_SECONDS = 40.0


class Refused(Exception):
    """The program answered, and did not do it; with its sentence."""


@dataclass(frozen=True)
class Vitals:
    """What a program takes of its machine at one moment."""

    rss_megabytes: float
    threads: int
    handles: int
    children_megabytes: float


class LivingProgram:
    """One program over all its lives, one at a time; `up` is what it prints when it is ready.

    All it prints goes into `log`, which is kept over all its lives. `cut_power` takes it and its
    children at one blow; what it started has ended when `cut_power` or `stop` returns.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], log: Path, up: str
    ) -> None:
        self.log = log
        self._command, self._environment, self._up = command, environment, up
        self._process: subprocess.Popen[bytes] | None = None
        self._printed_from = 0

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def process(self) -> psutil.Process:
        assert self._process
        return psutil.Process(self._process.pid)

    def begin(self, *arguments: str) -> None:
        """Start a life, and do not wait until it is up."""
        assert not self.runs
        self._printed_from = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, *arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_up(self) -> None:
        """Raises `Refused` with what it printed if it ends."""
        wait_until(lambda: self._up in self.printed or not self.runs, START_SECONDS)
        if not self.runs:
            raise Refused(self.printed)

    def start(self, *arguments: str) -> None:
        """Start a life; it is up at the return. Raises `Refused`."""
        self.begin(*arguments)
        self.wait_until_up()

    @property
    def printed(self) -> str:
        """What this life has printed and logged so far."""
        with self.log.open("rb") as log:
            log.seek(self._printed_from)
            return log.read().decode(errors="replace")

    def told(self, pattern: str) -> str:
        """What the pattern finds last in what this life has printed."""
        found = re.findall(pattern, self.printed, re.MULTILINE)
        assert found, self.printed
        return str(found[-1])

    def cut_power(self) -> None:
        """Everything of it dies at once."""
        if self._process is None:
            return
        others = self._children()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        psutil.wait_procs(others, STOP_SECONDS)

    def stop(self) -> int:
        """Ask it to end, as a service manager does; its exit code, and -9 where it had to be killed."""
        assert self._process
        others = self._children()
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        gone = self._process.poll()
        if gone is None:
            self.cut_power()
            return -signal.SIGKILL
        psutil.wait_procs(others, STOP_SECONDS)
        return gone

    def vitals(self) -> Vitals:
        main = self.process
        children = 0
        for process in self._children():
            with suppress(psutil.NoSuchProcess):
                children += process.memory_info().rss
        return Vitals(main.memory_info().rss / 1e6, main.num_threads(), main.num_fds(), children / 1e6)

    def _children(self) -> list[psutil.Process]:
        assert self._process
        try:
            return psutil.Process(self._process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
