"""A disk that a test fills or turns read-only under a box that runs, at the write that it chooses.

Chosen over a small file system of its own, which needs a kernel that lets us mount: each write can be
failed in its turn, and it is known how much of the database's log a power cut would leave.
"""

import mmap
import struct
import subprocess
from enum import IntEnum
from pathlib import Path

SOURCE = Path(__file__).with_name("failing_disk.c")
CONTROL = struct.Struct("=qqq")
NUMBER = struct.Struct("=q")
DISK_AT, LEFT_AT, SYNCED_AT = 0, 8, 16


class Disk(IntEnum):
    """What becomes of writes."""

    WELL = 0
    FULL = 1
    READ_ONLY = 2


def compile_failing_disk(folder: Path) -> Path:
    library = folder / "failing_disk.so"
    options = ["-O2", "-Wall", "-Werror", "-Wno-nonnull-compare", "-shared", "-fPIC"]
    subprocess.run(["gcc", *options, "-o", library, SOURCE, "-ldl"], check=True)
    return library


class FailingDisk:
    """`disk` is the folder whose writes may fail, for processes with this `environment`; running ones
    follow at once. `library` is what `compile_failing_disk` made; the state is kept in `folder`.
    """

    def __init__(self, folder: Path, library: Path, disk: Path) -> None:
        control = folder / "failing_disk"
        control.write_bytes(bytes(CONTROL.size))
        with control.open("r+b") as file:
            self._control = mmap.mmap(file.fileno(), CONTROL.size)
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAILING_DISK_CONTROL": str(control),
            "FAILING_DISK": str(disk),
        }

    def become(self, disk: Disk, after_writes: int = 0) -> None:
        """So many more writes succeed; on a full disk only those count that need room."""
        NUMBER.pack_into(self._control, LEFT_AT, after_writes)
        NUMBER.pack_into(self._control, DISK_AT, disk)

    @property
    def failed_writes(self) -> int:
        """How many have failed since it did."""
        return max(0, -self._number(LEFT_AT))

    @property
    def synced_bytes(self) -> int:
        """How much of the database's log would outlast a power cut now."""
        return self._number(SYNCED_AT)

    def _number(self, place: int) -> int:
        return int(NUMBER.unpack_from(self._control, place)[0])
