"""Recurrence: times of the day on certain days, and the ordinal number of each occurrence."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from broadcaster.schedule.day_rules import DAY, Days
from broadcaster.schedule.time_rules import Times, instant

# Occurrences are counted from here, so that a restart goes on with the playlist where it was.
COUNTED_FROM = date(2026, 1, 1)
MIDNIGHT = time()


@dataclass(frozen=True)
class Recurrence:
    """Due at `times` of each of `days`, by the clock of `zone`."""

    days: Days
    times: Times
    zone: ZoneInfo

    def after(self, moment: datetime, until: datetime | None = None) -> Iterator[datetime]:
        """Every due time strictly after an aware moment, in order, in UTC; maybe endless. Those from
        `until` on may be left out.
        """
        # Aware times of one zone compare by the wall clock, which DST turns back: UTC does not.
        last = moment.astimezone(UTC)
        # From yesterday, whose window may reach over midnight.
        first = moment.astimezone(self.zone).date() - DAY
        for dues in self._in_order(first, last, until):
            for due in dues:
                if due > last:
                    yield due
                    last = due

    def _in_order(
        self, first: date, after: datetime, until: datetime | None
    ) -> Iterator[list[datetime]]:
        """The due times of each day from the first on, some of them more than once."""
        waiting: list[datetime] = []
        day = self.days.next_from(first)
        while day and (until is None or self._begin(day) < until):
            dues = sorted([*waiting, *self.times.on(day, self.zone, after)])
            # What lies in the next day may come after some of its own.
            end = bisect_left(dues, self._begin(day + DAY))
            yield dues[:end]
            waiting = dues[end:]
            day = self.days.next_from(day + DAY)
        yield waiting

    def _begin(self, day: date) -> datetime:
        """The moment before which nothing of a day is due, in UTC."""
        return instant(day, MIDNIGHT, self.zone) - self.times.lead

    def tally(self, day: date) -> tuple[datetime, datetime, int] | None:
        """The first and the last due time that belong to a day, in UTC, and how many; None if none."""
        return self.times.tally(day, self.zone) if self.days.holds(day) else None

    def window_from(self, due: datetime, today: date) -> datetime | None:
        """The start of the window that an occurrence in UTC belongs to, whose date in the zone is known;
        None if there are no windows.
        """
        for day in (today, today - DAY):
            # Most times have no windows, and the days are the dearer question.
            begin = self.times.window_from(day, self.zone, due)
            if begin and self.days.holds(day):
                return begin
        return None

    def ordinal(self, due: datetime) -> int:
        """The number of occurrences before this one, from a fixed day on."""
        today = due.astimezone(self.zone).date()
        for day in (today - DAY, today):
            if self.days.holds(day):
                dues = _dues_of(self, day)
                place = bisect_left(dues, due)
                if dues[place : place + 1] == (due,):
                    return _before(self, day) + place
        return 0


@lru_cache(maxsize=64)
def _dues_of(recurrence: Recurrence, day: date) -> tuple[datetime, ...]:
    return tuple(sorted({*recurrence.times.on(day, recurrence.zone)}))


@lru_cache(maxsize=4096)
def _before(recurrence: Recurrence, day: date) -> int:
    """The number of occurrences on the days from COUNTED_FROM up to `day`."""
    month = date(day.year, day.month, 1)
    count = _count(recurrence, max(month, COUNTED_FROM), day)
    while month > COUNTED_FROM:
        end, month = month, (month - timedelta(days=1)).replace(day=1)
        count += _count_in_month(recurrence, month, end)
    return count


@lru_cache(maxsize=4096)
def _count_in_month(recurrence: Recurrence, first: date, end: date) -> int:
    return _count(recurrence, first, end)


def _count(recurrence: Recurrence, first: date, end: date) -> int:
    count, day = 0, recurrence.days.next_from(first)
    while day and day < end:
        count += len(_dues_of(recurrence, day))
        day = recurrence.days.next_from(day + DAY)
    return count
