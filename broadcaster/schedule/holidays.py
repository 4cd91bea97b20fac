"""Public holidays and working weekends as the State Council announces them, year by year.

For a year that is not announced yet the festivals are computed as the law fixes them; nobody can know
which days are moved and which weekends are worked for them.
"""

from datetime import date, timedelta
from enum import Enum
from functools import lru_cache

from broadcaster.schedule import lunar

DAY = timedelta(days=1)
# 全国年节及纪念日放假办法, article 2, as amended on 10 November 2024 (State Council order 795).
FIXED = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))
# 端午 and 中秋, as days of the lunar year.
BY_THE_MOON = ((5, 5), (8, 15))
DAYS_OF_NEW_YEAR = 3  # 正月初一至初三, after 除夕


class DayKind(Enum):
    """The kind of a day in the public calendar."""

    OFF = "放假日"
    WORKING = "工作日"
    FESTIVAL = "节假日"
    MADE_UP = "补班日"


@lru_cache(maxsize=1)
def last_known_year() -> int:
    """The library knows a year once it has been announced, in November of the year before."""
    from chinese_calendar.constants import holidays

    return int(max(holidays).year)


@lru_cache(maxsize=64)
def announced(year: int) -> tuple[frozenset[date], frozenset[date]]:
    """The year's days off that are for a festival, and its working weekends; empty if not known."""
    from chinese_calendar.constants import holidays, workdays

    off, working = ({day for day in days if day.year == year} for days in (holidays, workdays))
    return frozenset(off), frozenset(working)


@lru_cache(maxsize=64)
def by_law(year: int) -> frozenset[date]:
    """The festivals of a year on which everybody is off; 春节 is 除夕 and 初一 to 初三."""
    months = {month.number: month.first for month in lunar.months_of(year) if not month.leap}
    new_year = months[1] - DAY
    spring = (new_year + n * DAY for n in range(DAYS_OF_NEW_YEAR + 1))
    fixed = (date(year, month, day) for month, day in FIXED)
    moon = (months[month] + (day - 1) * DAY for month, day in BY_THE_MOON)
    return frozenset((*fixed, *spring, *moon, lunar.terms_of(year)["清明"]))


def days_of_kind(
    kind: DayKind, year: int, days_off: frozenset[date], workdays: frozenset[date]
) -> list[date]:
    """The days of a year of one kind. What the village wrote goes before what was announced, and
    that before the law; where none says anything Saturday and Sunday are off."""
    known_off, known_working = announced(year)
    if year > last_known_year():
        known_off = by_law(year)
    off = (known_off - workdays) | days_off
    working = (known_working - days_off) | workdays
    first = date(year, 1, 1)
    days = (first + n * DAY for n in range((date(year + 1, 1, 1) - first).days))
    return [day for day in days if _is(kind, day, off, working)]


def _is(kind: DayKind, day: date, off: frozenset[date], working: frozenset[date]) -> bool:
    weekend = day.weekday() >= 5
    rests = day in off or (weekend and day not in working)
    match kind:
        case DayKind.OFF:
            return rests
        case DayKind.WORKING:
            return not rests
        case DayKind.FESTIVAL:
            return day in off
        case DayKind.MADE_UP:
            return weekend and not rests
