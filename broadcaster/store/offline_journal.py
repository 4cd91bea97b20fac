"""Reads journal and slots for a command without a running box, or beside one; never writes."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import select, text

from broadcaster.core.clock import Clock
from broadcaster.core.errors import StoreUnusable
from broadcaster.store.database.read_connection import ReadConnection
from broadcaster.store.database.sqlite_connection import Reads
from broadcaster.store.database.tables import DATABASE, VERSION, station_state, version
from broadcaster.store.journal import JournalReader
from broadcaster.store.page_slots import StoredSlot, StoredSlotReader

HAS_VERSION = text("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")


@contextmanager
def open_past(state_folder: Path, clock: Clock) -> Iterator[JournalReader | None]:
    """None where no box ever ran. Raises `StoreUnusable`."""
    path = state_folder / DATABASE
    if not path.exists():
        yield None
        return
    with closing(ReadConnection(path)) as reader:
        if not _is_current(reader):
            raise StoreUnusable("播出记录是另一个版本的程序写的，请先启动一次广播站，让它升级。")
        yield JournalReader(reader, clock)


def past_state(state_folder: Path) -> dict[str, str]:
    """The small things that the station remembers; nothing where no box ran. Raises `StoreUnusable`."""
    path = state_folder / DATABASE
    if not path.exists():
        return {}
    with closing(ReadConnection(path)) as reader:
        rows = reader.read(select(station_state)) if _is_current(reader) else []
        return {row.key: row.value for row in rows}


def past_slots(state_folder: Path) -> list[StoredSlot]:
    """The slots made on the page; empty if no box of this version has run. Raises `StoreUnusable`."""
    path = state_folder / DATABASE
    if not path.exists():
        return []
    with closing(ReadConnection(path)) as reader:
        return StoredSlotReader(reader).all() if _is_current(reader) else []


def _is_current(source: Reads) -> bool:
    if not source.read(HAS_VERSION):
        return False
    return [row.version_num for row in source.read(select(version))] == [VERSION]
