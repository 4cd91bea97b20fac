"""Sets up the log of a long-running process: times in the station's zone, and lines for its start and
end.
"""

from __future__ import annotations

import logging
import signal
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING

from broadcaster import __version__

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

logger = logging.getLogger(__name__)

FORMAT = "%(asctime)s %(name)s: %(message)s"
ORDERS: dict[int, str] = {signal.SIGTERM: "收到 SIGTERM", signal.SIGINT: "收到 SIGINT，有人按了 Ctrl-C"}


class _InZone(logging.Formatter):
    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__(FORMAT)
        self._zone = zone

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return f"{datetime.fromtimestamp(record.created, self._zone):%Y-%m-%d %H:%M:%S %z}"


def open_log(level: int) -> None:
    """To the terminal, by the machine's clock until the zone is known."""
    logging.basicConfig(level=level, format=FORMAT)


def log_in(zone: ZoneInfo) -> None:
    """The log's times are the station's, as its record's are: a machine's own is often never set."""
    for writer in logging.getLogger().handlers:
        writer.setFormatter(_InZone(zone))
    # Whatever else is asked for: without these two lines nobody sees when the process was off.
    logger.setLevel(logging.INFO)


class Ordered(Event):
    """Set by the signal that orders the process to end. To be made on the main thread."""

    def __init__(self) -> None:
        super().__init__()
        self._by = 0
        for number in ORDERS:
            signal.signal(number, self._take)

    def _take(self, number: int, _: object) -> None:
        # Nothing is logged here: the thread that is interrupted may be writing a line.
        self._by = number
        self.set()

    def tell(self, what: str) -> None:
        """In the log, if it was ordered; what ends of itself has said why."""
        if self.is_set():
            logger.info("%s按要求停下：%s", what, ORDERS[self._by])


def tell_start(what: str) -> None:
    logger.info("%s启动了，版本 %s", what, __version__)
