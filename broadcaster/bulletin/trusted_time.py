"""The box's knowledge of the time: the moment, and if it can be trusted."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# Between two clocks that both follow NTP: none; between a county's and a box's own quartz: minutes.
CLOCKS_DIFFER = timedelta(minutes=10)


@dataclass(frozen=True)
class Now:
    """Its clock, whether that is trusted, and when it is at the earliest.

    `floor` is the greatest of build time, last saved time and newest verified time of the county; it is
    gone by only while the clock is not trusted.
    """

    at: datetime
    trusted: bool
    floor: datetime

    @property
    def earliest(self) -> datetime:
        return self.at if self.trusted else self.floor
