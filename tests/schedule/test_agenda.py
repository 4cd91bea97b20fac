"""The order of due times of many slots is that of asking every slot."""

from datetime import datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from broadcaster.core.notice import Notice, Severity
from broadcaster.schedule.day_rules import Weekdays
from broadcaster.schedule.due_order import Agenda
from broadcaster.schedule.recurrence import Recurrence
from broadcaster.schedule.slot import FixedTimes
from broadcaster.schedule.time_rules import At

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 20, tzinfo=SHANGHAI)


def slot(number: int, hour: int, weekdays: frozenset[int], severity: Severity) -> FixedTimes:
    recurrence = Recurrence(Weekdays(weekdays), At((time(hour),)), SHANGHAI)
    notice = Notice("开会了", severity=severity)
    return FixedTimes(f"第{number}条", notice, timedelta(minutes=10), recurrence)


SLOTS = st.lists(
    st.tuples(
        st.integers(0, 3), st.frozensets(st.integers(0, 6), max_size=2), st.sampled_from(Severity)
    ),
    max_size=6,
).map(lambda parts: [slot(n, *part) for n, part in enumerate(parts)])


@given(SLOTS, st.lists(st.integers(0, 20 * 24), min_size=1, max_size=4))
def test_it_says_what_asking_every_slot_says_wherever_it_is_turned(
    slots: list[FixedTimes], hours: list[int]
) -> None:
    agenda = Agenda(slots)
    for hour in hours:
        moment = START + timedelta(hours=hour)
        expected = sorted(
            (due.timestamp(), one.notice.severity.rank, number, due)
            for number, one in enumerate(slots)
            for due in islice(one.after(moment), 8)
        )[:8]
        found = list(islice(agenda.after(moment), 8))
        assert [(one.name, due) for one, due in found] == [
            (slots[number].name, due) for _, _, number, due in expected
        ]
