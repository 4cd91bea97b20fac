"""A read-only connection of its own, so a long search never delays a line of the journal."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row
from sqlalchemy.sql import Executable

from broadcaster.core.errors import StoreUnusable
from broadcaster.store.database.sqlite_connection import StoreDamaged, connect_for_reading, store_errors


class ReadConnection:
    """Reads a database that may be written meanwhile, by this process or another; any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._as_if_unchanged = False

    def read(self, query: Executable, given: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        """All rows. Raises `StoreUnusable`; the next call then connects anew.

        `StoreDamaged` only where it is known that no writer's changes were mistaken for damage.
        """
        with self._lock:
            try:
                with store_errors(self._path):
                    return self._connected().execute(query, given).all()
            except StoreDamaged as error:
                self._close()
                if self._as_if_unchanged:
                    raise StoreUnusable(str(error)) from error
                raise
            except BaseException:
                self._close()
                raise

    def leave_out(self, what: str) -> None:
        """The log has the row; who asks for it here has nothing to mend."""

    def _connected(self) -> Connection:
        if self._connection is None or self._as_if_unchanged:
            self._close()
            self._connection, self._as_if_unchanged = connect_for_reading(self._path)
        return self._connection

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            connection.close()
