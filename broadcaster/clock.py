"""The only place that reads a clock; everything else is told the time."""

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo


class Clock:
    """Wall time in the station's zone and monotonic time; tests pass one of their own."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone

    def now(self) -> datetime:
        """The wall time, aware, in the station's zone."""
        return datetime.now(UTC).astimezone(self.zone)

    def monotonic(self) -> float:
        """Seconds that never step; only differences mean something."""
        return time.monotonic()
