"""Times of the timetable: a year of a village, 10,000 slots, and the clockwork's start.

    scripts/bench schedule

Processor seconds of one core, so that a busy machine does not count against it; memory in MB.
"""

import argparse
import itertools
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rig.fakes import Memory

from broadcaster.core.clock import Clock
from broadcaster.core.clock_trust import ClockTrust
from broadcaster.core.model import Airing
from broadcaster.schedule.plan_summary import look_ahead
from broadcaster.schedule.scheduler import Clockwork
from broadcaster.schedule.slot import Slot
from broadcaster.schedule.slot_settings import TimetableSettings
from broadcaster.schedule.timetable import Timetable
from broadcaster.settings.schema import Settings

SETTINGS = Settings.model_validate({"station": {"latitude": 39.4, "longitude": 118.9}})
ZONE: ZoneInfo = SETTINGS.station.zone
START = datetime(2027, 1, 1, tzinfo=ZONE)
VILLAGE: list[dict[str, Any]] = [
    {"at": ["07:30", "18:00"]},
    {"every_minutes": 10, "windows": ["08:00-11:30", "14:30-18:00"]},
    {"every_minutes": 30, "windows": ["08:00-11:30"], "seasons": "10-15至05-31"},
    {"at": "12:00", "weekdays": "周一至周五"},
    {"at": "06:30", "market": "逢三逢八"},
    {"at": "06:30", "terms": ["芒种", "芒种前3天", "秋分"]},
    {"at": "18:00", "lunar": ["除夕", "正月十五", "八月十五"]},
    {"at": "08:00", "holidays": "工作日"},
    {"at": "日落前30分钟"},
    {"cron": "0 9 1 * *"},
]


def made(slots: list[dict[str, Any]]) -> Timetable:
    named = [
        {"name": f"第{n}条", "text": "防火防盗，人人有责。", **slot} for n, slot in enumerate(slots)
    ]
    return Timetable(TimetableSettings.model_validate({"slots": named}), SETTINGS.station)


def measured(what: str, work: Callable[[], Any]) -> Any:
    before, wall = time.process_time(), time.perf_counter()
    result = work()
    print(
        f"{what:<52} {time.process_time() - before:8.4f} s  (wall {time.perf_counter() - wall:.4f})",
        flush=True,
    )
    return result


def resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def clockwork_of(slots: Sequence[Slot], put: Callable[[Airing], None]) -> Clockwork:
    clock = Clock(ZONE)
    return Clockwork(slots, put, clock, ClockTrust(clock, timedelta(), Memory()))


def put_together(count: int) -> float:
    """Seconds from the due moment of many slots at once until the last airing was put."""
    # The next full minute is at least a few seconds off, so that all are planned before it.
    soon = datetime.now(ZONE) + timedelta(seconds=10)
    due = soon.replace(second=0, microsecond=0) + timedelta(minutes=1)
    slots = made([{"once": f"{due:%Y-%m-%d %H:%M}"}] * count).slots
    done, counter = threading.Event(), itertools.count(1)
    clockwork = clockwork_of(slots, lambda _: done.set() if next(counter) == count else None)
    clockwork.start()
    done.wait(120)
    late = (datetime.now(ZONE) - due).total_seconds()
    clockwork.stop()
    return late


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slots", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--at-once", type=int, nargs="*", default=[1, 100, 1000])
    arguments = parser.parse_args()
    count = f"{arguments.slots:,} slots"
    village = made(VILLAGE)
    year = START + timedelta(days=arguments.days)
    outlook = measured(
        f"{arguments.days} days of a village",
        lambda: look_ahead(village, SETTINGS, START, year),
    )
    print(f"  {sum(len(day.planned) for day in outlook.days)} airings")
    before = resident()
    many = measured(
        f"{count} made", lambda: made(list(itertools.islice(itertools.cycle(VILLAGE), arguments.slots)))
    )
    print(f"  {resident() - before:.0f} MB")
    measured(f"{count}: next due, asked the first time", lambda: many.upcoming(START, 1))
    measured(f"{count}: next due", lambda: many.upcoming(START, 1))
    later = START + timedelta(hours=7, minutes=31)
    measured(f"{count}: next due, half a morning later", lambda: many.upcoming(later, 1))
    day = later + timedelta(days=1)
    fixed = [slot for slot in VILLAGE if "every_minutes" not in slot]
    few = made(list(itertools.islice(itertools.cycle(fixed), arguments.slots)))
    few.upcoming(START, 1)
    airings = measured(
        f"{count} of fixed times: a day", lambda: list(few.plan(START, START + timedelta(days=1)))
    )
    print(f"  {len(airings)} airings")
    airings = measured(f"{count}, a fifth of them loops: a day", lambda: list(many.plan(later, day)))
    print(f"  {len(airings)} airings")
    before = resident()
    clockwork = measured(f"clockwork of {count} built", lambda: clockwork_of(many.slots, lambda _: None))
    measured("  started", clockwork.start)
    clockwork.stop()
    print(f"  {resident() - before:.0f} MB")
    for due in arguments.at_once:
        print(f"{due:>5} slots due at once: the last put {put_together(due) * 1000:.0f} ms after")


if __name__ == "__main__":
    main()
