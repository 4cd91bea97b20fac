"""A week as a picture: when it sounds, when the loudspeaker rests, what clashes. Numbers for an SVG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from broadcaster.labels import name_of
from broadcaster.model import Kind
from broadcaster.web.language import _, own, together

if TYPE_CHECKING:
    from broadcaster.station import Planned, WeekDay

# Seven columns beside the hours; as wide as a card on a phone of 360 pixels, so that 17 is 17 pixels.
AXIS, COLUMN, HEADING, HOUR = 26, 39, 46, 20
WIDTH, HEIGHT = AXIS + 7 * COLUMN, HEADING + 24 * HOUR + 4
LEAST_HEIGHT = 4
HOURS_NAMED = (0, 6, 12, 18, 24)


@dataclass(frozen=True)
class Box:
    """A part of a column, from its top; `kind` is its class in the style sheet."""

    kind: str
    top: int
    height: int


@dataclass(frozen=True)
class Row:
    """One line of a day's list; a loop's occurrences are one. `note` says what is not as usual."""

    when: str
    name: str
    note: str


@dataclass(frozen=True)
class Column:
    """One day: its picture and its list."""

    day: date
    left: int
    rests: tuple[Box, ...]
    boxes: tuple[Box, ...]
    clashes: tuple[int, ...]
    rows: tuple[Row, ...]
    minutes: float


def draw_week(days: Sequence[WeekDay]) -> list[Column]:
    """The columns of a week, Monday first."""
    return [
        Column(
            each.plan.date,
            AXIS + number * COLUMN,
            tuple(
                _box("rest", rest.begins, (rest.ends - rest.begins).total_seconds())
                for rest in each.rests
            ),
            tuple(_boxes(each.plan.planned)),
            tuple(sorted({_top(one.due_at) for one in each.plan.planned if _clashes(one)})),
            tuple(_rows(each.plan.planned)),
            each.plan.minutes,
        )
        for number, each in enumerate(days)
    ]


def _box(kind: str, begins: datetime, seconds: float) -> Box:
    return Box(kind, _top(begins), max(round(seconds * HOUR / 3600), LEAST_HEIGHT))


def _top(moment: datetime) -> int:
    return HEADING + round((moment.hour + moment.minute / 60) * HOUR)


def _boxes(planned: Iterable[Planned]) -> list[Box]:
    """What touches one of its kind grows together with it: a loop's day has hundreds."""
    boxes: list[Box] = []
    last: dict[str, int] = {}
    for one in planned:
        box = _box(_kind(one), one.due_at, one.seconds)
        place = last.get(box.kind)
        if place is not None and box.top <= boxes[place].top + boxes[place].height:
            end = max(box.top + box.height, boxes[place].top + boxes[place].height)
            boxes[place] = Box(box.kind, boxes[place].top, end - boxes[place].top)
        else:
            last[box.kind] = len(boxes)
            boxes.append(box)
    return boxes


def _kind(one: Planned) -> str:
    if not one.sounds:
        return "silent"
    severity = one.airing.notice.severity
    return f"severity-{severity.value}" if severity else one.airing.kind.value


def _clashes(one: Planned) -> bool:
    """Two loops that queue behind one another disturb nobody."""
    return bool(one.clashes) and one.airing.kind is not Kind.LOOP


def _rows(planned: Sequence[Planned]) -> list[Row]:
    rows: dict[object, list[Planned]] = {}
    for number, one in enumerate(planned):
        loop = one.airing.kind is Kind.LOOP
        rows.setdefault((one.airing.asked_by, one.airing.window_from) if loop else number, []).append(
            one
        )
    return [_row(group) for group in rows.values()]


def _row(group: list[Planned]) -> Row:
    first, last = group[0], group[-1]
    name = name_of(first.airing.asked_by, "")
    if len(group) == 1:
        return Row(f"{first.due_at:%H:%M}", name, _note(first))
    heard = sum(one.sounds for one in group)
    silent = next((one.reason for one in group if not one.sounds), "")
    note = _("%(times)s 遍", times=heard)
    if silent:
        note += _("，另外 %(times)s 遍不播：%(why)s", times=len(group) - heard, why=own(silent))
    return Row(f"{first.due_at:%H:%M}–{last.due_at:%H:%M}", name, note)


def _note(one: Planned) -> str:
    if one.fate.value == "deferred":
        return _("推迟到 %(time)s 播", time=f"{one.starts_at:%H:%M}")
    if not one.sounds:
        return _("不播：%(why)s", why=own(one.reason))
    if one.clashes:
        others = together(_("“%(name)s”", name=own(name_of(name, ""))) for name in one.clashes[:3])
        return _("和%(others)s撞在一起，%(time)s 开始", others=others, time=f"{one.starts_at:%H:%M:%S}")
    return ""
