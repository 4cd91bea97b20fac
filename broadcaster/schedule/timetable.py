"""config/timetable.yaml as slots, and what they will put on the air."""

import heapq
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import islice

from broadcaster.model import Airing, Notice, Style
from broadcaster.schedule.slots import FixedTimes, Loop, Slot, Window
from broadcaster.settings import SlotSettings, StationSettings, TimetableSettings

# With `late_minutes: 0` an airing still has to reach the player before it expires.
LEAST_LATENESS = timedelta(seconds=1)


class Timetable:
    """The slots that are enabled, in the file's order, and the airings they lead to."""

    def __init__(self, settings: TimetableSettings, station: StationSettings) -> None:
        self.slots = tuple(_make_slot(slot, station) for slot in settings.slots if slot.enabled)

    def notices(self) -> list[Notice]:
        """What the slots say, each once."""
        return [slot.notice for slot in self.slots]

    def plan(self, after: datetime, until: datetime | None = None) -> Iterator[Airing]:
        """Airings due after one moment and before another, sorted, the severer first; maybe endless."""
        return heapq.merge(*(_airings(slot, after, until) for slot in self.slots), key=_order)

    def upcoming(self, moment: datetime, count: int) -> list[Airing]:
        """The next airings after a moment."""
        return list(islice(self.plan(moment), count))


def _airings(slot: Slot, after: datetime, until: datetime | None) -> Iterator[Airing]:
    due = slot.next_after(after)
    while due and (until is None or due.timestamp() < until.timestamp()):
        yield slot.airing_at(due)
        due = slot.next_after(due)


def _order(airing: Airing) -> tuple[float, int]:
    return airing.due_at.timestamp(), airing.notice.severity.rank


def _make_slot(slot: SlotSettings, station: StationSettings) -> Slot:
    notice = _make_notice(slot)
    lateness = max(timedelta(minutes=slot.late_minutes), LEAST_LATENESS)
    common = (slot.name, notice, lateness, station.zone, slot.weekdays)
    if slot.at:
        return FixedTimes(*common, times=tuple(_time(at) for at in slot.at))
    interval = timedelta(minutes=slot.every_minutes)
    return Loop(*common, interval=interval, windows=tuple(_window(text) for text in slot.windows))


def _make_notice(slot: SlotSettings) -> Notice:
    return Notice(
        text=slot.text,
        title=slot.name,
        severity=slot.severity,
        voice=slot.voice,
        pace=slot.pace,
        repeats=slot.repeats,
        opening=slot.opening,
        closing=slot.closing,
        chime=slot.chime,
        style=Style(slot.style),
        beats_per_minute=slot.beats_per_minute,
    )


def _time(text: str) -> time:
    hour, minute = text.split(":")
    return time(int(hour) % 24, int(minute))


def _window(text: str) -> Window:
    begin, end = text.split("-")
    return _time(begin), _time(end)
