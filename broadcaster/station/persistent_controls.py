"""Controls that outlast a restart: the stop of the loops and the volume."""

import logging
from collections.abc import Callable
from datetime import datetime

from broadcaster.core.errors import StoreUnusable
from broadcaster.rules.air_rules import AirRules
from broadcaster.store.station_state import StationState

logger = logging.getLogger(__name__)

LOOPS_STOPPED_AT = "loops_stopped_at"
LOOPS_STOPPED_BY = "loops_stopped_by"
VOLUME = "volume"


class Remembered:
    """Sets the rules of the house. A disk that fails costs the next start, not the air."""

    def __init__(self, rules: AirRules, state: StationState) -> None:
        self._rules = rules
        self._state = state
        set_as_before(rules, self._read)
        self.loops_stopped_by = self._read(LOOPS_STOPPED_BY)

    def stop_loops(self, at: datetime | None, by: str = "") -> None:
        """None has them back. In the rules when this returns, and on the disk as far as it is well."""
        self._rules.loops_stopped_at, self.loops_stopped_by = at, by
        self._write(LOOPS_STOPPED_BY, by)
        self._write(LOOPS_STOPPED_AT, at.isoformat() if at else "")

    def set_volume(self, percent: int) -> None:
        self._rules.station_volume = percent
        self._write(VOLUME, str(percent))

    def _read(self, what: str) -> str:
        try:
            return self._state.get(what)
        except StoreUnusable:
            logger.exception("停循环、音量这类设定读不出来，按没有设过算，错误在下面")
            return ""

    def _write(self, what: str, value: str) -> None:
        try:
            self._state.put(what, value)
        except StoreUnusable as error:
            logger.warning("停循环、音量这类设定没有记下来，下次启动不算了：%s", error)


def set_as_before(rules: AirRules, read: Callable[[str], str]) -> None:
    """Set the rules as people set them last; `read` gives the text that is kept under a name, or ""."""
    if stopped_at := read(LOOPS_STOPPED_AT):
        rules.loops_stopped_at = datetime.fromisoformat(stopped_at)
    volume = read(VOLUME)
    if volume.isdecimal():
        rules.station_volume = min(int(volume), 100)
