"""Atomic file writes: write a temporary file in the same folder, then rename it. A lock orders
read-then-write changes.
"""

import fcntl
import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def atomic_write(path: Path, folder: Path) -> Iterator[Path]:
    """Yield a name in `folder` (same file system) to write under; rename it if the block ends well.

    Nothing stays behind if it does not. The name begins with the number of this process, so that
    what a crash left can be told from what is being written. It belongs to whom the folder of `path`
    belongs. Raises OSError.
    """
    unfinished = folder / f".{os.getpid()}-{uuid.uuid4().hex[:8]}{path.suffix}"
    try:
        yield unfinished
        # Without this a power cut within some 30 s leaves the new name on an empty file (ext4).
        settle(unfinished, path.parent)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def settle(written: Path, folder: Path) -> None:
    """Have a file, or a new folder, that will lie in `folder` on the disk, and in the name of whom that
    belongs to: the box, which runs as him, could not read what a command of root's left. Raises OSError.
    """
    # No link, of either kind: it may lead to a file of root's that nobody else should have.
    held = os.open(written, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        owner, now = folder.stat(), os.fstat(held)
        is_single = stat.S_ISDIR(now.st_mode) or now.st_nlink == 1
        if os.geteuid() == 0 and now.st_uid != owner.st_uid and is_single:
            # Where a network's disk knows no root.
            with suppress(PermissionError):
                os.chown(held, owner.st_uid, owner.st_gid)
        os.fsync(held)
    finally:
        os.close(held)


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
