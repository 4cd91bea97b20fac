"""The timetable: its slots, and the airings that they put on the air."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from hashlib import blake2b
from itertools import chain, islice, takewhile
from types import MappingProxyType

from broadcaster.core.errors import ConfigError
from broadcaster.core.model import Airing
from broadcaster.core.notice import Notice
from broadcaster.schedule import holidays
from broadcaster.schedule.due_order import Agenda
from broadcaster.schedule.recurrence_settings import recurrence_of
from broadcaster.schedule.slot import FixedTimes, LoopSlot
from broadcaster.schedule.slot_settings import SlotSettings, TimetableSettings
from broadcaster.settings.schema import StationSettings

# With `late_minutes: 0` an airing still has to reach the player before it expires.
LEAST_LATENESS = timedelta(seconds=1)
# A slot that is held up until then is silent until somebody lets it go on.
FOR_GOOD = date.max
NONE_HELD_UP: Mapping[str, date] = MappingProxyType({})


class Timetable:
    """The slots that are enabled, in the file's order, and the airings they lead to.

    `paused` holds slots up, by their names, until a day begins. `problems` are what is wrong with
    the slots that are left out, a sentence each.
    """

    def __init__(
        self,
        settings: TimetableSettings,
        station: StationSettings,
        paused: Mapping[str, date] = NONE_HELD_UP,
    ) -> None:
        slots, problems = [], list(settings.problems)
        for slot in settings.slots:
            until = paused.get(slot.name)
            try:
                made = _make_slot(slot, settings, station, until)
            except ConfigError as error:
                problems += error.problems
            else:
                slots += [made] if slot.enabled and until != FOR_GOOD else []
        self.slots: tuple[FixedTimes, ...] = tuple(slots)
        self.problems: tuple[str, ...] = tuple(problems)
        self._agenda = Agenda(self.slots)
        self._by_holidays = any(slot.holidays for slot in settings.slots if slot.enabled)

    def notices(self) -> list[Notice]:
        """The notices of all slots, each once."""
        return [notice for slot in self.slots for notice in (slot.playlist or (slot.notice,))]

    def plan(self, after: datetime, until: datetime | None = None) -> Iterator[Airing]:
        """Airings due after one moment and before another, sorted, the severer first; maybe endless."""
        return (slot.airing_at(due) for slot, due in self._agenda.after(after, until))

    def upcoming(self, moment: datetime, count: int) -> list[Airing]:
        """The next airings after a moment."""
        return list(islice(self.plan(moment), count))

    def next_of_each(self, moment: datetime) -> list[Airing]:
        """The first airing of each slot after a moment: as many as there are slots, however dense."""
        return [slot.airing_at(due) for slot, due in self._agenda.next_of_each(moment)]

    def notices_within(self, after: datetime, until: datetime) -> list[Notice]:
        """The notices that fall due between two moments, each once, the soonest first."""
        said: list[tuple[datetime, Notice]] = []
        for slot, first in self._agenda.next_of_each(after):
            dues = takewhile(lambda due: due < until, _dues(slot, first))
            # A playlist has come round once when it has been due as often as it is long.
            said += [(due, slot.airing_at(due).notice) for due in islice(dues, len(slot.playlist) or 1)]
        said.sort(key=lambda one: one[0])
        return list(dict.fromkeys(notice for _, notice in said))

    def fault(self, today: date) -> str:
        """A sentence in Chinese on what of the timetable does not run as it was meant, or ""."""
        if not self.problems:
            return self.unknown_holidays(today)
        more = f"；一共有 {len(self.problems)} 处" if len(self.problems) > 1 else ""
        return (
            f"时间表有写错的地方，其余的照常播。{self.problems[0]}{more}。"
            "运行 broadcaster check 看全部。"
        )

    def unknown_holidays(self, last: date) -> str:
        """A sentence if a slot goes by public holidays, and those of a day's year are not known yet."""
        known = holidays.last_known_year() if self._by_holidays else last.year
        if last.year <= known:
            return ""
        return (
            f"程序只知道 {known} 年为止的放假和调休安排；{known + 1} 年起按法定节日推算，调休要等通知："
            "通知出来以后请更新 chinesecalendar，或者写在时间表的 holidays 里。"
        )


def _dues(slot: FixedTimes, first: datetime) -> Iterator[datetime]:
    return chain((first,), slot.after(first))


def _make_slot(
    slot: SlotSettings, timetable: TimetableSettings, station: StationSettings, until: date | None
) -> FixedTimes:
    texts = slot.texts or (slot.text or "",)
    notices = tuple(_make_notice(slot, text) for text in texts)
    kind = LoopSlot if slot.every_minutes else FixedTimes
    return kind(
        slot.name,
        notices[0],
        max(timedelta(minutes=slot.late_minutes), LEAST_LATENESS),
        recurrence_of(slot, timetable.holidays, station),
        playlist=notices if slot.texts else (),
        rests_until=datetime.combine(until, time(), station.zone) if until else None,
    )


def _make_notice(slot: SlotSettings, text: str) -> Notice:
    # The same whenever the timetable is read, so that two slots can be told to be the same.
    id = blake2b(f"{slot.name}\n{text}".encode(), digest_size=6).hexdigest()
    return replace(slot.notice, text=text, id=id, title=slot.name)
