"""Rules for the days on which a slot is due: each rule gives the first day on or after another."""

import calendar
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from functools import lru_cache

from broadcaster.schedule import holidays, lunar
from broadcaster.schedule.day_expressions import LAST_DAY, YEARS_END, DateWord, LunarDay, TermDay
from broadcaster.settings.values import Season

DAY = timedelta(days=1)
# As far as the lunar calendar is checked; a rule that holds on no day ends its search there.
LAST_YEAR = 2100


class Days(ABC):
    """A set of days."""

    @abstractmethod
    def next_from(self, day: date) -> date | None:
        """The first day of the set that is not before `day`; None when there is none."""

    def holds(self, day: date) -> bool:
        return self.next_from(day) == day


@dataclass(frozen=True)
class Weekdays(Days):
    """Days of the week, counted from Monday, 0."""

    numbers: frozenset[int]

    def next_from(self, day: date) -> date | None:
        if day.weekday() in self.numbers:
            return day
        days = (day + n * DAY for n in range(1, 7))
        return next((found for found in days if found.weekday() in self.numbers), None)


@dataclass(frozen=True)
class Between(Days):
    """From one day to another, both in it."""

    first: date = date.min
    last: date = date(MAXYEAR, 1, 1)

    def next_from(self, day: date) -> date | None:
        return max(day, self.first) if day <= self.last else None


@dataclass(frozen=True)
class InSeasons(Days):
    """Parts of every year."""

    seasons: tuple[Season, ...]

    def next_from(self, day: date) -> date | None:
        for season in self.seasons:
            if season.holds(day):
                return day
        begins = (_begin(season, year) for season in self.seasons for year in (day.year, day.year + 1))
        return min((begin for begin in begins if begin >= day), default=None)


class OfYear(Days):
    """A set that is known a year at a time; a frozen dataclass, for its years are kept by value."""

    @abstractmethod
    def in_year(self, year: int) -> Iterable[date]:
        """All its days in one solar year, in any order."""

    def next_from(self, day: date) -> date | None:
        for year in range(day.year, LAST_YEAR + 1):
            days = _table(self, year)
            place = bisect_left(days, day)
            if place < len(days):
                return days[place]
        return None


@lru_cache(maxsize=16_384)
def _table(rule: OfYear, year: int) -> tuple[date, ...]:
    return tuple(sorted(set(rule.in_year(year))))


@dataclass(frozen=True)
class Dates(OfYear):
    """Days of the solar calendar; a 29th of February or a 31st is due where there is one."""

    words: tuple[DateWord, ...]

    def in_year(self, year: int) -> Iterable[date]:
        for word in self.words:
            if word.year in (None, year):
                for month in [word.month] if word.month else range(1, 13):
                    length = calendar.monthrange(year, month)[1]
                    if word.day <= length:
                        yield date(year, month, word.day or length)


@dataclass(frozen=True)
class LunarDays(OfYear):
    """Days of the lunar calendar; in a leap month only where `leap` says so.

    A 30th is due in months that have one. The year's last day is that of its last month, whichever.
    """

    words: tuple[LunarDay, ...]
    leap: bool = False

    def in_year(self, year: int) -> Iterable[date]:
        # The lunar years that reach into this one, with room for days that are counted from another.
        for lunar_year in range(year - 2, year + 2):
            months = lunar.months_of(lunar_year)
            for word in self.words:
                for month in self._months(word, months):
                    if word.day <= month.days:
                        day = month.last if word.day == LAST_DAY else month.first + DAY * (word.day - 1)
                        if (day + word.shift).year == year:
                            yield day + word.shift

    def _months(
        self, word: LunarDay, months: tuple[lunar.LunarMonth, ...]
    ) -> Iterable[lunar.LunarMonth]:
        if word.month == YEARS_END:
            return months[-1:]
        return (
            month
            for month in months
            if word.month in (None, month.number) and (self.leap or not month.leap)
        )


@dataclass(frozen=True)
class TermDays(OfYear):
    """Days of solar terms."""

    words: tuple[TermDay, ...]

    def in_year(self, year: int) -> Iterable[date]:
        for near in (year - 1, year, year + 1):
            for word in self.words:
                day = lunar.terms_of(near)[word.term] + word.shift
                if day.year == year:
                    yield day


@dataclass(frozen=True)
class MarketDays(OfYear):
    """Days whose number in its month ends in one of the digits: 逢三逢八 is 3, 8, 13 … 28.

    By the lunar calendar a leap month has its markets too; a month of 29 days has no 30th.
    """

    digits: frozenset[int]
    by_moon: bool = True

    def in_year(self, year: int) -> Iterable[date]:
        for first, length in self._months(year):
            for number in range(1, length + 1):
                day = first + DAY * (number - 1)
                if number % 10 in self.digits and day.year == year:
                    yield day

    def _months(self, year: int) -> Iterable[tuple[date, int]]:
        if self.by_moon:
            months = (*lunar.months_of(year - 1), *lunar.months_of(year))
            return [(month.first, month.days) for month in months]
        return [(date(year, n, 1), calendar.monthrange(year, n)[1]) for n in range(1, 13)]


@dataclass(frozen=True)
class Holidays(OfYear):
    """Days of one kind by the public calendar, with what the village wrote itself."""

    kind: holidays.DayKind
    days_off: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def in_year(self, year: int) -> Iterable[date]:
        return holidays.days_of_kind(self.kind, year, self.days_off, self.workdays)


@dataclass(frozen=True)
class AllOf(Days):
    """The days that are in every one of the sets."""

    rules: tuple[Days, ...]

    def next_from(self, day: date) -> date | None:
        while day.year <= LAST_YEAR:
            furthest = day
            for rule in self.rules:
                found = rule.next_from(furthest)
                if found is None:
                    return None
                furthest = found
            if furthest == day:
                return day
            day = furthest
        return None


def _begin(season: Season, year: int) -> date:
    month, day = season.first
    if (month, day) == (2, 29) and not calendar.isleap(year):
        return date(year, 3, 1)
    return date(year, month, day)
