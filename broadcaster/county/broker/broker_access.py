"""Gives boxes access to our broker at enrolment, and takes it away at retirement.

Mosquitto reads its users again when it is told to. It then ends the sessions that it has from its disk
and whose client has not been there since its own start: it still acknowledges what is sent to them, and
drops it (2.0.11, `tests/county/test_door.py`). Boxes would take receipts for delivered that the office
never gets. So it is told only while the office is connected, which after a power cut may be later.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from broadcaster.core.errors import FileUnwritable, reason_of
from broadcaster.county.broker.broker_accounts import USERS
from broadcaster.county.broker.mosquitto import PID, Broker


class MosquittoAccess:
    """Writes the users of the broker in this folder, and lets a running one read them; any thread.

    Where the office is not `connected`, as in a command, the office's own process does that once it is,
    by `look`.
    """

    def __init__(self, folder: Path) -> None:
        self._broker = Broker(folder)
        self._lock = threading.Lock()
        self._read_ns = 0
        self.connected: Callable[[], bool] = lambda: False

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
        self.look()

    def look(self) -> None:
        """Let the broker read what was changed since it last did, if the office is connected."""
        with self._lock:
            if not self.connected():
                return
            # One that does not run reads them when it starts, and writes its number then.
            with suppress(OSError, ValueError):
                changed_ns = (self._broker.folder / USERS).stat().st_mtime_ns
                number = self._broker.folder / PID
                if changed_ns > max(self._read_ns, number.stat().st_mtime_ns):
                    self._broker.reload(int(number.read_text()))
                    self._read_ns = changed_ns
