"""Marks the airing that a command without a box plays, so that a box that begins leaves it alone."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from broadcaster.system.runtime_folder import in_runtime_folder, runtime_folders

PREFIX = "alone."


@contextmanager
def marked_alone(state_folder: Path, airing_id: str) -> Iterator[None]:
    """The mark is a lock, which ends with the process however that ends. Raises `OSError`."""
    held, path = in_runtime_folder(state_folder, lambda folder: _lock(folder / f"{PREFIX}{airing_id}"))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(held)


def plays_alone(state_folder: Path, airing_id: str) -> bool:
    """True while a command plays it."""
    return any(_is_held(folder / f"{PREFIX}{airing_id}") for folder in runtime_folders(state_folder))


def _lock(path: Path) -> tuple[int, Path]:
    held = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return held, path


def _is_held(path: Path) -> bool:
    try:
        mark = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        # Of a command that was killed.
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return False
    finally:
        os.close(mark)
