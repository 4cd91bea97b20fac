"""Days off and working weekends as the State Council announces them, year by year."""

from datetime import date, timedelta
from enum import Enum
from functools import lru_cache


class DayKind(Enum):
    """What a day is to those who work by the public calendar."""

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


def days_of_kind(
    kind: DayKind, year: int, days_off: frozenset[date], workdays: frozenset[date]
) -> list[date]:
    """The days of a year of one kind. What the village wrote goes before what was announced;
    where neither says anything Saturday and Sunday are off."""
    known_off, known_working = announced(year)
    off = (known_off - workdays) | days_off
    working = (known_working - days_off) | workdays
    first = date(year, 1, 1)
    days = (first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days))
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
