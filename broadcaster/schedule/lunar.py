"""Computes the lunar calendar and the solar terms of 1990 to 2100 by GB/T 33661-2017."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from broadcaster.schedule.day_expressions import TERMS


@dataclass(frozen=True)
class LunarMonth:
    """One month: its number, whether it is a leap month, its first day and how many it has."""

    number: int
    leap: bool
    first: date
    days: int

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.days - 1)


# Imported by those who use it: tyme4py takes 2 MB and 20 ms.
@lru_cache(maxsize=128)
def months_of(year: int) -> tuple[LunarMonth, ...]:
    """The months of a lunar year, which begins in January or February of the solar one."""
    from tyme4py.lunar import LunarYear

    months = []
    for month in LunarYear.from_year(year).get_months():
        first = month.get_first_julian_day().get_solar_day()
        number = month.get_month_with_leap()
        day = date(first.get_year(), first.get_month(), first.get_day())
        months.append(LunarMonth(abs(number), number < 0, day, month.get_day_count()))
    return tuple(months)


@lru_cache(maxsize=128)
def terms_of(year: int) -> dict[str, date]:
    """The day of each solar term of a solar year."""
    from tyme4py.solar import SolarTerm

    days = (SolarTerm.from_index(year, n).get_solar_day() for n in range(1, len(TERMS) + 1))
    return {
        term: date(day.get_year(), day.get_month(), day.get_day())
        for term, day in zip(TERMS, days, strict=True)
    }
