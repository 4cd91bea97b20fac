"""Paths of the lock file, the control socket and the ALSA configuration; in memory when the disk accepts
no files.
"""

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from broadcaster.system.temporary_sounds import MEMORY

T = TypeVar("T")


def runtime_folders(state_folder: Path) -> tuple[Path, Path]:
    """The state folder, and its fallback in memory; the same for every process.

    The spool's sweeping of memory goes by other names.
    """
    place = hashlib.sha256(os.fsencode(state_folder.absolute())).hexdigest()[:16]
    return state_folder, MEMORY / f"broadcaster.{os.getuid()}.{place}"


def in_runtime_folder(state_folder: Path, put: Callable[[Path], T]) -> T:
    """Do `put` in the state folder or, where that raises OSError, in memory.

    Raises the state folder's OSError when memory takes nothing either.
    """
    on_disk, in_memory = runtime_folders(state_folder)
    try:
        on_disk.mkdir(mode=0o700, parents=True, exist_ok=True)
        return put(on_disk)
    except OSError as error:
        refused = error
    try:
        _make_ours(in_memory)
        return put(in_memory)
    except OSError:
        raise refused from None


def leave_memory(state_folder: Path) -> None:
    """Remove what stood in memory; for the box as it ends."""
    in_memory = runtime_folders(state_folder)[1]
    for path in in_memory.glob("*"):
        path.unlink()
    if in_memory.exists():
        in_memory.rmdir()


def _make_ours(folder: Path) -> None:
    """Memory is open to every user of the machine: one who was there first must be ourselves."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{folder} belongs to somebody else")
