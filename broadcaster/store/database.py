"""The station's one SQLite file: one connection that writes, behind one lock, and one that reads."""

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row
from sqlalchemy.sql import Executable

from broadcaster.clock import Clock
from broadcaster.errors import StoreUnusable
from broadcaster.store.backups import Backups
from broadcaster.store.connection import StoreDamaged, raw, told_plainly
from broadcaster.store.opening import open_sound, replace_damaged
from broadcaster.store.reader import Reader

logger = logging.getLogger(__name__)


class Database:
    """A private file (0600 in a folder of 0700), one for a process; any thread.

    It comes up whatever the file is like: damage is repaired with the last good backup, at start and
    while running; where nothing can be written, each transaction tries again.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._reader = Reader(path)
        self._writing = threading.Lock()
        self._writer: Connection | None = None
        self._closed = False
        self._repairs = 0
        self.backups = Backups(path, clock)
        self.note = ""
        with suppress(StoreUnusable), self.transaction():
            pass

    @contextmanager
    def transaction(self, synced: bool = True) -> Iterator[Connection]:
        """All or nothing of what is done inside; on the disk at the end, if `synced`.

        Raises `StoreUnusable`; after `StoreDamaged` the next one meets a sound file.
        """
        with self._writing:
            try:
                with told_plainly(self._path):
                    connection = self._connected()
                    with _transaction(connection, synced):
                        yield connection
            except StoreDamaged:
                self._repair()
                raise
            except StoreUnusable:
                # A stick that was pulled comes back as another file.
                self._disconnect()
                raise

    def read(self, query: Executable, given: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        """All rows. Raises `StoreUnusable`."""
        repairs = self._repairs
        try:
            return self._reader.read(query, given)
        except StoreDamaged:
            self.repair(repairs)
        except StoreUnusable:
            with self._writing:
                if self._repairs == repairs:
                    raise
        return self._reader.read(query, given)

    def shrink(self, most_pages: int) -> None:
        """Give pages that are free back to the disk. Raises `StoreUnusable`."""
        with self._writing, told_plainly(self._path):
            # `execute` would do one step of it, which is one page.
            raw(self._connected()).executescript(f"PRAGMA incremental_vacuum({most_pages})")

    def repair(self, repairs: int | None = None) -> None:
        """Take the last good backup, unless that was done since `repairs` were counted."""
        with self._writing:
            if repairs in (None, self._repairs):
                self._repair()

    def close(self) -> None:
        with self._writing:
            self._closed = True
            self._disconnect()

    def _connected(self) -> Connection:
        if self._closed:
            raise StoreUnusable("广播站正在关闭，数据库已经合上了。")
        if self._writer is None:
            self._reader.close()
            self._writer, note = open_sound(self._path, self.backups)
            self.note = note or self.note
        return self._writer

    def _repair(self) -> None:
        self._disconnect()
        self._writer, self.note = replace_damaged(self._path, self.backups)
        # Who read meanwhile may have opened the old file again.
        self._reader.close()
        self._repairs += 1

    def _disconnect(self) -> None:
        self._reader.close()
        connection, self._writer = self._writer, None
        if connection:
            connection.close()


@contextmanager
def _transaction(connection: Connection, synced: bool) -> Iterator[None]:
    sqlite = raw(connection)
    sqlite.execute(f"PRAGMA synchronous = {'FULL' if synced else 'NORMAL'}")
    sqlite.execute("BEGIN IMMEDIATE")
    try:
        yield
        sqlite.execute("COMMIT")
    except BaseException:
        if sqlite.in_transaction:
            sqlite.execute("ROLLBACK")
        raise
