"""Two libraries that know nothing of each other, day by day."""

from datetime import date, timedelta

import pytest
from borax.calendars.lunardate import LunarDate, TermUtils

from broadcaster.schedule import lunar
from broadcaster.schedule.day_expressions import TERMS

YEARS = range(1990, 2101)
# Months whose new moon is less than three minutes before midnight in Beijing (23:57:13 and 23:59:18 by
# an ephemeris): the other library's table has them begin a day later.
LATE_BY_A_DAY = {(2089, 8), (2097, 7)}


def named(first: date, last: date) -> dict[date, tuple[int, int, int, bool]]:
    return {
        month.first + timedelta(days=n): (year, month.number, n + 1, month.leap)
        for year in range(first.year - 1, last.year + 1)
        for month in lunar.months_of(year)
        for n in range(month.days)
    }


def test_every_day_of_1990_to_2100_has_the_same_lunar_date_by_both() -> None:
    first, last = date(YEARS[0], 1, 1), date(YEARS[-1], 12, 31)
    ours, differing = named(first, last), set()
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        theirs = LunarDate.from_solar(day)
        if ours[day] != (theirs.year, theirs.month, theirs.day, bool(theirs.leap)):
            differing.add(ours[day][:2])
    assert differing == LATE_BY_A_DAY


@pytest.mark.parametrize("year", YEARS)
def test_every_solar_term_is_on_the_same_day_by_both(year: int) -> None:
    theirs = {term: TermUtils.nth_term_day(year, term_name=term) for term in TERMS}
    assert lunar.terms_of(year) == theirs


@pytest.mark.parametrize(
    ("year", "month", "leap", "first", "days"),
    [
        (2025, 6, True, date(2025, 7, 25), 29),
        (2023, 2, True, date(2023, 3, 22), 29),
        (2033, 11, True, date(2033, 12, 22), 29),
        (2026, 1, False, date(2026, 2, 17), 30),
    ],
)
def test_leap_months_are_where_the_almanac_has_them(
    year: int, month: int, leap: bool, first: date, days: int
) -> None:
    assert lunar.LunarMonth(month, leap, first, days) in lunar.months_of(year)
