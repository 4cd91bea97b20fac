"""The airings of a day are those of the plain definition: every rule asked for every day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from broadcaster.core.model import Airing
from broadcaster.schedule.slot import FixedTimes
from broadcaster.schedule.slot_settings import TimetableSettings
from broadcaster.schedule.time_rules import Every
from broadcaster.schedule.timetable import Timetable
from broadcaster.settings.schema import StationSettings

DAY = timedelta(days=1)
# Changes of the clock: China's summer time at its beginning and its end, the usual ones, one of half an
# hour, one that leaves out midnight, one before midnight, a day that was left out; the turns of years.
PLACES = [
    ("Asia/Shanghai", "1986-05-04"),
    ("Asia/Shanghai", "1988-04-17"),
    ("Asia/Shanghai", "1991-09-15"),
    ("Asia/Shanghai", "2026-02-17"),
    ("Asia/Shanghai", "2026-12-31"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Asia/Beirut", "2026-03-29"),
    ("America/Nuuk", "2026-03-28"),
    ("Pacific/Apia", "2011-12-30"),
]
TIMES: list[dict[str, Any]] = [
    {"at": ["07:30", "00:00"]},
    {"at": ["02:30", "23:30", "日落前30分钟"]},
    {"at": ["日出前700分钟", "日落", "日落后400分钟"]},
    {"every_minutes": 7, "windows": ["22:40-02:20"]},
    {"every_minutes": 45, "windows": ["00:10-03:30", "01:00-04:00", "20:00-24:00"]},
    {"every_minutes": 600, "windows": ["08:00-08:00"]},
    {"cron": "*/25 1-3 * * *"},
    {"cron": "0 9 1 * 5"},
]
DAYS: list[dict[str, Any]] = [
    {},
    {"weekdays": "周一至周五"},
    {"lunar": ["除夕", "初一", "三月廿五", "十五前2天"], "leap_month": True},
    {"market": "逢三逢八"},
    {"terms": ["立夏", "立夏前1天", "雨水后4天"]},
    {"holidays": "工作日"},
    {"holidays": "放假日"},
    {"seasons": "10-15至05-04"},
    {"dates": ["每月4日", "每月最后一天"]},
]
MORE: list[dict[str, Any]] = [
    {"text": "开会了"},
    {"texts": ["第一段", "第二段", "第三段"]},
    {"text": "下面请听", "audio": "戏.mp3", "minutes": 30},
    {"text": "有大风", "severity": 2, "late_minutes": 0},
]


@st.composite
def timetables(draw: st.DrawFn) -> tuple[Timetable, datetime]:
    """Some slots, some of them held up for a day, and a moment near a change of the clock."""
    zone, around = draw(st.sampled_from(PLACES))
    once = {"once": [f"{around} 00:30", f"{around} 02:15"]}
    drawn = st.tuples(st.sampled_from([*TIMES, once]), st.sampled_from(DAYS), st.sampled_from(MORE))
    slots = [
        {"name": f"第{n}条", **when, **days, **more}
        for n, (when, days, more) in enumerate(draw(st.lists(drawn, min_size=1, max_size=6)))
    ]
    station = StationSettings(timezone=zone, latitude=39.4, longitude=118.9)
    held_up = {"第0条": date.fromisoformat(around)} if draw(st.booleans()) else {}
    table = Timetable(TimetableSettings.model_validate({"slots": slots}), station, held_up)
    hours = timedelta(hours=draw(st.integers(-40, 40)), minutes=draw(st.sampled_from([0, 30])))
    moment = datetime.combine(date.fromisoformat(around), time(), UTC) + hours
    return table, moment.astimezone(station.zone)


def plain_plan(table: Timetable, after: datetime, until: datetime) -> list[Airing]:
    found = [
        (due, slot.notice.rank, number)
        for number, slot in enumerate(table.slots)
        for due in plain_dues(slot, after.date(), until.date())
        if after.astimezone(UTC) < due < until.astimezone(UTC)
        and not (slot.rests_until and due < slot.rests_until.astimezone(UTC))
    ]
    return [plain_airing(table.slots[number], due) for due, _, number in sorted(found)]


def plain_dues(slot: FixedTimes, first: date, last: date) -> set[datetime]:
    rule = slot.recurrence
    tried = (first + n * DAY for n in range(-3, (last - first).days + 4))
    return {due for day in tried if rule.days.holds(day) for due in rule.times.on(day, rule.zone)}


def plain_airing(slot: FixedTimes, due: datetime) -> Airing:
    here = due.astimezone(slot.recurrence.zone)
    notice = slot.notice
    if slot.playlist:
        notice = slot.playlist[slot.recurrence.ordinal(due) % len(slot.playlist)]
    stated = bool(notice.pieces)
    name = f"{slot.name}\n{notice.text}\n{due.isoformat()}".encode()
    return Airing(
        notice,
        here,
        here + (timedelta(minutes=30) if stated else slot.lateness),
        slot.kind,
        slot.name,
        id=blake2b(name, digest_size=6).hexdigest(),
        window_from=next(plain_windows(slot, due), None),
        firm=stated,
    )


def plain_windows(slot: FixedTimes, due: datetime) -> Iterator[datetime]:
    rule, today = slot.recurrence, due.astimezone(slot.recurrence.zone).date()
    windows = rule.times.windows if isinstance(rule.times, Every) else ()
    for day in (today, today - DAY):
        for begin, end in windows if rule.days.holds(day) else ():
            ends_on = day if begin < end else day + DAY
            first = datetime.combine(day, begin, rule.zone).astimezone(UTC)
            if first <= due < datetime.combine(ends_on, end, rule.zone).astimezone(UTC):
                yield first


def told(airings: list[Airing]) -> list[tuple[Airing, timedelta | None]]:
    """With their offsets, since two moments of one zone are the same by what the clock shows."""
    return [(airing, airing.due_at.utcoffset()) for airing in airings]


@given(timetables(), st.integers(1, 60), st.integers(0, 30))
def test_the_plan_is_that_of_asking_every_rule_for_every_day(
    drawn: tuple[Timetable, datetime], hours: int, later: int
) -> None:
    table, moment = drawn
    for after in (moment, (moment.astimezone(UTC) + timedelta(hours=later)).astimezone(moment.tzinfo)):
        until = (after.astimezone(UTC) + timedelta(hours=hours)).astimezone(moment.tzinfo)
        assert told(list(table.plan(after, until))) == told(plain_plan(table, after, until))
