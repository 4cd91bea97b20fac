"""The office's database, by URL: SQLite to start with, PostgreSQL for many people and boxes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from threading import RLock
from typing import Any

from sqlalchemy import Connection, Row, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.sql import Executable

from broadcaster.core.errors import ConfigError, StoreUnusable

PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 5000")


class OfficeDatabase:
    """Any thread. What is written is on the disk when its transaction ends."""

    def __init__(self, url: str) -> None:
        try:
            self.engine = create_engine(_with_driver(url), pool_pre_ping=True)
        except (ArgumentError, NoSuchModuleError) as error:
            raise ConfigError(
                ["database 要写 sqlite:///文件 或 postgresql://用户@主机/库，现在写的不认识。"]
            ) from error
        except ModuleNotFoundError as error:
            raise ConfigError(["PostgreSQL 要先安装驱动：pip install 'broadcaster[county]'"]) from error
        # SQLite has one writer, and lets who waits for it try again by chance: with eight boxes that are
        # let in at once the office's own thread was left out for more than its 5 s.
        self._turn = RLock()
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing of what is done inside. Raises `StoreUnusable`."""
        one_at_a_time = self._turn if self.engine.dialect.name == "sqlite" else nullcontext()
        with _store_errors(), one_at_a_time, self.engine.begin() as connection:
            yield connection

    def write(self, statement: Executable) -> int:
        """A transaction of one statement; how many rows it changed. Raises `StoreUnusable`."""
        with self.transaction() as connection:
            return connection.execute(statement).rowcount

    def read(self, query: Executable) -> Sequence[Row[Any]]:
        """All rows. Raises `StoreUnusable`."""
        with _store_errors(), self.engine.connect() as connection:
            return connection.execution_options(reading=True).execute(query).all()

    def first(self, query: Executable) -> Row[Any] | None:
        rows = self.read(query)
        return rows[0] if rows else None

    def migrate(self) -> None:
        """Bring the tables to what this program knows. Raises `StoreUnusable`."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", "broadcaster.county.store:migrations")
        with self.transaction() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        self.engine.dispose()


def put(
    connection: Connection, table: Table, values: Mapping[str, Any], over: Sequence[str] = ()
) -> bool:
    """Insert a row, or write these columns over where its key is there; whether it was written."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values(values)
    # Else psycopg tells -1 of an insert.
    counted = {"preserve_rowcount": True}
    if not over:
        statement = statement.on_conflict_do_nothing()
        return connection.execute(statement, execution_options=counted).rowcount > 0
    changes = {name: statement.excluded[name] for name in over}
    statement = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changes)
    return connection.execute(statement, execution_options=counted).rowcount > 0


def _with_driver(url: str) -> Any:
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes then would fail when another wrote between.
    reading = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        line = str(cause).strip().partition("\n")[0]
        raise StoreUnusable(f"平台的数据库用不了（{line}）。请检查它开没开、磁盘满没满。") from error
