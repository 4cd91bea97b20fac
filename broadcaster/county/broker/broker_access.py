"""Gives boxes access to our broker at enrolment, and takes it away at retirement."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from broadcaster.core.errors import FileUnwritable, reason_of
from broadcaster.county.broker.mosquitto import Broker


class MosquittoAccess:
    """Writes the users of the broker in this folder, and lets a running one read them."""

    def __init__(self, folder: Path) -> None:
        self._broker = Broker(folder)

    def admit(self, box: str, area: str, password: str) -> None:
        """Raises `FileUnwritable`."""
        self._written(lambda: self._broker.add_box(box, area, password))

    def admit_relay(self, password: str) -> None:
        """Raises the same."""
        self._written(lambda: self._broker.add_relay(password))

    def admit_county(self, county: str, password: str) -> None:
        """The relay of a county below this office. Raises the same."""
        self._written(lambda: self._broker.add_county(county, password))

    def dismiss(self, box: str) -> None:
        """Raises the same."""
        self._written(lambda: self._broker.remove(box))

    def _written(self, change: Callable[[], None]) -> None:
        try:
            change()
        except OSError as error:
            raise FileUnwritable(f"消息服务器的用户表写不进去（{reason_of(error)}）。") from error
        # One that does not run reads them when it starts.
        with suppress(OSError, ValueError):
            self._broker.reload(int((self._broker.folder / "mosquitto.pid").read_text()))
