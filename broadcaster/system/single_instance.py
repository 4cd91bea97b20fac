"""Locks a folder, so that at most one process works in it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from broadcaster.core.errors import AlreadyRunning, FileUnwritable, reason_of


@contextmanager
def only_one(folder: Path, what: str) -> Iterator[None]:
    """Two on one folder would number what they sign alike. `what` is its name in Chinese."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise FileUnwritable(
            f"文件夹 {folder} 打不开（{reason_of(error)}）。先建立：broadcaster county init"
        ) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunning(f"{what}已经在运行了，不用再启动。") from error
        yield
    finally:
        os.close(lock)
