"""A file is whole or absent: made beside, then renamed."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path, made_in: Path) -> Iterator[Path]:
    """Yield a name in `made_in` (same file system) to write under; rename it if the block ends well.

    Nothing stays behind if it does not. The name begins with the number of this process, so that
    what a crash left can be told from what is being made. Raises OSError.
    """
    unfinished = made_in / f".{os.getpid()}-{uuid.uuid4().hex[:8]}{path.suffix}"
    try:
        yield unfinished
        # Without this a power cut within some 30 s leaves the new name on an empty file (ext4).
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def state_of(path: Path) -> tuple[int, ...]:
    """Another one whenever the file is another one; of none it is empty."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino


def maker_is_gone(unfinished: Path) -> bool:
    """Whether the process that was making this file has ended, in this life of the system or before."""
    maker = unfinished.name.removeprefix(".").partition("-")[0]
    return not Path("/proc", maker).exists()
