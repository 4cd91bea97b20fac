"""Days by the solar and the lunar calendar, by terms, markets and holidays are the right days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.schedule import lunar
from broadcaster.schedule.day_expressions import (
    read_date_word,
    read_lunar_day,
    read_market,
    read_term_day,
)
from broadcaster.schedule.day_rules import (
    AllOf,
    Between,
    Dates,
    Days,
    Holidays,
    InSeasons,
    LunarDays,
    MarketDays,
    TermDays,
    Weekdays,
)
from broadcaster.schedule.holidays import DayKind, announced, by_law, last_known_year
from broadcaster.settings.values import Season, read_season

DAY = timedelta(days=1)


def dates(*words: str) -> Dates:
    return Dates(tuple(map(read_date_word, words)))


def moon(*words: str, leap: bool = False) -> LunarDays:
    return LunarDays(tuple(map(read_lunar_day, words)), leap)


def terms(*words: str) -> TermDays:
    return TermDays(tuple(map(read_term_day, words)))


def first(days: Days, day: str, count: int = 3) -> list[str]:
    found: list[str] = []
    at = days.next_from(date.fromisoformat(day))
    while at and len(found) < count:
        found.append(at.isoformat())
        at = days.next_from(at + DAY)
    return found


def test_days_of_the_solar_calendar() -> None:
    assert first(dates("12-01"), "2026-12-02") == ["2027-12-01", "2028-12-01", "2029-12-01"]
    assert first(dates("2026-12-04"), "2026-01-01") == ["2026-12-04"]
    assert first(dates("每月31日"), "2026-01-31") == ["2026-01-31", "2026-03-31", "2026-05-31"]
    assert first(dates("每月最后一天"), "2028-02-01") == ["2028-02-29", "2028-03-31", "2028-04-30"]
    assert first(dates("02-29"), "2026-01-01", 2) == ["2028-02-29", "2032-02-29"]


def test_new_years_eve_is_the_last_day_of_the_lunar_year_29th_or_30th() -> None:
    assert first(moon("除夕"), "2024-01-01", 5) == [
        *("2024-02-09", "2025-01-28", "2026-02-16", "2027-02-05", "2028-01-25"),
    ]
    lengths = {lunar.months_of(year)[-1].days for year in range(2020, 2030)}
    assert lengths == {29, 30}
    assert first(moon("腊月三十"), "2024-01-01", 2) == ["2024-02-09", "2030-02-02"]


def test_the_first_and_the_fifteenth_of_every_lunar_month() -> None:
    assert first(moon("初一", "十五"), "2027-01-08", 4) == [
        *("2027-01-08", "2027-01-22", "2027-02-06", "2027-02-20"),
    ]
    assert first(moon("正月十五"), "2026-01-01", 2) == ["2026-03-03", "2027-02-20"]
    assert first(moon("八月十五"), "2026-01-01", 1) == ["2026-09-25"]


def test_a_lunar_day_is_due_in_the_leap_month_only_where_the_slot_says_so() -> None:
    assert first(moon("六月初一"), "2025-01-01", 2) == ["2025-06-25", "2026-07-14"]
    assert first(moon("六月初一", leap=True), "2025-01-01", 2) == ["2025-06-25", "2025-07-25"]
    assert "2025-07-25" not in first(moon("初一"), "2025-06-01", 5)


def test_the_last_day_of_a_lunar_month_is_its_29th_or_its_30th() -> None:
    assert first(moon("六月月末"), "2025-01-01", 1) == ["2025-07-24"]
    assert first(moon("六月三十"), "2025-01-01", 1) == ["2025-07-24"]
    assert first(moon("四月月末"), "2025-01-01", 1) == ["2025-05-26"]


def test_days_before_and_after_go_over_the_end_of_the_year() -> None:
    assert first(moon("除夕前1天"), "2026-01-01", 1) == ["2026-02-15"]
    assert first(moon("正月初一前60天"), "2026-01-01", 1) == ["2026-12-08"]
    assert first(terms("小寒前七天"), "2026-06-01", 1) == ["2026-12-29"]
    assert first(terms("冬至后20天"), "2026-06-01", 1) == ["2027-01-11"]


def test_solar_terms_come_on_their_days() -> None:
    assert first(terms("芒种", "芒种前3天"), "2026-01-01", 4) == [
        *("2026-06-02", "2026-06-05", "2027-06-03", "2027-06-06"),
    ]


def test_market_days_go_by_the_last_digit_of_either_calendar() -> None:
    solar = MarketDays(read_market("逢三逢八"), by_moon=False)
    assert first(solar, "2026-11-20", 4) == ["2026-11-23", "2026-11-28", "2026-12-03", "2026-12-08"]
    assert read_market("逢五逢十") == {5, 0} and read_market("3、8") == {3, 8}
    by_moon = MarketDays(read_market("逢三逢八"))
    assert first(by_moon, "2027-02-06", 3) == ["2027-02-08", "2027-02-13", "2027-02-18"]


def test_seasons_may_go_over_new_year_and_begin_on_a_day_that_not_every_year_has() -> None:
    winter = InSeasons((read_season("11-15至03-15"),))
    assert first(winter, "2026-03-14", 3) == ["2026-03-14", "2026-03-15", "2026-11-15"]
    assert first(InSeasons((Season((2, 29), (3, 2)),)), "2026-02-01", 2) == ["2026-03-01", "2026-03-02"]


def test_public_holidays_and_working_weekends_of_2026() -> None:
    assert first(Holidays(DayKind.FESTIVAL), "2026-10-01", 8)[:7] == [
        f"2026-10-0{n}" for n in range(1, 8)
    ]
    assert first(Holidays(DayKind.MADE_UP), "2026-10-01", 1) == ["2026-10-10"]
    assert first(Holidays(DayKind.WORKING), "2026-10-01", 4) == [
        *("2026-10-08", "2026-10-09", "2026-10-10", "2026-10-12"),
    ]
    assert first(Holidays(DayKind.OFF), "2026-10-07", 2) == ["2026-10-07", "2026-10-11"]


def test_in_a_year_that_is_not_announced_weekends_are_off_and_what_the_village_wrote() -> None:
    year = last_known_year() + 1
    friday = next(date(year, 3, n) for n in range(1, 8) if date(year, 3, n).weekday() == 4)
    written = Holidays(DayKind.OFF, frozenset({friday}), frozenset({friday + DAY}))
    assert first(written, friday.isoformat(), 2) == [
        friday.isoformat(),
        (friday + 2 * DAY).isoformat(),
    ]
    assert not Holidays(DayKind.OFF).holds(friday)


@pytest.mark.parametrize("year", range(2025, last_known_year() + 1))
def test_what_the_law_fixes_was_announced_in_each_year_since_it_holds(year: int) -> None:
    assert by_law(year) <= announced(year)[0]


def test_a_year_that_is_not_announced_has_the_festivals_that_the_law_fixes() -> None:
    year = 2033  # its leap month is the eleventh, the first in a century
    assert not announced(year)[0]
    festivals = first(Holidays(DayKind.FESTIVAL), f"{year}-01-01", 13)
    assert festivals == [
        *("2033-01-01", "2033-01-30", "2033-01-31", "2033-02-01", "2033-02-02", "2033-04-04"),
        *("2033-05-01", "2033-05-02", "2033-06-01", "2033-09-08"),
        *("2033-10-01", "2033-10-02", "2033-10-03"),
    ]
    assert not Holidays(DayKind.WORKING).holds(date(year, 6, 1))
    assert not Holidays(DayKind.FESTIVAL, workdays=frozenset({date(year, 6, 1)})).holds(date(year, 6, 1))
    assert first(Holidays(DayKind.MADE_UP), f"{year}-01-01", 1) == []


def test_rules_together_hold_where_each_one_does() -> None:
    both = AllOf((Weekdays(frozenset({0})), moon("初一"), Between(date(2026, 1, 1), date(2030, 1, 1))))
    for day in first(both, "2026-01-01", 20):
        found = date.fromisoformat(day)
        assert found.weekday() == 0 and moon("初一").holds(found)
    assert both.next_from(date(2030, 1, 2)) is None


def test_rules_that_never_meet_end() -> None:
    never = AllOf((dates("12-01"), InSeasons((read_season("05-01至09-30"),))))
    assert never.next_from(date(2026, 1, 1)) is None
    assert AllOf((Weekdays(frozenset()),)).next_from(date(2026, 1, 1)) is None


RULES = st.one_of(
    st.builds(Weekdays, st.frozensets(st.integers(0, 6), min_size=1)),
    st.sampled_from(["12-01", "02-29", "每月31日", "每月最后一天", "2027-03-01"]).map(dates),
    st.sampled_from(["初一", "月末", "除夕", "三十", "腊月二十三", "正月十五前3天"]).map(moon),
    st.sampled_from(["芒种", "冬至后20天", "小寒前七天"]).map(terms),
    st.builds(MarketDays, st.frozensets(st.integers(0, 9), min_size=1), st.booleans()),
    st.builds(Holidays, st.sampled_from(DayKind)),
    st.sampled_from(["05-01至09-30", "11-15至03-15", "02-29至02-29"]).map(
        lambda text: InSeasons((read_season(text),))
    ),
    st.builds(Between, st.just(date(2026, 3, 1)), st.dates(date(2026, 3, 1), date(2028, 1, 1))),
)


@given(st.lists(RULES, min_size=1, max_size=3), st.dates(date(2025, 1, 1), date(2028, 6, 1)))
def test_the_next_day_is_the_first_on_which_every_rule_holds(rules: list[Days], day: date) -> None:
    found = AllOf(tuple(rules)).next_from(day)
    tried = (day + n * DAY for n in range(400))
    expected = next((one for one in tried if all(rule.holds(one) for rule in rules)), None)
    if expected is None:
        assert found is None or found >= day + 400 * DAY
    else:
        assert found == expected


@pytest.mark.parametrize("rule", [dates("02-29"), moon("除夕"), terms("芒种"), Holidays(DayKind.OFF)])
def test_a_search_ends_with_the_calendars(rule: Days) -> None:
    assert AllOf((rule,)).next_from(date(2100, 12, 31)) in (None, date(2100, 12, 31))
    assert AllOf((rule,)).next_from(date(2101, 1, 1)) is None
