"""Small values that the station remembers over a restart, each by its name."""

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from broadcaster.store.database.station_database import Database
from broadcaster.store.database.tables import station_state
from broadcaster.store.database.write_queue import WriteQueue


class StationState:
    """Texts by name; any thread. Raises `StoreUnusable`."""

    def __init__(self, database: Database, write_queue: WriteQueue) -> None:
        self._database = database
        self._write_queue = write_queue

    def get(self, key: str) -> str:
        """The value that was put last; "" if none was."""
        rows = self._database.read(select(station_state.c.value).where(station_state.c.key == key))
        return str(rows[0].value) if rows else ""

    def put(self, key: str, value: str) -> None:
        """On the disk when this returns; "" forgets it."""
        with self._database.transaction() as connection:
            _put(connection, key, value)

    def put_soon(self, key: str, value: str) -> None:
        """The same without waiting for the disk."""
        self._write_queue.enqueue(lambda connection: _put(connection, key, value), wait=False)


def _put(connection: Connection, key: str, value: str) -> None:
    connection.execute(delete(station_state).where(station_state.c.key == key))
    if value:
        connection.execute(insert(station_state).values(key=key, value=value))
