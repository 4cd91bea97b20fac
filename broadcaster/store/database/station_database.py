"""The station's SQLite file: one connection that writes, behind one lock, and one that reads."""

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row
from sqlalchemy.sql import Executable

from broadcaster.core.clock import Clock
from broadcaster.core.errors import StoreUnusable
from broadcaster.store.database.backups import Backups
from broadcaster.store.database.open_or_restore import Opened, has_past, open_sound, replace_damaged
from broadcaster.store.database.read_connection import ReadConnection
from broadcaster.store.database.sqlite_connection import (
    WAITED,
    StoreDamaged,
    begin_log,
    raw,
    store_errors,
)
from broadcaster.store.database.wal_recovery import GONE, HARMED, mend_log

logger = logging.getLogger(__name__)


LOST_LOG = (
    "上次没有正常关机，而数据库的日志 broadcaster.db-wal {what}：读得出来的都保住了，最后十来分钟的"
    "播出记录和排队的通知可能没有全。" + WAITED + "。{why}"
)
WHY_LOST = {
    GONE: "拷贝 state 文件夹时，请连同 broadcaster.db-wal 一起拷。",
    HARMED: "存储卡可能坏了，请换一张。",
}


class Database:
    """A private file (0600 in a folder of 0700), one for a process; any thread.

    It comes up whatever the file is like: damage is repaired with the last good backup, at start and
    while running; where nothing can be written, each transaction tries again.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._reader = ReadConnection(path)
        self._writing = threading.Lock()
        self._writer: Connection | None = None
        self._closed = False
        self._repairs = 0
        self._left_out: dict[str, None] = {}
        self.backups = Backups(path, clock)
        # Stands while the file is open, and after a crash; a copy of the folder takes it along.
        self._open = path.with_name(f"{path.name}-open")
        self._has_past = has_past(path)
        self._lost_log = ""
        with suppress(OSError):
            self._lost_log = mend_log(path) if self._open.exists() else ""
        self.note = ""
        self.lost_since: datetime | None = None
        """From when on lines of the record may be gone; None if none were lost."""
        with suppress(StoreUnusable), self.transaction():
            pass
        if self._lost_log and not self.note:
            self.note = LOST_LOG.format(what=self._lost_log, why=WHY_LOST[self._lost_log])

    @contextmanager
    def transaction(self, synced: bool = True) -> Iterator[Connection]:
        """All or nothing of what is done inside; on the disk at the end, if `synced`.

        Raises `StoreUnusable`; after `StoreDamaged` the next one meets a sound file.
        """
        with self._writing:
            try:
                with store_errors(self._path):
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

    def write(self, statement: Executable, given: Mapping[str, Any] | None = None) -> int:
        """A transaction of one statement; how many rows it changed. Raises `StoreUnusable`."""
        with self.transaction() as connection:
            return connection.execute(statement, given).rowcount

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

    def leave_out(self, what: str) -> None:
        """Told from now on, for what is damaged in one place may be in another."""
        self._left_out[what] = None

    @property
    def fault(self) -> str:
        """In Chinese, what was lost or cannot be read, or ""."""
        unread = "、".join(self._left_out)
        rows = f"{unread}里有读不出来的，已经略过，其余的都在；存储卡可能坏了，请换一张。"
        return self.note + (rows if unread else "")

    def shrink(self, most_pages: int) -> None:
        """Give pages that are free back to the disk. Raises `StoreUnusable`."""
        with self._writing, store_errors(self._path):
            # `execute` would do one step of it, which is one page.
            raw(self._connected()).executescript(f"PRAGMA incremental_vacuum({most_pages})")

    def checkpoint(self) -> None:
        """Bring what is in the log alone into the file: a copy without the log then lacks little. Raises
        `StoreUnusable`."""
        with self._writing, store_errors(self._path):
            raw(self._connected()).execute("PRAGMA wal_checkpoint(PASSIVE)")

    def repair(self, repairs: int | None = None) -> None:
        """Take the last good backup, unless that was done since `repairs` were counted."""
        with self._writing:
            if repairs in (None, self._repairs):
                self._repair()

    def first(self, query: Executable) -> Row[Any] | None:
        rows = self.read(query)
        return rows[0] if rows else None

    def close(self) -> None:
        with self._writing:
            self._closed = True
            self._disconnect()
            with suppress(OSError):
                self._open.unlink(missing_ok=True)

    def _connected(self) -> Connection:
        if self._closed:
            raise StoreUnusable("广播站正在关闭，数据库已经合上了。")
        if self._writer is None:
            self._reader.close()
            had_log = not self._lost_log
            opened = open_sound(self._path, self.backups, self._has_past, had_log)
            self._take(opened)
            begin_log(opened.connection)
            self._open.touch(mode=0o600)
            return opened.connection
        return self._writer

    def _repair(self) -> None:
        self._disconnect()
        self._take(replace_damaged(self._path, self.backups))
        # Who read meanwhile may have opened the old file again.
        self._reader.close()
        self._repairs += 1

    def _take(self, opened: Opened) -> None:
        self._writer, self.note = opened.connection, opened.note or self.note
        if opened.lost_since:
            self.lost_since = opened.lost_since.replace(tzinfo=self._clock.zone)

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
