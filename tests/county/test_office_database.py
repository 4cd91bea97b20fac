"""The office's database under many hands."""

from threading import Event, Thread

from sqlalchemy import event, func, insert, select

from broadcaster.core.errors import StoreUnusable
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import area


def test_who_writes_waits_for_his_turn_however_long_it_takes(sqlite: OfficeDatabase) -> None:
    """SQLite itself lets nobody wait here."""
    event.listen(sqlite.engine, "checkout", lambda raw, *_: raw.execute("PRAGMA busy_timeout = 0"))
    begun, failed = Event(), list[StoreUnusable]()

    def write() -> None:
        begun.set()
        try:
            with sqlite.transaction() as connection:
                connection.execute(insert(area).values(code="331121", name="青田县"))
        except StoreUnusable as error:
            failed.append(error)

    other = Thread(target=write)
    with sqlite.transaction() as connection:
        other.start()
        assert begun.wait(60)
        other.join(0.2)
        connection.execute(insert(area).values(code="33", name="浙江省"))
    other.join(60)
    assert not failed
    assert sqlite.read(select(func.count()).select_from(area))[0][0] == 2
