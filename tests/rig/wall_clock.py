"""A wall clock that a test steps under a box that runs, while sound and sleeps keep their real time.

Chosen over an injected clock, for the real program runs, in all its processes; and over libfaketime,
which fakes sleeps too and makes `time.sleep` fail with EINVAL in places.
"""

import struct
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

SOURCE = Path(__file__).with_name("wall_clock.c")
NANOSECONDS = 1_000_000_000
OFFSET = struct.Struct("=q")


def compile_wall_clock(folder: Path) -> Path:
    library = folder / "wall_clock.so"
    options = ["-O2", "-Wall", "-Werror", "-shared", "-fPIC"]
    subprocess.run(["gcc", *options, "-o", library, SOURCE, "-ldl"], check=True)
    return library


class WallClock:
    """What processes with its `environment` take for the time of day; one folder holds it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "wall_clock"
        self._file.write_bytes(OFFSET.pack(0))
        library = compile_wall_clock(folder)
        self.environment = {"LD_PRELOAD": str(library), "WALL_CLOCK": str(self._file)}

    def now(self) -> datetime:
        """What it shows, aware, in UTC."""
        moment_ns = time.time_ns() + self._ahead_ns
        return datetime.fromtimestamp(moment_ns / NANOSECONDS, UTC)

    def step(self, by: timedelta) -> None:
        """Forward, or back; at once in every process, running ones too."""
        self._ahead_ns += int(by.total_seconds() * NANOSECONDS)

    def set(self, moment: datetime) -> None:
        self.step(moment - self.now())

    @property
    def _ahead_ns(self) -> int:
        return int(OFFSET.unpack(self._file.read_bytes())[0])

    @_ahead_ns.setter
    def _ahead_ns(self, ahead: int) -> None:
        # In place, for the file is mapped by those who go by it.
        with self._file.open("r+b") as file:
            file.write(OFFSET.pack(ahead))
