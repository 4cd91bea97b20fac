"""Connects to SQLite, and translates its errors into sentences for a person."""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Row, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql import Executable

from broadcaster.core.errors import StoreUnusable

logger = logging.getLogger(__name__)

LOST_BYTE = "\N{REPLACEMENT CHARACTER}"
# FULL: a line that was written is on the disk when a power cut comes; NORMAL in WAL mode may lose
# the last ones.
PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA journal_size_limit = 4000000;
"""
# So long a file is waited for that another connection holds.
BUSY_SECONDS = 5.0
# Negative: in KiB. By SQLite's own 2,000 the two connections of a box hold 3.2 MB more once its file has
# grown, and a search through 20,000 lines takes as long.
CACHE = "PRAGMA cache_size = -500"
# Names are lost too: whoever asked for one is told of it on his own phone.
WAITED = "约好到时候播的，请在首页“接下来”里看看还在不在，不在的重新播"
RESTART_HEALS = "重新启动广播站会换上最近的备份。"
# sqlite.org/rescode.html
FULL, DAMAGED = {sqlite3.SQLITE_FULL}, {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
# What SQLite says of a damaged file may quote it, and sqlite3 then fails to read that as text.
FAILURES = (sqlite3.Error, UnicodeDecodeError)
OUR_OWN_MISTAKES = (
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    sqlite3.DataError,
)


class StoreDamaged(StoreUnusable):
    """The file is not a sound database any more."""

    wire_name = "StoreDamaged"


class StoreNewer(StoreDamaged):
    """It is sound, and of a newer program than this one, which cannot use it."""

    wire_name = "StoreNewer"


class Reads(Protocol):
    """Answers queries. Raises `StoreUnusable`."""

    def read(self, query: Executable) -> Sequence[Row[Any]]: ...

    def leave_out(self, what: str) -> None:
        """A row of that cannot be read: the others are answered with."""


T = TypeVar("T")


def readable(
    source: Reads, rows: Iterable[Row[Any]], read: Callable[[Row[Any]], T], what: str
) -> list[T]:
    """The rows as values; each that cannot be one costs itself alone."""
    found = []
    for row in rows:
        try:
            found.append(read(row))
        except (ValueError, TypeError):
            logger.exception("%s有一行读不出来，跳过它，错误在下面", what)
            source.leave_out(what)
    return found


def as_text(content: bytes) -> str:
    """A byte that is no UTF-8 costs its place; sqlite3 itself would refuse all rows for it."""
    return content.decode("utf-8", "replace")


def garbled(row: Iterable[object]) -> bool:
    """True if a text of the row has lost a byte."""
    return any(isinstance(value, str) and LOST_BYTE in value for value in row)


def connect(path: Path) -> Connection:
    """For reading and writing, by one thread at a time. Each statement is a transaction of its own,
    unless the caller says BEGIN."""
    connection = _connect(path, "mode=rwc")
    try:
        sqlite = raw(connection)
        if sqlite.execute("PRAGMA page_count").fetchone() == (0,):
            sqlite.execute("PRAGMA auto_vacuum = INCREMENTAL")
        sqlite.executescript(PRAGMAS)
    except FAILURES:
        connection.close()
        raise
    return connection


def begin_log(connection: Connection) -> None:
    """Write something: from now on a log that is empty or away has lost it. Raises `sqlite3.Error`."""
    raw(connection).execute("PRAGMA user_version = 1")


def connect_for_reading(path: Path) -> tuple[Connection, bool]:
    """Also of a file that somebody else writes, and on a disk that cannot be written; whether it is
    read there as a file that nobody changes: if somebody does, sound pages look damaged."""
    try:
        return _readable(path, "mode=ro"), False
    except DBAPIError as error:
        if _code(error.orig) in DAMAGED:
            raise
        # A full or read-only disk has no place for the index of the log; without it the file is read as
        # it was at the last checkpoint. That it cannot be read so is no damage: half of it may be there.
        with suppress(DBAPIError, UnicodeDecodeError):
            return _readable(path, "mode=ro&immutable=1"), True
        raise


def address(path: Path, mode: str) -> str:
    """A file as SQLite takes it where the way of opening is said too."""
    return f"{path.absolute().as_uri()}?{mode}"


def raw(connection: Connection) -> sqlite3.Connection:
    """The sqlite3 connection below; for what SQLAlchemy has no word for."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


@contextmanager
def store_errors(path: Path) -> Iterator[None]:
    """Errors of the database and its disk as `StoreUnusable`, with what to do."""
    try:
        yield
    except (DBAPIError, *FAILURES, OSError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, OUR_OWN_MISTAKES):
            raise
        raise _translated(path, cause) from error


def _connect(path: Path, mode: str) -> Connection:
    def open_file() -> sqlite3.Connection:
        file = sqlite3.connect(
            address(path, mode), BUSY_SECONDS, uri=True, isolation_level=None, check_same_thread=False
        )
        file.text_factory = as_text
        file.execute(CACHE)
        return file

    engine = create_engine(
        "sqlite://", creator=open_file, poolclass=NullPool, isolation_level="AUTOCOMMIT"
    )
    return engine.connect()


def _readable(path: Path, mode: str) -> Connection:
    connection = _connect(path, mode)
    try:
        connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").all()
    except (DBAPIError, UnicodeDecodeError):
        connection.close()
        raise
    return connection


def _translated(path: Path, cause: BaseException | None) -> StoreUnusable:
    code = _code(cause)
    if code in DAMAGED or isinstance(cause, UnicodeDecodeError):
        return StoreDamaged(f"数据库 {path} 坏了（{cause}）。{RESTART_HEALS}")
    what = "磁盘满了" if code in FULL else str(cause)
    return StoreUnusable(
        f"数据库 {path} 用不了（{what}）。请检查磁盘满没满、文件夹能不能写、是不是同一个用户。"
    )


def _code(cause: BaseException | None) -> int:
    """SQLite's result code without its details."""
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF
