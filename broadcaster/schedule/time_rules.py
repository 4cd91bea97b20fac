"""Rules for the times of a day at which a slot is due."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

from broadcaster.schedule.day_expressions import SunTime
from broadcaster.schedule.day_rules import DAY, Days

Window = tuple[time, time]


class Times(ABC):
    """Moments that belong to a day; they lie in it or, after midnight, in the next. Some come before
    it, by `lead` at most.
    """

    @property
    def lead(self) -> timedelta:
        return timedelta()

    @abstractmethod
    def on(self, day: date, zone: ZoneInfo, after: datetime | None = None) -> Iterator[datetime]:
        """The moments of `day`, in UTC and any order; those up to `after` may be left out."""

    def tally(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime, int] | None:
        """The first and the last moment of `day`, and how many there are; None if there is none."""
        dues = set(self.on(day, zone))
        return (min(dues), max(dues), len(dues)) if dues else None

    def window_from(self, day: date, zone: ZoneInfo, due: datetime) -> datetime | None:
        """The start of the window of `day` that holds a moment, in UTC; None if there is none."""
        return None


@dataclass(frozen=True)
class At(Times):
    """Times by the clock. One that DST leaves out comes when the clock has gone on."""

    times: tuple[time, ...]

    def on(self, day: date, zone: ZoneInfo, after: datetime | None = None) -> Iterator[datetime]:
        return (instant(day, at, zone) for at in self.times)


@dataclass(frozen=True)
class BySun(Times):
    """Times by sunrise and sunset; none on a day without one. Degrees north and east."""

    times: tuple[SunTime, ...]
    latitude: float
    longitude: float

    @property
    def lead(self) -> timedelta:
        return max(timedelta(), *(-at.shift for at in self.times))

    def on(self, day: date, zone: ZoneInfo, after: datetime | None = None) -> Iterator[datetime]:
        for at in self.times:
            event = _sun_on(day, at.rising, self.latitude, self.longitude, zone)
            if event:
                yield event + at.shift


@dataclass(frozen=True)
class Every(Times):
    """Each window's start and every `interval` after it, as long as the window has not ended.

    A window whose end is not after its start ends on the next day; it belongs to the day it began.
    """

    interval: timedelta
    windows: tuple[Window, ...]

    def on(self, day: date, zone: ZoneInfo, after: datetime | None = None) -> Iterator[datetime]:
        for due, stop in _spans(self.windows, day, zone):
            if after and after >= due:
                due += ((after - due) // self.interval + 1) * self.interval
            while due < stop:
                yield due
                due += self.interval

    def tally(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime, int] | None:
        windows = _spans(self.windows, day, zone)
        spans = [(begin, -(-(end - begin) // self.interval)) for begin, end in windows]
        lasts = [begin + (count - 1) * self.interval for begin, count in spans]
        return min(spans)[0], max(lasts), sum(count for _, count in spans)

    def window_from(self, day: date, zone: ZoneInfo, due: datetime) -> datetime | None:
        for begin, end in _spans(self.windows, day, zone):
            if begin <= due < end:
                return begin
        return None


@dataclass(frozen=True)
class Moments(Times, Days):
    """Once, at moments that name their day: clock times by date."""

    moments: tuple[tuple[date, time], ...]

    def on(self, day: date, zone: ZoneInfo, after: datetime | None = None) -> Iterator[datetime]:
        return (instant(when, at, zone) for when, at in self.moments if when == day)

    def next_from(self, day: date) -> date | None:
        return min((when for when, _ in self.moments if when >= day), default=None)


@dataclass(frozen=True)
class Cron(Times, Days):
    """Five fields of cron: minute, hour, day, month, weekday; around DST as Debian's cron does."""

    expression: str

    def on(self, day: date, zone: ZoneInfo, after: datetime | None = None) -> Iterator[datetime]:
        return iter(_cron_on(self.expression, day, zone))

    def next_from(self, day: date) -> date | None:
        return _cron_day(self.expression, day)


@dataclass(frozen=True)
class Together(Times):
    """Several kinds of times on the same days."""

    parts: tuple[Times, ...]

    @property
    def lead(self) -> timedelta:
        return max(part.lead for part in self.parts)

    def on(self, day: date, zone: ZoneInfo, after: datetime | None = None) -> Iterator[datetime]:
        for part in self.parts:
            yield from part.on(day, zone, after)


@lru_cache(maxsize=512)
def _sun_on(
    day: date, rising: bool, latitude: float, longitude: float, zone: ZoneInfo
) -> datetime | None:
    """The minute of sunrise or sunset, in UTC; None where the sun does not come to the horizon."""
    # Imported by those who use it: astral takes 4 MB.
    from astral import Observer
    from astral.sun import sunrise, sunset

    try:
        # The library looks for the sunset in the day of the time zone that it is given.
        event = (sunrise if rising else sunset)(Observer(latitude, longitude), day, zone)
    except ValueError:
        return None
    return event.astimezone(UTC).replace(second=0, microsecond=0)


# Reading an expression takes longer than finding its next moment, and many slots share a few.
@lru_cache(maxsize=4096)
def _cron_on(expression: str, day: date, zone: ZoneInfo) -> tuple[datetime, ...]:
    dues = takewhile(lambda due: due.date() == day, _cron_from(expression, day, zone))
    return tuple(due.astimezone(UTC) for due in dues)


@lru_cache(maxsize=4096)
def _cron_day(expression: str, day: date) -> date | None:
    found = next(_cron_from(expression, day, UTC), None)
    return found.date() if found else None


def _cron_from(expression: str, day: date, zone: tzinfo) -> Iterator[datetime]:
    from cronsim import CronSim

    midnight = instant(day, time(), zone)
    return CronSim(expression, (midnight - timedelta(seconds=1)).astimezone(zone))


# Asked for each occurrence of a loop, and many loops share a few windows.
@lru_cache(maxsize=4096)
def _spans(
    windows: tuple[Window, ...], day: date, zone: ZoneInfo
) -> tuple[tuple[datetime, datetime], ...]:
    """The windows of a day, in UTC."""
    days = (day, day + DAY)
    return tuple(
        (instant(day, begin, zone), instant(days[begin >= end], end, zone)) for begin, end in windows
    )


# Slots share their days and often their times: half of the work of a plan was this.
@lru_cache(maxsize=8192)
def instant(day: date, at: time, zone: tzinfo) -> datetime:
    """A time of the day by the clock of a zone, in UTC."""
    return datetime.combine(day, at, zone).astimezone(UTC)
