"""The village's slots in the running box: those of the file, and those made on the page. Any thread."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from broadcaster.core.clock import Clock
from broadcaster.core.errors import (
    BroadcasterError,
    SlotRefused,
    StoreUnusable,
    TextRefused,
    VoiceUnavailable,
    ZoneUnknown,
)
from broadcaster.core.model import Airing
from broadcaster.core.notice import Notice
from broadcaster.rules import quiet_hours
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.length_estimate import estimated_lengths
from broadcaster.rules.quiet_hours import QuietPeriod
from broadcaster.schedule.air_plan import Planned as Planned
from broadcaster.schedule.air_plan import Sounded
from broadcaster.schedule.plan_summary import Counted as Counted
from broadcaster.schedule.plan_summary import DayPlan, count, is_too_dense, look_ahead
from broadcaster.schedule.slot_settings import SlotSettings, TimetableSettings
from broadcaster.schedule.timetable import FOR_GOOD as FOR_GOOD
from broadcaster.schedule.timetable import Timetable
from broadcaster.schedule.timetable_file import read_slot
from broadcaster.settings.schema import Settings
from broadcaster.store.offline_journal import past_slots
from broadcaster.store.page_slots import StoredSlot, StoredSlots

logger = logging.getLogger(__name__)

SHOWN_BEFORE_SAVING = 5
DAYS_OF_A_WEEK = 7
# A village has some ten; each is asked when anything is planned.
MOST_MADE = 500


@dataclass(frozen=True)
class SlotEntry:
    """One slot as people see it; `slot` is None where what is kept cannot be read any more.

    What stands in the file has nothing `written` here: it is changed in the file.
    """

    name: str
    slot: SlotSettings | None
    written: Mapping[str, Any] | None = None
    paused_until: date | None = None
    made_by: str = ""
    removed_at: datetime | None = None


@dataclass(frozen=True)
class Occurrence:
    """A future occurrence of a slot, and in Chinese the reason for which it will not sound then,
    or "". As far as it is planned, its length, the slots that go before it and those that it holds up.
    """

    due_at: datetime
    why_not: str
    seconds: float = 0.0
    gives_way_to: tuple[str, ...] = ()
    holds_up: tuple[str, ...] = ()


@dataclass(frozen=True)
class WeekDay:
    """The plan of one day, and its quiet hours."""

    plan: DayPlan
    rests: tuple[QuietPeriod, ...]


@dataclass(frozen=True)
class _Week:
    of: Timetable
    so_far: object
    monday: date
    days: tuple[DayPlan, ...]


class Slotbook:
    """The slots of the file together with those made on the page. Any thread.

    `on_change` is called with the new timetable, on the thread of whoever changed it. Where the database
    is opened soon, and mended if it must be, nothing is read of it before. The `rules` of a running box
    know what has sounded; without them nothing has.
    """

    def __init__(
        self,
        file: TimetableSettings,
        settings: Settings,
        clock: Clock,
        rules: AirRules | None = None,
        most_made: int = MOST_MADE,
        opens_soon: bool = False,
    ) -> None:
        self._reads_past = not opens_soon
        self._file = file
        self._most_made = most_made
        self._settings = settings
        self._clock = clock
        self._rules = rules or AirRules(settings, estimated_lengths(settings))
        self._stored: StoredSlots | None = None
        self._check: Callable[[Notice], object] = lambda notice: None
        self._lock = threading.RLock()
        self._rows: dict[str, StoredSlot] = {}
        self._made: dict[str, SlotEntry] = {}
        self._week: _Week | None = None
        self._fault = ""
        self.on_change: list[Callable[[Timetable], None]] = []
        self._read()
        self.timetable = self._timetable()

    def keep_in(self, stored: StoredSlots, check: Callable[[Notice], object]) -> None:
        """Take and keep changes from now on; `check` raises for a notice that cannot be said."""
        self._stored, self._check = stored, check
        self._read_again()

    def take(self, file: TimetableSettings) -> tuple[str, ...]:
        """Go by another file from now on, or by none of it where it has problems: these are returned."""
        problems = Timetable(file, self._settings.station).problems
        if not problems:
            with self._lock:
                self._file = file
                self._read_again()
        return problems

    def entries(self) -> list[SlotEntry]:
        """Those of the file in its order, then those made on the page."""
        if self._fault:
            self._read_again()
        with self._lock:
            made = [entry for entry in self._made.values() if entry.removed_at is None]
            return [*map(self._of_file, self._file.slots), *made]

    def written_at(self) -> dict[str, datetime]:
        """The times at which the page's slots were made or last changed."""
        with self._lock:
            return {row.name: row.changed_at for row in self._rows.values()}

    def removed(self) -> list[SlotEntry]:
        """The removed slots that can still be restored, the last first."""
        with self._lock:
            gone = [entry for entry in self._made.values() if entry.removed_at]
        return sorted(gone, key=lambda entry: entry.removed_at or self._clock.now(), reverse=True)

    def find(self, name: str) -> SlotEntry | None:
        return next((entry for entry in self.entries() if entry.name == name), None)

    def notices(self, name: str) -> tuple[Notice, ...]:
        """The notices of a slot, in turn, also while it is paused."""
        entry = self.find(name)
        slots = (entry.slot,) if entry and entry.slot else ()
        return tuple(self._alone(*slots).notices())

    def preview(self, written: Mapping[str, Any], replaces: str = "") -> list[Occurrence]:
        """The next occurrences of a slot, if it was saved. Raises `SlotRefused`; nothing is changed."""
        slot = read_slot(written)
        taken = {entry.name for entry in self.entries()} - {replaces}
        if slot.name in taken:
            raise SlotRefused([("name", f"已经有叫“{slot.name}”的了，请换一个名字")])
        alone = self._alone(slot)
        if alone.problems:
            raise SlotRefused([("at", alone.problems[0])])
        self._check_notices(alone)
        coming = list(islice(alone.plan(self._clock.now()), SHOWN_BEFORE_SAVING))
        if not coming:
            raise SlotRefused(
                [("", "这样写一次也不会播：时间已经过去，或者这些日子合不到一起，请改一改")]
            )
        planned = self._planned(slot, replaces, coming)
        return [self._occurrence(airing, planned) for airing in coming]

    def save(self, written: Mapping[str, Any], made_by: str = "", replaces: str = "") -> SlotEntry:
        """Keep a slot, in the place of another; it runs at once. Raises `SlotRefused`,
        `StoreUnusable`; then nothing has changed."""
        with self._lock:
            self.preview(written, replaces)
            before = self._rows.get(replaces)
            if replaces and not (before and before.written is not None and _stands(before)):
                raise SlotRefused([("", f"“{replaces}”已经不在了，请看看时间表再改")])
            if not replaces and len(self.entries()) - len(self._file.slots) >= self._most_made:
                raise SlotRefused([("", f"页面上最多加 {self._most_made} 条，请先删掉不用的")])
            paused_until = before.paused_until if before else None
            name, now = str(written["name"]), self._clock.now()
            row = StoredSlot(name, dict(written), made_by, now, paused_until)
            self._put(row, replaces)
        return _entry(row)

    def remove(self, name: str, made_by: str = "") -> None:
        """Take out one that was made on the page; `restore` takes that back. Raises the same."""
        self._change(name, made_by, removed_at=self._clock.now())

    def restore(self, name: str, made_by: str = "") -> None:
        """Take back that it was removed. Raises the same."""
        if name in {entry.name for entry in self.entries()}:
            raise SlotRefused([("name", f"已经有叫“{name}”的了，不能再恢复")])
        self._change(name, made_by, removed_at=None)

    def pause(self, name: str, until: date | None, made_by: str = "") -> None:
        """Silent before that day, FOR_GOOD until somebody lets it go on; None lets it go on now.

        Also one of the file. Raises the same.
        """
        with self._lock:
            row = self._rows.get(name)
            in_file = any(slot.name == name for slot in self._file.slots)
            if in_file and (row is None or row.written is None):
                self._put(StoredSlot(name, None, made_by, self._clock.now(), until))
            else:
                self._change(name, made_by, paused_until=until)

    def week(self, monday: date) -> list[WeekDay]:
        """The plan of seven days, from that one on, as the timetable stands now.

        A week that is too dense is counted and not planned. The last result is cached, because phones
        ask again.
        """
        timetable, so_far, week = self.timetable, self._rules.so_far, self._week
        if week is None or (week.of, week.so_far, week.monday) != (timetable, so_far, monday):
            week = self._week = _Week(timetable, so_far, monday, self._look_at(timetable, monday))
        return [WeekDay(day, tuple(quiet_hours.rests_on(self._settings, day.date))) for day in week.days]

    def _look_at(self, timetable: Timetable, monday: date) -> tuple[DayPlan, ...]:
        counted = count(timetable, monday, DAYS_OF_A_WEEK)
        if is_too_dense(counted):
            return counted
        start = datetime.combine(monday, time(), self._settings.station.zone)
        end = datetime.combine(monday + timedelta(days=DAYS_OF_A_WEEK), time(), start.tzinfo)
        return self._look_ahead(timetable, start, end)

    def _look_ahead(self, timetable: Timetable, start: datetime, end: datetime) -> tuple[DayPlan, ...]:
        sounded = Sounded(self._rules, self._clock.now())
        lengths = self._rules.lengths
        return look_ahead(timetable, self._settings, start, end, lengths, sounded).days

    def _change(self, name: str, made_by: str, **fields: Any) -> None:
        with self._lock:
            row = self._rows.get(name)
            if row is None or row.written is None:
                raise SlotRefused([("", f"没有可以改的“{name}”，请看看时间表")])
            self._put(replace(row, made_by=made_by, changed_at=self._clock.now(), **fields))

    def _put(self, row: StoredSlot, replaces: str = "") -> None:
        if self._stored is None:
            raise StoreUnusable("数据库没有打开，时间表改不了。")
        self._stored.put(row, replaces)
        logger.info("时间表里的“%s”改过了，改的人：%s", row.name, row.made_by)
        self._read_again()

    def _read_again(self) -> None:
        with self._lock:
            self._read()
            self.timetable = timetable = self._timetable()
            for tell in self.on_change:
                tell(timetable)

    def _read(self) -> None:
        try:
            rows = self._stored.all() if self._stored else self._past()
        except StoreUnusable as error:
            logger.error("页面上加的时间表读不出来，先按 timetable.yaml 播：%s", error)
            self._fault = f"页面上加的时间表读不出来，先按 timetable.yaml 播。{error}"
            return
        self._rows, self._fault = {row.name: row for row in rows}, ""
        self._made = {row.name: _entry(row) for row in rows if row.written is not None}

    def _past(self) -> list[StoredSlot]:
        return past_slots(self._settings.paths.state) if self._reads_past else []

    def _timetable(self) -> Timetable:
        slots, problems = list(self._file.slots), list(self._file.problems)
        for row in filter(_stands, self._rows.values()):
            try:
                slots += [] if row.written is None else [_read(row)]
            except SlotRefused as error:
                problems.append(f"页面上加的“{row.name}”：{error.problems[0][1]}")
        problems += [self._fault] if self._fault else []
        written = TimetableSettings(
            slots=tuple(slots), holidays=self._file.holidays, problems=tuple(problems)
        )
        paused = {row.name: row.paused_until for row in self._rows.values() if row.paused_until}
        return Timetable(written, self._settings.station, paused)

    def _alone(self, *slots: SlotSettings) -> Timetable:
        written = TimetableSettings(slots=slots, holidays=self._file.holidays)
        return Timetable(written, self._settings.station)

    def _check_notices(self, alone: Timetable) -> None:
        for notice in alone.notices():
            try:
                self._check(notice)
            except BroadcasterError as error:
                raise SlotRefused([(_field_of(error), str(error))]) from error

    def _planned(self, slot: SlotSettings, replaces: str, coming: list[Airing]) -> dict[str, Planned]:
        """The plan of the first day's occurrences, beside all other slots, as far as it is computed."""
        others = (one.slot for one in self.entries() if one.slot and one.name != replaces)
        slots = tuple(one for one in others if one.enabled)
        written = TimetableSettings(slots=(*slots, slot), holidays=self._file.holidays)
        timetable = Timetable(written, self._settings.station)
        start = coming[0].due_at
        end = min(coming[-1].due_at, start + timedelta(days=1)) + timedelta(seconds=1)
        if is_too_dense(count(timetable, start.date() - timedelta(days=1), 3)):
            return {}
        days = self._look_ahead(timetable, start, end)
        return {one.airing.id: one for day in days for one in day.planned}

    def _occurrence(self, airing: Airing, planned: Mapping[str, Planned]) -> Occurrence:
        verdict = quiet_hours.quiet(self._settings, airing.due_at, airing.notice)
        mine = planned.get(airing.id)
        if mine is None:
            return Occurrence(airing.due_at, verdict.reason)
        silent = "" if mine.sounds else mine.reason
        held_up = dict.fromkeys(one.airing.asked_by for one in planned.values() if _holds_up(mine, one))
        return Occurrence(
            airing.due_at, verdict.reason or silent, mine.seconds, mine.clashes, tuple(held_up)
        )

    def _of_file(self, slot: SlotSettings) -> SlotEntry:
        row = self._rows.get(slot.name)
        paused_until = FOR_GOOD if not slot.enabled else row.paused_until if row else None
        return SlotEntry(slot.name, slot, None, paused_until)


def _read(row: StoredSlot) -> SlotSettings:
    return read_slot(row.written or {}).found_at(f"页面上加的“{row.name}”")


def _entry(row: StoredSlot) -> SlotEntry:
    slot: SlotSettings | None = None
    try:
        slot = _read(row)
    except SlotRefused:
        logger.warning("页面上加的“%s”读不出来，不播它，请在页面上重新加", row.name)
    return SlotEntry(row.name, slot, row.written, row.paused_until, row.made_by, row.removed_at)


def _holds_up(mine: Planned, other: Planned) -> bool:
    """True if the other waits for mine, or is cut by it."""
    ends = [one.starts_at.timestamp() + one.seconds for one in (mine, other)]
    meets = mine.starts_at.timestamp() <= ends[1] and other.due_at.timestamp() <= ends[0]
    return meets and mine.airing.asked_by in other.clashes


def _stands(row: StoredSlot) -> bool:
    return row.removed_at is None


def _field_of(error: BroadcasterError) -> str:
    fields = {TextRefused: "text", VoiceUnavailable: "voice", ZoneUnknown: "zones"}
    return next((field for kind, field in fields.items() if isinstance(error, kind)), "")
