"""The station's one SQLite file: opened with its tables, one connection behind one lock."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from broadcaster.errors import StoreUnusable

# FULL: a journal line that was written is on the disk when a power cut comes; NORMAL in WAL mode
# may lose the last ones.
PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA busy_timeout = 5000;
"""


class Database:
    """A private file (0600 in a folder of 0700) and the tables of `schema` in it; any thread."""

    def __init__(self, path: Path, schema: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        with self._told_plainly():
            _make_private(path)
            self._connection = _connect(path, PRAGMAS + schema)

    def write(self, statement: str, values: tuple[object, ...] = ()) -> int:
        """Run one statement as a transaction of its own; how many rows it changed."""
        with self._lock, self._told_plainly():
            return self._connection.execute(statement, values).rowcount

    def read(self, query: str, values: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        with self._lock, self._told_plainly():
            return self._connection.execute(query, values).fetchall()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def _told_plainly(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreUnusable(
                f"数据库 {self._path} 用不了（{error}）。请检查磁盘满没满、文件夹能不能写；"
                "文件坏了就把它移走，重新启动会建一个新的。"
            ) from error


def _connect(path: Path, script: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        connection.executescript(script)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _make_private(path: Path) -> None:
    """SQLite gives its -wal and -shm files the mode of the file they belong to."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    path.chmod(0o600)
