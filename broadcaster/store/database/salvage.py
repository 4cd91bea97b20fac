"""Salvages the readable rows of a damaged database into the copy that replaces it."""

import logging
import shutil
import sqlite3
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, Table

from broadcaster.store.database.sqlite_connection import FAILURES, address, as_text, garbled

logger = logging.getLogger(__name__)

PAGE = 4096
# A damaged page of a table hides fewer rows than this.
FARTHEST = 2**32
LAST_ROW = 2**63 - 1


def _any_row(table: str, row: Mapping[str, Any]) -> bool:
    return True


@dataclass(frozen=True)
class SalvagedTables:
    """The tables of a kind of database, and their names for people.

    `growing` are tables from which nothing is ever deleted; a row that is not `is_sound` is dropped;
    `last` is executed when all rows are in.
    """

    tables: MetaData
    names: Mapping[str, str]
    growing: frozenset[str]
    is_sound: Callable[[str, Mapping[str, Any]], bool] = _any_row
    last: str = "SELECT 1"


@dataclass
class Salvaged:
    """The number of rows rescued from each table, and the tables of which some were lost."""

    names: Mapping[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    partly: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        return bool(self.rows) and not self.partly

    @property
    def missing(self) -> str:
        """The names for people of the tables that could not be read completely."""
        return "、".join(dict.fromkeys(self.names[name] for name in self.partly))


def salvage(
    contents: SalvagedTables, damaged: Path, copy: Path | None, target: sqlite3.Connection
) -> Salvaged:
    """Read each table of `damaged` as far as it goes into `target`, all or nothing.

    Where its first page is gone it is read by that of the `copy`.
    """
    target.execute("BEGIN IMMEDIATE")
    try:
        saved = _salvage(contents, damaged, copy, target)
    except FAILURES:
        logger.exception("坏了的数据库 %s 里什么也没有救出来，错误在下面", damaged)
        target.execute("ROLLBACK")
        return Salvaged()
    target.execute("COMMIT")
    return saved


def _salvage(
    contents: SalvagedTables, damaged: Path, copy: Path | None, target: sqlite3.Connection
) -> Salvaged:
    saved = Salvaged(contents.names)
    with _readable(damaged, copy) as source:
        for table in contents.tables.sorted_tables:
            reading = _TableSalvage(source, table)
            with suppress(*FAILURES):
                saved.rows[table.name] = _put(contents, reading, target)
            if not reading.is_complete:
                saved.partly.append(table.name)
        _keep_numbers(source, target)
    target.execute(contents.last)
    return saved


@contextmanager
def _readable(damaged: Path, copy: Path | None) -> Iterator[sqlite3.Connection]:
    if copy is None or has_table_list(damaged):
        with closing(_open_leniently(damaged)) as connection:
            yield connection
        return
    scratch = damaged.with_suffix(".part")
    try:
        _with_tables_of(copy, damaged, scratch)
        with closing(_open_leniently(scratch)) as connection:
            yield connection
    finally:
        for ending in ("", "-wal", "-shm"):
            Path(f"{scratch}{ending}").unlink(missing_ok=True)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(address(path, "mode=rw"), uri=True, isolation_level=None)
    connection.text_factory = as_text
    return connection


def _open_leniently(path: Path) -> sqlite3.Connection:
    """Also a file that is shorter than it says, and one of whose list of tables a part is damaged."""
    connection = _open(path)
    connection.execute("PRAGMA writable_schema = ON")
    return connection


def has_table_list(path: Path) -> bool:
    """True if rows can be read without a copy that tells where the tables begin."""
    # SQLite throws the log of an empty file away.
    if path.exists() and path.stat().st_size:
        with suppress(*FAILURES), closing(_open(path)) as connection:
            return bool(connection.execute("SELECT 1 FROM sqlite_master").fetchone())
    return False


def _with_tables_of(copy: Path, damaged: Path, scratch: Path) -> None:
    """A backup has its pages where the database has them, so its first ones tell where tables begin."""
    scratch.write_bytes(damaged.read_bytes() if damaged.exists() else b"")
    log = Path(f"{damaged}-wal")
    if log.exists():
        shutil.copyfile(log, f"{scratch}-wal")
    with copy.open("rb") as file:
        first = bytearray(file.read(PAGE))
    # sqlite.org/fileformat2: 28 is the number of pages, believed where 24 and 92 are the same.
    first[28:32] = max(1, scratch.stat().st_size // PAGE).to_bytes(4, "big")
    first[92:96] = first[24:28]
    # A backup has no log; by these two a log that lies beside the file is read.
    first[18:20] = b"\2\2"
    with scratch.open("r+b") as file, copy.open("rb") as source:
        for page in _pages_of_tables(copy):
            source.seek((page - 1) * PAGE)
            file.seek((page - 1) * PAGE)
            file.write(source.read(PAGE))
        file.seek(0)
        file.write(first)


def _pages_of_tables(copy: Path) -> list[int]:
    """The pages that hold the list of tables; none if SQLite was built without dbstat."""
    with suppress(*FAILURES), closing(_open(copy)) as connection:
        query = "SELECT pageno FROM dbstat WHERE name IN ('sqlite_master', 'sqlite_schema')"
        return [page for (page,) in connection.execute(query)]
    return []


class _TableSalvage:
    """One table of a damaged file; `is_complete` when every row was read and none was garbled."""

    def __init__(self, source: sqlite3.Connection, table: Table) -> None:
        self._source = source
        self.table = table
        self.is_complete = True
        self.columns: list[str] = []

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """In the order of their numbers; what cannot be read is passed over. Raises `sqlite3.Error`
        for a table of which nothing can be."""
        name = self.table.name
        try:
            there = {row[1] for row in self._source.execute(f"PRAGMA table_info({name})")}
            self.columns = [column.name for column in self.table.c if column.name in there]
            if not self.columns:
                raise sqlite3.DatabaseError(f"no table {name}")
        except FAILURES:
            self.is_complete = False
            raise
        following: int | None = -LAST_ROW
        while following is not None:
            following = yield from self._rows_from(following)

    def _rows_from(self, first: int) -> Generator[tuple[Any, ...], None, int | None]:
        """Rows until one cannot be read; from where on it goes on, or None at the end."""
        last = first - 1
        query = self._query(", ".join(["rowid", *self.columns]))
        try:
            for number, *row in self._source.execute(query, (first,)):
                if number <= last:
                    raise sqlite3.DatabaseError("the pages go round in a circle")
                last = number
                self.is_complete &= not garbled(row)
                yield tuple(row)
        except FAILURES:
            self.is_complete = False
            return self._beyond(max(last, first, 0))
        return None

    def _beyond(self, last: int) -> int | None:
        """The first number behind a damaged page or row."""
        step = 1
        while not self._can_read(last + step):
            step *= 2
            if step > FARTHEST:
                return None
        low, high = last + step // 2, last + step
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._can_read(middle) else (middle, high)
        return high

    def _can_read(self, number: int) -> bool:
        with suppress(*FAILURES):
            self._source.execute(f"{self._query('rowid')} LIMIT 1", (number,)).fetchall()
            return True
        return False

    def _query(self, what: str) -> str:
        return f"SELECT {what} FROM {self.table.name} NOT INDEXED WHERE rowid >= ? ORDER BY rowid"


def _put(contents: SalvagedTables, reading: _TableSalvage, target: sqlite3.Connection) -> int:
    """The rows over those of the copy; what the damaged file has no more goes, if all of it was read."""
    rows = reading.rows()
    name, count = reading.table.name, 0
    if name not in contents.growing:
        found = list(rows)
        if reading.is_complete:
            target.execute(f"DELETE FROM {name}")
        rows = iter(found)
    for row in rows:
        if contents.is_sound(name, dict(zip(reading.columns, row, strict=True))):
            count += _put_row(target, name, reading.columns, row)
    return count


def _put_row(target: sqlite3.Connection, name: str, columns: Sequence[str], row: Sequence[Any]) -> int:
    """A row that is garbled never goes over one of the copy."""
    how = "IGNORE" if garbled(row) else "REPLACE"
    places = ", ".join("?" * len(columns))
    try:
        put = f"INSERT OR {how} INTO {name} ({', '.join(columns)}) VALUES ({places})"
        return int(target.execute(put, row).rowcount)
    except (sqlite3.IntegrityError, sqlite3.InterfaceError):
        logger.warning("坏了的数据库里 %s 有一行不能用，跳过它", name)
        return 0


def _keep_numbers(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """A number of a receipt is never given again."""
    with suppress(*FAILURES):
        for name, number in source.execute("SELECT name, seq FROM sqlite_sequence"):
            known = "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?"
            if not target.execute(known, (number, name)).rowcount:
                target.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, number))
