"""Temporary sound files: parts of a line that is still being rendered, and lines that the cache
refused.
"""

import os
import shutil
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Memory that is written like a disk, on every Linux with glibc: what is left when the disk is full.
MEMORY = Path("/dev/shm")
PREFIX = "broadcaster-"


@dataclass(frozen=True)
class Spool:
    """One process's folders, best first; each comes to be when it is needed."""

    folders: tuple[Path, ...]

    def write(self, job: int, name: str, content: bytes) -> Path:
        """Keep a job's sound until `drop`, in the first folder that takes it; OSError if none does."""
        refused = OSError("no folder")
        for folder in self.folders:
            path = folder / f"{job}-{name}"
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.write_bytes(content)
                return path
            except OSError as error:
                refused = error
                _remove(path)
        raise refused

    def drop(self, job: int) -> None:
        for folder in self.folders:
            for path in folder.glob(f"{job}-*"):
                _remove(path)

    def close(self) -> None:
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)


def open_spool(state_folder: Path, memory: Path = MEMORY) -> Spool:
    """The spool of this process: a command may render while the box speaks.

    Removes what processes that are gone left behind.
    """
    on_disk = state_folder / "spool"
    for folder in on_disk.glob("*"):
        _sweep(folder, folder.name)
    for folder in memory.glob(f"{PREFIX}*-*"):
        _sweep(folder, folder.name.removeprefix(PREFIX).partition("-")[0])
    pid = os.getpid()
    # Memory is open to every user of the machine: nobody can be there first under a name by chance.
    return Spool((on_disk / str(pid), memory / f"{PREFIX}{pid}-{uuid.uuid4().hex}"))


def _sweep(folder: Path, pid: str) -> None:
    if not Path("/proc", pid).exists():
        shutil.rmtree(folder, ignore_errors=True)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
