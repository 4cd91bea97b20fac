"""The kinds of slot: when a notice is due, as pure functions of the moment that is passed in."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from broadcaster.model import Airing, Kind, Notice

DAY = timedelta(days=1)

Window = tuple[time, time]


@dataclass(frozen=True)
class Slot(ABC):
    """A notice that comes again and again; not worth saying when it is later than `lateness`."""

    name: str
    notice: Notice
    lateness: timedelta
    kind: ClassVar[Kind]

    @abstractmethod
    def next_after(self, moment: datetime) -> datetime | None:
        """The first due time strictly after an aware moment; None when there is none any more."""

    def airing_at(self, due_at: datetime) -> Airing:
        """The occurrence that is due then."""
        return Airing(self.notice, due_at, due_at + self.lateness, self.kind, asked_by=self.name)


@dataclass(frozen=True)
class Weekly(Slot):
    """A slot that is the same every week, in the station's zone; weekdays count from Monday, 0."""

    zone: ZoneInfo
    weekdays: frozenset[int]

    def next_after(self, moment: datetime) -> datetime | None:
        # Aware times of one zone compare by the wall clock, which DST turns back: UTC does not.
        after = moment.astimezone(UTC)
        today = moment.astimezone(self.zone).date()
        # From yesterday, whose window may reach over midnight, to this weekday of next week.
        days = (today + DAY * n for n in range(-1, 8))
        found = [due for day in days if day.weekday() in self.weekdays for due in self._on(day, after)]
        return min(found).astimezone(self.zone) if found else None

    @abstractmethod
    def _on(self, day: date, after: datetime) -> Iterator[datetime]:
        """Due times that belong to `day` and come after `after`, the first of them among them; UTC."""


@dataclass(frozen=True)
class FixedTimes(Weekly):
    """Due at times of the day. A time that DST leaves out comes when the clock has gone on."""

    times: tuple[time, ...]
    kind: ClassVar[Kind] = Kind.SCHEDULED

    def _on(self, day: date, after: datetime) -> Iterator[datetime]:
        dues = (_instant(day, at, self.zone) for at in self.times)
        return (due for due in dues if due > after)


@dataclass(frozen=True)
class Loop(Weekly):
    """Due at each window's start and every `interval` after it, as long as the window has not ended.

    A window whose end is not after its start ends on the next day; it belongs to the day it began.
    """

    interval: timedelta
    windows: tuple[Window, ...]
    kind: ClassVar[Kind] = Kind.LOOP

    def _on(self, day: date, after: datetime) -> Iterator[datetime]:
        for begin, end in self.windows:
            start = _instant(day, begin, self.zone)
            stop = _instant(day if begin < end else day + DAY, end, self.zone)
            passed = max((after - start) // self.interval + 1, 0)
            due = start + passed * self.interval
            if due < stop:
                yield due


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
