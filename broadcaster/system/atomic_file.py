"""Atomic file writes: write a temporary file in the same folder, then rename it. A lock orders
read-then-write changes.
"""

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: Path, folder: Path) -> Iterator[Path]:
    """Yield a name in `folder` (same file system) to write under; rename it if the block ends well.

    Nothing stays behind if it does not. The name begins with the number of this process, so that
    what a crash left can be told from what is being written. Raises OSError.
    """
    unfinished = folder / f".{os.getpid()}-{uuid.uuid4().hex[:8]}{path.suffix}"
    try:
        yield unfinished
        # Without this a power cut within some 30 s leaves the new name on an empty file (ext4).
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_private(path: Path, content: bytes) -> None:
    """All or nothing, in a file that only its owner reads. Raises OSError."""
    with atomic_write(path, path.parent) as unfinished:
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(content)


@contextmanager
def exclusive_lock(folder: Path, lock: str = "") -> Iterator[None]:
    """Threads and processes that read files there and write them anew take turns: each would undo
    what another does. `lock` names a file for it where the folder's own lock is somebody's for long.

    Raises OSError.
    """
    flags = os.O_RDWR | os.O_CREAT if lock else os.O_RDONLY | os.O_DIRECTORY
    held = os.open(folder / lock, flags | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def state_of(path: Path) -> tuple[int, ...]:
    """Another one whenever the file is another one; of none it is empty."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino


def writer_has_ended(unfinished: Path) -> bool:
    """True if the process that wrote this unfinished file has ended, in this run of the system or an
    earlier one.
    """
    pid = unfinished.name.removeprefix(".").partition("-")[0]
    return not Path("/proc", pid).exists()
