"""Summarises a plan of some days for people and programs: the airings and minutes of each day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from broadcaster.core.model import AiringKind
from broadcaster.core.notice import Severity
from broadcaster.rules.length_estimate import Lengths, estimated_lengths
from broadcaster.schedule.air_plan import Fate, Planned, Sounded, plan
from broadcaster.schedule.timetable import Timetable
from broadcaster.settings.schema import Settings

DAY = timedelta(days=1)
# What a span is reckoned by, one by one: 0.06 ms each. A loop every 3 minutes all day is 2,400 a week.
MOST_PLANNED = 3_000


@dataclass(frozen=True)
class Counted:
    """A slot that is due too often on one day to be planned one by one: only its number of
    occurrences.
    """

    slot: str
    first: datetime
    last: datetime
    times: int
    kind: AiringKind
    severity: Severity


@dataclass(frozen=True)
class DayPlan:
    """The plan of one day, and the minutes of air that it takes.

    A day that is too dense is `counted`, and then nothing of it is `planned`.
    """

    date: date
    planned: tuple[Planned, ...]
    counted: tuple[Counted, ...] = ()

    @property
    def airings(self) -> int:
        return sum(one.sounds for one in self.planned)

    @property
    def minutes(self) -> float:
        return sum(one.seconds for one in self.planned) / 60

    @property
    def loop_minutes(self) -> float:
        return sum(one.seconds for one in self.planned if one.airing.kind is AiringKind.LOOP) / 60


@dataclass(frozen=True)
class Outlook:
    """Every day that a span touches; `notes` and `problems` are sentences in Chinese."""

    span: timedelta
    days: tuple[DayPlan, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def summary(self) -> str:
        fates = [one.fate for day in self.days for one in day.planned]
        minutes = [day.minutes for day in self.days]
        if not fates:
            return "这段时间没有要播的。"
        return (
            f"一共 {self._how_long} {len(fates)} 条：播 {sum(day.airings for day in self.days)} 条，"
            f"到点不播 {fates.count(Fate.SUPPRESSED)}，推迟 {fates.count(Fate.DEFERRED)}，"
            f"循环超限省去 {fates.count(Fate.LEFT_OUT)}，过时 {fates.count(Fate.EXPIRED)}，"
            f"被打断 {fates.count(Fate.CUT_SHORT)}；{self._how_much(minutes)}。"
        )

    @property
    def _how_long(self) -> str:
        hours = self.span / timedelta(hours=1)
        return f"{hours:.3g} 小时" if self.span % DAY else f"{self.span // DAY} 天"

    def _how_much(self, minutes: list[float]) -> str:
        """A day's mean only where there is more than one: 24 hours touch two dates."""
        if self.span <= DAY:
            return f"共 {sum(minutes):.1f} 分钟"
        mean = sum(minutes) / (self.span / DAY)
        return f"每天平均 {mean:.1f} 分钟，最多 {max(minutes):.1f} 分钟"

    def as_json(self) -> dict[str, Any]:
        return {
            "days": [_day_as_json(day) for day in self.days],
            "airings": [_planned_as_json(one) for day in self.days for one in day.planned],
            "notes": list(self.notes),
            "problems": list(self.problems),
        }


def look_ahead(
    timetable: Timetable,
    settings: Settings,
    start: datetime,
    end: datetime,
    lengths: Lengths | None = None,
    sounded: Sounded | None = None,
) -> Outlook:
    """Plan a span of aware moments in the station's zone; lengths are estimated where none are given."""
    planned = plan(timetable, settings, lengths or estimated_lengths(settings), start, end, sounded)
    by_day = {day: tuple(group) for day, group in groupby(planned, lambda one: one.due_at.date())}
    last = (end - timedelta(microseconds=1)).date()
    dates = (start.date() + timedelta(days=n) for n in range((last - start.date()).days + 1))
    days = tuple(DayPlan(day, by_day.get(day, ())) for day in dates)
    note = timetable.unknown_holidays(last)
    return Outlook(end - start, days, (note,) if note else (), timetable.problems)


def count(timetable: Timetable, first: date, days: int) -> tuple[DayPlan, ...]:
    """The number of occurrences of each slot on each day; the cost grows with the slots alone."""
    dates = [first + timedelta(days=n) for n in range(days)]
    return tuple(DayPlan(day, (), tuple(_counted(timetable, day))) for day in dates)


def is_too_dense(days: Iterable[DayPlan]) -> bool:
    """True if counted days have more occurrences than are planned one by one."""
    return sum(one.times for day in days for one in day.counted) > MOST_PLANNED


def _counted(timetable: Timetable, day: date) -> list[Counted]:
    counted = []
    for slot in timetable.slots:
        zone = slot.recurrence.zone
        found = slot.recurrence.tally(day)
        if found and not (slot.rests_until and found[0] < slot.rests_until):
            first, last = found[0].astimezone(zone), found[1].astimezone(zone)
            meant = slot.notice.meant
            counted.append(Counted(slot.name, first, last, found[2], slot.kind, meant))
    return sorted(counted, key=lambda one: one.first.timestamp())


def _day_as_json(day: DayPlan) -> dict[str, Any]:
    return {
        "date": day.date.isoformat(),
        "airings": day.airings,
        "minutes": round(day.minutes, 2),
        "loop_minutes": round(day.loop_minutes, 2),
    }


def _planned_as_json(one: Planned) -> dict[str, Any]:
    return {
        "slot": one.airing.asked_by,
        "text": one.airing.notice.text,
        "severity": int(one.airing.notice.severity),
        "kind": one.airing.kind.value,
        "due_at": one.due_at.isoformat(),
        "starts_at": one.starts_at.isoformat() if one.sounds else None,
        "seconds": one.seconds,
        "late_seconds": round(one.late_seconds, 1),
        "fate": one.fate.value,
        "reason": one.reason,
        "clashes": list(one.clashes),
        "volume": one.volume,
        "zones": list(one.airing.notice.zones),
    }
