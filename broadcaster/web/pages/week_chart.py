"""Computes a week's chart as numbers for an SVG: airings, quiet hours, clashes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from broadcaster.core.labels import name_of
from broadcaster.core.model import AiringKind
from broadcaster.station.station import Counted, Planned, WeekDay
from broadcaster.web.base.language import _, own, together
from broadcaster.web.base.wording import say_seconds

# Seven columns beside the hours; as wide as a card on a phone of 360 pixels, so that 17 is 17 pixels.
AXIS, COLUMN, HEADING, HOUR = 26, 39, 46, 20
WIDTH, HEIGHT = AXIS + 7 * COLUMN, HEADING + 24 * HOUR + 4
LEAST_HEIGHT = 4
HOURS_NAMED = (0, 6, 12, 18, 24)
# A mark of a clash is as high as that; more than these lines of a day nobody reads.
MARK = 18
MOST_ROWS = 40


@dataclass(frozen=True)
class ChartBlock:
    """A part of a column, from its top; `kind` is its class in the style sheet."""

    kind: str
    top: int
    height: int


@dataclass(frozen=True)
class DayEntry:
    """One line of a day's list; a loop's occurrences are one. `note` says what is not as usual, `length`
    how long its sounds last.
    """

    when: str
    name: str
    note: str
    length: str = ""


@dataclass(frozen=True)
class Column:
    """One day: its picture and its list."""

    day: date
    left: int
    rests: tuple[ChartBlock, ...]
    boxes: tuple[ChartBlock, ...]
    clashes: tuple[int, ...]
    rows: tuple[DayEntry, ...]
    minutes: float
    more_rows: int = 0
    times: int = 0
    """The number that are due, if the day is too dense to say how long it sounds."""


def draw_week(days: Sequence[WeekDay]) -> list[Column]:
    """The columns of a week, Monday first."""
    return [_column(each, AXIS + number * COLUMN) for number, each in enumerate(days)]


def _column(each: WeekDay, left: int) -> Column:
    plan = each.plan
    rests = (_box("rest", rest.begins, (rest.ends - rest.begins).total_seconds()) for rest in each.rests)
    boxes = _joined(_parts(plan.planned)) + _joined(map(_span, plan.counted))
    rows = _rows(plan.planned) + [_counted_row(one) for one in plan.counted]
    return Column(
        plan.date,
        left,
        tuple(rests),
        tuple(boxes),
        tuple(_apart({_top(one.due_at) for one in plan.planned if _clashes(one)})),
        tuple(rows[:MOST_ROWS]),
        plan.minutes,
        max(0, len(rows) - MOST_ROWS),
        sum(one.times for one in plan.counted),
    )


def _apart(tops: Iterable[int]) -> list[int]:
    """Those of the marks that do not hide one another."""
    shown: list[int] = []
    for top in sorted(tops):
        if not shown or top >= shown[-1] + MARK:
            shown.append(top)
    return shown


def _box(kind: str, begins: datetime, seconds: float) -> ChartBlock:
    return ChartBlock(kind, _top(begins), max(round(seconds * HOUR / 3600), LEAST_HEIGHT))


def _top(moment: datetime) -> int:
    return HEADING + round((moment.hour + moment.minute / 60) * HOUR)


def _parts(planned: Iterable[Planned]) -> Iterator[ChartBlock]:
    return (_box(_kind(one), one.due_at, one.seconds) for one in planned)


def _span(one: Counted) -> ChartBlock:
    kind = f"severity-{one.severity.value}" if one.severity else one.kind.value
    # What lasts over midnight ends where the day does.
    ends = max(_top(one.last), _top(one.first)) if one.last.date() == one.first.date() else HEIGHT
    return ChartBlock(kind, _top(one.first), max(ends - _top(one.first), LEAST_HEIGHT))


def _joined(parts: Iterable[ChartBlock]) -> list[ChartBlock]:
    """Joins touching blocks of one kind: a loop's day has hundreds."""
    boxes: list[ChartBlock] = []
    last: dict[str, int] = {}
    for box in parts:
        place = last.get(box.kind)
        if place is not None and box.top <= boxes[place].top + boxes[place].height:
            end = max(box.top + box.height, boxes[place].top + boxes[place].height)
            boxes[place] = ChartBlock(box.kind, boxes[place].top, end - boxes[place].top)
        else:
            last[box.kind] = len(boxes)
            boxes.append(box)
    return boxes


def _kind(one: Planned) -> str:
    if not one.sounds:
        return "silent"
    severity = one.airing.notice.meant
    return f"severity-{severity.value}" if severity else one.airing.kind.value


def _clashes(one: Planned) -> bool:
    """Two loops that queue behind one another disturb nobody."""
    return bool(one.clashes) and one.airing.kind is not AiringKind.LOOP


def _rows(planned: Sequence[Planned]) -> list[DayEntry]:
    """A loop's window is one row; on a crowded day so is everything that one slot says."""
    crowded = sum(one.airing.kind is not AiringKind.LOOP for one in planned) > MOST_ROWS
    rows: dict[object, list[Planned]] = {}
    for number, one in enumerate(planned):
        together = crowded or one.airing.kind is AiringKind.LOOP
        key = (one.airing.asked_by, one.airing.window_from) if together else number
        rows.setdefault(key, []).append(one)
    return [_row(group) for group in rows.values()]


def _counted_row(one: Counted) -> DayEntry:
    if one.times == 1:
        return DayEntry(f"{one.first:%H:%M}", name_of(one.slot, ""), "")
    when = f"{one.first:%H:%M}–{one.last:%H:%M}"
    return DayEntry(when, name_of(one.slot, ""), _("%(times)s 遍", times=one.times))


def _row(group: list[Planned]) -> DayEntry:
    first, last = group[0], group[-1]
    name = name_of(first.airing.asked_by, "")
    if len(group) == 1:
        length = say_seconds(first.seconds) if first.airing.notice.pieces and first.sounds else ""
        return DayEntry(f"{first.due_at:%H:%M}", name, _note(first), length)
    heard = sum(one.sounds for one in group)
    silent = next((one.reason for one in group if not one.sounds), "")
    note = _("%(times)s 遍", times=heard)
    if silent:
        note += _("，另外 %(times)s 遍不播：%(why)s", times=len(group) - heard, why=own(silent))
    return DayEntry(f"{first.due_at:%H:%M}–{last.due_at:%H:%M}", name, note)


def _note(one: Planned) -> str:
    if one.fate.value == "deferred":
        return _("推迟到 %(time)s 播", time=f"{one.starts_at:%H:%M}")
    if not one.sounds:
        return _("不播：%(why)s", why=own(one.reason))
    if one.clashes:
        others = together(_("“%(name)s”", name=own(name_of(name, ""))) for name in one.clashes[:3])
        return _("和%(others)s撞在一起，%(time)s 开始", others=others, time=f"{one.starts_at:%H:%M:%S}")
    return ""
