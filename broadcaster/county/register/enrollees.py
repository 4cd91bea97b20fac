"""Enrolment by a one-time code or a file: the common part of the boxes' register and the counties'."""

from abc import ABC, abstractmethod
from typing import Any, Protocol

from sqlalchemy import Column, Connection, Row, select, update

from broadcaster.bulletin.keys import public_from_hex
from broadcaster.core.clock import Clock
from broadcaster.county.register.one_time_code import RegisterRefused, code_columns, new_code
from broadcaster.county.store.office_database import OfficeDatabase

LONGEST_ID = 64


class BrokerAccess(Protocol):
    """Access to the office's broker, for boxes and for counties' relays."""

    def admit(self, box: str, area: str, password: str) -> None: ...

    def admit_county(self, county: str, password: str) -> None: ...

    def dismiss(self, box: str) -> None: ...


class OpenAccess:
    """For a broker whose users are kept elsewhere, or that has none."""

    def admit(self, box: str, area: str, password: str) -> None:
        pass

    def admit_county(self, county: str, password: str) -> None:
        pass

    def dismiss(self, box: str) -> None:
        pass


class Enrollees(ABC):
    """Rows of the table of `id`, each with one key; `nobody` is said of one that is not there. Any
    thread.
    """

    def __init__(
        self,
        database: OfficeDatabase,
        clock: Clock,
        door: BrokerAccess | None,
        id: Column[str],
        nobody: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._door = door or OpenAccess()
        self._id = id
        self._nobody = nobody

    def replace(self, id: str) -> str:
        """A new one-time code, for new hardware there; until it is used the old key counts."""
        one_time = new_code()
        with self._database.transaction() as connection:
            self._locked(connection, id)
            self._change(connection, id, **code_columns(one_time, self._clock.now()))
        return one_time

    def set_key(self, id: str, key: str) -> None:
        """By hand, of one that was let in by a file. Raises `RegisterRefused`."""
        key = read_key(key)
        with self._database.transaction() as connection:
            self._set_key(connection, self._locked(connection, id), key, code_hash=None)

    @abstractmethod
    def _set_key(self, connection: Connection, row: Row[Any], key: str, **code: Any) -> None:
        """Raises `RegisterRefused` for the key of another."""

    def _change(self, connection: Connection, id: str, **values: Any) -> None:
        connection.execute(update(self._id.table).where(self._id == id).values(values))

    def _locked(self, connection: Connection, id: str) -> Row[Any]:
        """As it is until the transaction ends. Raises `RegisterRefused`."""
        query = select(self._id.table).where(self._id == id[:LONGEST_ID]).with_for_update()
        return self._existing(connection.execute(query).first())

    def _row(self, id: str) -> Row[Any]:
        """Raises `RegisterRefused`."""
        return self._existing(
            self._database.first(select(self._id.table).where(self._id == id[:LONGEST_ID]))
        )

    def _existing(self, row: Row[Any] | None) -> Row[Any]:
        if row is None:
            raise RegisterRefused(self._nobody)
        return row


def read_key(key: str) -> str:
    """A public key as a person types it. Raises `RegisterRefused`."""
    key = key.strip().lower()
    try:
        public_from_hex(key)
    except ValueError:
        raise RegisterRefused("公钥不对，应该是 64 位的十六进制数字。") from None
    return key
