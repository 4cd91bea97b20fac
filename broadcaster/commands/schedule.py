"""The commands `broadcaster simulate` and `broadcaster next`: the future airings of the timetable."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from broadcaster.commands.box import moment_due, naming_later
from broadcaster.commands.check import missing_in
from broadcaster.commands.console import (
    EXIT_TO_MEND,
    not_counted_yet,
    print_json,
    settings_to_look_by,
    state_of_box,
)
from broadcaster.core.errors import BroadcasterError, StoreUnusable
from broadcaster.daemon.control_socket import Message

if TYPE_CHECKING:
    from broadcaster.core.clock import Clock
    from broadcaster.schedule.air_plan import Planned, Sounded
    from broadcaster.schedule.plan_summary import Outlook
    from broadcaster.schedule.timetable import Timetable
    from broadcaster.settings.schema import Settings
    from broadcaster.station.village_slots import SlotEntry

Arguments = argparse.Namespace
Parser = argparse.ArgumentParser

MOST_DAYS = 3660
MOST_HOURS = 24 * 366
# One that starts this late waited for another; less is the time that the air needs anyway.
WORTH_TELLING_SECONDS = 1.0

FATES = {
    "deferred": "推迟",
    "cut_short": "中途停下",
    "suppressed": "不播",
    "left_out": "省去",
    "expired": "过时不播",
}


def simulate_options(parser: Parser) -> None:
    parser.add_argument("--from", dest="start", metavar="日期", help="例如 2026-12-01，不写就从今天")
    parser.add_argument("--days", type=int, default=7, metavar="天数", help="推演几天，默认 7")
    _add_timetable(parser)
    parser.epilog = "退出码：0 时间表没有问题；1 有写错的，那几条不播，或者有声音放不了。"


def simulate(arguments: Arguments) -> int:
    from broadcaster.core.clock import Clock

    zone = settings_to_look_by(arguments.config).station.zone
    first = _date(arguments.start) if arguments.start else Clock(zone).now().date()
    if not 1 <= arguments.days <= MOST_DAYS or first.year > 2099:
        raise BroadcasterError(f"--days 要写 1 到 {MOST_DAYS}，--from 不能晚于 2099 年。")
    start = datetime.combine(first, time(), zone)
    end = datetime.combine(first + timedelta(days=arguments.days), time(), zone)
    outlook = _outlook(arguments, start, end)
    _print(outlook, arguments)
    return EXIT_TO_MEND if outlook.problems else 0


def coming_up_options(parser: Parser) -> None:
    parser.add_argument("--hours", type=float, default=24, metavar="小时", help="看几个小时，默认 24")
    _add_timetable(parser)


def coming_up(arguments: Arguments) -> int:
    from broadcaster.core.clock import Clock

    if not 0 < arguments.hours <= MOST_HOURS:
        raise BroadcasterError(f"--hours 要大于 0，最多 {MOST_HOURS}。")
    settings = settings_to_look_by(arguments.config)
    clock = Clock(settings.station.zone)
    start = clock.now()
    end = start + timedelta(hours=arguments.hours)
    sounded = None if arguments.timetable else _sounded(settings, clock, start)
    state = Message() if arguments.timetable else state_of_box(arguments.config)
    # What people want at a later time; only the running box knows.
    asked = [airing for airing in state.get("later", []) if moment_due(airing) < end]
    _print(_outlook(arguments, start, end, sounded), arguments, asked)
    for fault in not_counted_yet(state):
        print(fault, file=sys.stderr)
    return 0


def _add_timetable(parser: Parser) -> None:
    parser.add_argument("--timetable", type=Path, metavar="文件", help="换一个时间表文件")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BroadcasterError(f"没有这样的日期：{text}，--from 要写成 2026-12-01。") from error


def _outlook(
    arguments: Arguments, start: datetime, end: datetime, sounded: Sounded | None = None
) -> Outlook:
    from broadcaster.rules.length_estimate import estimated_lengths
    from broadcaster.schedule.plan_summary import look_ahead
    from broadcaster.studio.sound_lengths import SoundLengths
    from broadcaster.studio.sound_library import SoundLibrary

    settings = settings_to_look_by(arguments.config)
    lengths = estimated_lengths(settings, SoundLengths(SoundLibrary(settings.paths.state)))
    timetable, slots = _timetable(arguments, settings)
    outlook = look_ahead(timetable, settings, start, end, lengths, sounded)
    return replace(outlook, problems=(*outlook.problems, *missing_in(slots, settings)))


def _sounded(settings: Settings, clock: Clock, now: datetime) -> Sounded | None:
    """Out of the box's database; one that cannot be read is a problem of the timetable already."""
    from broadcaster.schedule.air_plan import Sounded
    from broadcaster.station.past_rules import rules_of_box

    try:
        return Sounded(rules_of_box(settings, clock), now)
    except StoreUnusable:
        return None


def _timetable(arguments: Arguments, settings: Settings) -> tuple[Timetable, list[SlotEntry]]:
    """A file to be tried stands alone; the village's own goes with what was made on the page."""
    from broadcaster.core.clock import Clock
    from broadcaster.schedule.timetable import Timetable
    from broadcaster.schedule.timetable_file import load_timetable, load_timetable_file
    from broadcaster.station.village_slots import Slotbook, SlotEntry

    path = arguments.timetable
    if path is None:
        written = load_timetable(arguments.config)
        book = Slotbook(written, settings, Clock(settings.station.zone))
        return book.timetable, book.entries()
    if not path.is_file():
        raise BroadcasterError(f"文件 {path} 打不开，请检查路径。")
    tried = load_timetable_file(path)
    return Timetable(tried, settings.station), [SlotEntry(slot.name, slot) for slot in tried.slots]


def _print(outlook: Outlook, arguments: Arguments, asked: Sequence[Message] = ()) -> None:
    from broadcaster.settings.values import WEEKDAYS

    if arguments.json:
        print_json({**outlook.as_json(), "asked": list(asked)})
        return
    for day in outlook.days:
        if day.planned:
            print(
                f"{day.date} {WEEKDAYS[day.date.weekday()]}  播 {day.airings} 条，"
                f"{day.minutes:.1f} 分钟（循环 {day.loop_minutes:.1f} 分钟）"
            )
        for planned in day.planned:
            print(f"  {_line(planned)}")
    print(outlook.summary)
    for airing in asked:
        print(f"另外定了：{naming_later(airing)}")
    for sentence in (*outlook.notes, *outlook.problems):
        print(sentence, file=sys.stderr)


def _line(planned: Planned) -> str:
    at = planned.due_at
    parts = [f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}   ", planned.airing.asked_by]
    if planned.sounds:
        parts.append(f"{planned.seconds:.0f} 秒")
    if planned.fate.value in FATES:
        parts.append(f"{FATES[planned.fate.value]}：{planned.reason}")
    if planned.late_seconds >= WORTH_TELLING_SECONDS:
        parts.append(f"晚 {planned.late_seconds:.0f} 秒")
    if planned.clashes:
        parts.append("撞上：" + "、".join(planned.clashes))
    return "  ".join(parts)
