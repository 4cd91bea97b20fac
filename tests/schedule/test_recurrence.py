"""A recurrence goes up, leaves no due time out, and numbers its occurrences without a gap."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from broadcaster.core.notice import Notice
from broadcaster.schedule.day_expressions import SunTime
from broadcaster.schedule.day_rules import Between, Days, MarketDays, Weekdays
from broadcaster.schedule.recurrence import Recurrence
from broadcaster.schedule.slot import LoopSlot
from broadcaster.schedule.time_rules import At, BySun, Cron, Every, Times

ZONES = st.sampled_from([ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")])
CLOCK = st.times().map(lambda at: at.replace(second=0, microsecond=0))
DAYS = st.one_of(
    st.builds(Weekdays, st.frozensets(st.integers(0, 6), min_size=1)),
    st.just(MarketDays(frozenset({3, 8}))),
    st.just(Between(date(2026, 3, 1), date(2026, 11, 10))),
)
TIMES = st.one_of(
    st.builds(At, st.lists(CLOCK, min_size=1, max_size=3).map(tuple)),
    st.builds(
        Every,
        st.integers(7, 400).map(lambda minutes: timedelta(minutes=minutes)),
        st.lists(st.tuples(CLOCK, CLOCK), min_size=1, max_size=2).map(tuple),
    ),
    st.sampled_from(["*/20 8-9 * * *", "30 2 * * *", "0 0 * * 1"]).map(Cron),
)
# Around both changes of the clock in New York.
MOMENTS = st.one_of(
    st.datetimes(datetime(2026, 3, 5), datetime(2026, 3, 11)),  # noqa: DTZ001
    st.datetimes(datetime(2026, 10, 29), datetime(2026, 11, 4)),  # noqa: DTZ001
)


def brute_force(recurrence: Recurrence, moment: datetime, days: int) -> list[datetime]:
    """Every due time of the days around a moment, tried one by one."""
    first = moment.astimezone(recurrence.zone).date() - timedelta(days=2)
    tried = (first + timedelta(days=n) for n in range(days + 3))
    dues = {
        due
        for day in tried
        if recurrence.days.holds(day)
        for due in recurrence.times.on(day, recurrence.zone)
    }
    return sorted(due for due in dues if due.timestamp() > moment.timestamp())


@given(DAYS, TIMES, ZONES, MOMENTS)
def test_due_times_go_up_come_after_the_moment_and_leave_none_out(
    days: Days, times: Times, zone: ZoneInfo, wall: datetime
) -> None:
    recurrence, moment = Recurrence(days, times, zone), wall.replace(tzinfo=zone)
    expected = brute_force(recurrence, moment, 10)
    # The last day of those tried may be short of what its neighbour's window brings.
    expected = expected[: len(expected) * 3 // 4]
    found = list(islice(recurrence.after(moment), len(expected)))
    assert found == expected
    assert all(due.timestamp() > moment.timestamp() for due in found)
    assert all(before < after for before, after in pairwise(found))


@given(DAYS, TIMES, ZONES, MOMENTS)
def test_each_occurrence_has_the_number_after_the_one_before(
    days: Days, times: Times, zone: ZoneInfo, wall: datetime
) -> None:
    recurrence = Recurrence(days, times, zone)
    dues = list(islice(recurrence.after(wall.replace(tzinfo=zone)), 12))
    if not _overlaps(recurrence):
        numbers = [recurrence.ordinal(due) for due in dues]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else not dues


def test_what_comes_before_midnight_of_its_day_comes_in_its_place() -> None:
    # 700 minutes before sunrise it is 17:06 in June, before that day's sunset, and 19:50 in December.
    sun = BySun((SunTime(True, timedelta(minutes=-700)), SunTime(False, timedelta())), 39.9, 116.4)
    recurrence = Recurrence(Weekdays(frozenset(range(7))), sun, ZoneInfo("Asia/Shanghai"))
    noon = datetime(2026, 6, 21, 12, tzinfo=recurrence.zone)
    for moment in (noon, noon + timedelta(days=180)):
        expected = brute_force(recurrence, moment, 3)[:4]
        assert list(islice(recurrence.after(moment), 4)) == expected
        until = (moment + timedelta(days=1)).astimezone(UTC)
        assert [due for due in recurrence.after(moment, until) if due < until] == expected[:2]


def _overlaps(recurrence: Recurrence) -> bool:
    """Windows over midnight mix one day's occurrences with the next day's."""
    times = recurrence.times
    return isinstance(times, Every) and any(begin >= end for begin, end in times.windows)


def test_a_playlist_goes_on_where_it_was_after_a_restart() -> None:
    texts = tuple(Notice(text) for text in ("第一段", "第二段", "第三段"))

    def slot() -> LoopSlot:
        every = Every(timedelta(minutes=30), ((time(8), time(10)),))
        days = Weekdays(frozenset({0, 2, 4}))
        recurrence = Recurrence(days, every, ZoneInfo("Asia/Shanghai"))
        return LoopSlot("轮流", texts[0], timedelta(minutes=5), recurrence, playlist=texts)

    start = datetime(2026, 11, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
    said = [slot().airing_at(due).notice.text for due in islice(slot().after(start), 9)]
    second = texts.index(next(one for one in texts if one.text == said[0]))
    assert said == [texts[(second + n) % 3].text for n in range(9)]
