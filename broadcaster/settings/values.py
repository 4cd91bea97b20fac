"""The types of single settings, such as times, windows, seasons and weekdays. A wrong value gets a
sentence that tells what to write.
"""

import re
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from broadcaster.core.labels import SIGNALS
from broadcaster.core.notice import (
    FASTEST,
    FASTEST_TEMPO,
    MOST_REPEATS,
    SLOWEST,
    SLOWEST_TEMPO,
    Signal,
    Style,
)

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")

EVERY_DAY = frozenset(range(7))

CLOCK_TIME = re.compile(r"([01]?\d|2[0-3]):[0-5]\d")
MONTH_DAY = re.compile(r"(\d\d?)-(\d\d?)")
LEAP_YEAR = 2000


class Section(BaseModel):
    """A part of a file: frozen, and no key that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


@dataclass(frozen=True)
class Season:
    """A part of the year, both days in it; it may go over New Year."""

    first: tuple[int, int]
    last: tuple[int, int]

    def holds(self, day: date) -> bool:
        today = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= today <= self.last
        return today >= self.first or today <= self.last


@lru_cache(maxsize=1024)
def read_season(text: str) -> Season:
    """05-01至09-30"""
    first, last = (tuple(map(int, end.split("-"))) for end in text.split("至"))
    return Season((first[0], first[1]), (last[0], last[1]))


@lru_cache(maxsize=1024)
def read_time(text: str) -> time:
    """7:30; 24:00 is midnight."""
    hour, minute = text.split(":")
    return time(int(hour) % 24, int(minute))


@lru_cache(maxsize=1024)
def read_window(text: str) -> tuple[time, time]:
    """21:30-06:30"""
    begin, end = text.split("-")
    return read_time(begin), read_time(end)


def as_written(value: object) -> Any:
    """A section, or one value of it, as plain values that can be written in the file."""
    match value:
        case BaseModel():
            return {name: as_written(getattr(value, name)) for name in type(value).model_fields}
        case dict():
            return {name: as_written(inner) for name, inner in value.items()}
        case Signal():
            return next(name for name, signal in SIGNALS.items() if signal is value)
        case frozenset():
            return "周一至周日" if value == EVERY_DAY else [WEEKDAYS[day] for day in sorted(value)]
        case tuple():
            return [as_written(inner) for inner in value]
        case Path():
            return str(value)
    return value


def is_month_day(text: str) -> bool:
    """True if a month and day, such as 02-29, exists in some year."""
    found = MONTH_DAY.fullmatch(text)
    return bool(found) and is_date(f"{LEAP_YEAR}-{int(found[1]):02}-{int(found[2]):02}")  # type: ignore[index]


def is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return re.fullmatch(r"\d{4}-\d\d-\d\d", text) is not None


def one_or_many(value: object) -> object:
    """A single entry is a list of one; YAML 1.1 reads an unquoted 7:30 as 450, minutes of the day."""
    entries = value if isinstance(value, list | tuple) else [value]
    return [f"{n // 60}:{n % 60:02}" if type(n) is int and n >= 0 else n for n in entries]


def just_one_or_many(value: object) -> object:
    """A single entry is a list of one."""
    return value if isinstance(value, list | tuple) else [value]


def _signal_by_name(value: object) -> object:
    """钟声 → Signal.CHIME; yes and no, as it was written before there was a choice, still hold."""
    if isinstance(value, bool):
        return Signal.CHIME if value else Signal.NONE
    if value is None or isinstance(value, Signal):
        return value
    if not isinstance(value, str) or value not in SIGNALS:
        raise ValueError(f"没有这种信号：{value}，可以写：{'、'.join(SIGNALS)}")
    return SIGNALS[value]


def _weekday_numbers(value: object) -> object:
    """周一至周五 → 0…4; what was numbers already stays."""
    if not isinstance(value, str | list):
        return value
    numbers: list[object] = []
    for part in [value] if isinstance(value, str) else value:
        first, _, last = str(part).partition("至")
        if first in WEEKDAYS and (last or first) in WEEKDAYS:
            start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
            numbers += range(start, end + 1) if start <= end else [*range(start, 7), *range(end + 1)]
        else:
            raise ValueError(f"没有这样的星期：{part}，请写 周一 … 周日，或 周一至周五")
    return numbers


def _window(text: str) -> str:
    begin, _, end = text.partition("-")
    if not (CLOCK_TIME.fullmatch(begin) and (CLOCK_TIME.fullmatch(end) or end == "24:00")):
        raise ValueError(f'时段写法不对：{text}，要写成 "08:00-11:30"')
    return text


def _season(text: str) -> str:
    first, _, last = text.partition("至")
    if not (is_month_day(first) and is_month_day(last)):
        raise ValueError(f'季节写法不对：{text}，要写成 "05-01至09-30"')
    return text


def _known_style(style: str) -> str:
    if style not in [known.value for known in Style]:
        raise ValueError(f"没有这种念法：{style}，可以写 verse（顺口溜）或 kuaiban（快板），或者不写")
    return style


def _voice(text: str) -> str:
    if not re.fullmatch(r"[a-z]+:\S+", text):
        raise ValueError(
            f"写法不对：{text}，要写成 baker:female 这样，broadcaster voices list 列出有哪些"
        )
    return text


Pace = Annotated[float, Field(ge=SLOWEST, le=FASTEST)]
StyleName = Annotated[str, AfterValidator(_known_style)]
SignalName = Annotated[Signal, BeforeValidator(_signal_by_name)]
Tempo = Annotated[int, Field(ge=SLOWEST_TEMPO, le=FASTEST_TEMPO)]
Repeats = Annotated[int, Field(ge=1, le=MOST_REPEATS)]
VoiceName = Annotated[str, AfterValidator(_voice)]
Volume = Annotated[int, Field(ge=0, le=100)]
Weekdays = Annotated[frozenset[Annotated[int, Field(ge=0, le=6)]], BeforeValidator(_weekday_numbers)]
WindowText = Annotated[str, AfterValidator(_window)]
Windows = Annotated[tuple[WindowText, ...], BeforeValidator(one_or_many)]
Seasons = Annotated[
    tuple[Annotated[str, AfterValidator(_season)], ...], BeforeValidator(just_one_or_many)
]
