"""Finds the next airings of the timetable; every page asks each second, so the result is cached."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from broadcaster.core.clock import Clock
from broadcaster.core.model import Airing, AiringKind
from broadcaster.rules.air_rules import AirRules
from broadcaster.schedule import plan_summary
from broadcaster.schedule.air_plan import Sounded, plan
from broadcaster.schedule.timetable import Timetable
from broadcaster.settings.schema import Settings

DAY = timedelta(days=1)
LOOK_AHEAD = 7 * DAY
# Reckoned at once, so that a busy timetable is not reckoned anew at each airing.
KEPT = 100
# Where the week has fewer than were asked for, more may have come into it.
AGAIN_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class _Found:
    airings: list[Airing]
    of: Timetable
    count: int
    so_far: object
    looked_at: datetime
    until: datetime

    def holds(self, timetable: Timetable, count: int, so_far: object, now: datetime) -> bool:
        same = (self.of, self.count, self.so_far) == (timetable, count, so_far)
        return same and self.looked_at <= now < self.until


class Coming:
    """The next airings that will sound, by the plan; any thread.

    With a slot every few seconds a night has thousands that do not pass, and only the first look may
    take as long as that; a timetable that is too dense to be planned goes by quiet hours alone.
    """

    def __init__(self, rules: AirRules, settings: Settings, clock: Clock) -> None:
        self._rules = rules
        self._settings = settings
        self._clock = clock
        self._found: dict[int, _Found] = {}

    def next(self, timetable: Timetable, count: int) -> list[Airing]:
        """So many, the soonest first, of the next seven days."""
        now, so_far = self._clock.now(), self._rules.so_far
        found = self._found.get(count)
        if found is None or not found.holds(timetable, count, so_far, now):
            airings = self._look(timetable, now, count + KEPT)
            until = airings[-count].due_at if 0 < count <= len(airings) else now + AGAIN_AFTER
            found = _Found(airings, timetable, count, so_far, now, until)
            self._found[count] = found
        return [airing for airing in found.airings if airing.due_at > now][:count]

    def _look(self, timetable: Timetable, now: datetime, most: int) -> list[Airing]:
        """Those of a day and, where these are too few, of a week."""
        days, airings = plan_summary.count(timetable, now.date() - DAY, 3), list[Airing]()
        if plan_summary.is_too_dense(days):
            return list(
                islice(filter(self._rules.may_come, timetable.plan(now, now + LOOK_AHEAD)), most)
            )
        for span in (DAY, LOOK_AHEAD):
            airings = list(islice(self._planned(timetable, now, now + span), most))
            if len(airings) == most:
                break
        return airings

    def _planned(self, timetable: Timetable, now: datetime, end: datetime) -> Iterator[Airing]:
        sounded = Sounded(self._rules, now)
        planned = plan(timetable, self._settings, self._rules.lengths, now, end, sounded)
        sounding = {one.airing.id for one in planned if one.sounds}
        return (airing for airing in timetable.plan(now, end) if airing.id in sounding)

    def held(self, timetable: Timetable, since: datetime) -> list[Airing]:
        """The airings that fell due since then and will sound if the clock is trusted soon; of a loop
        the last.
        """
        now = self._clock.now()
        longest = max((slot.lateness for slot in timetable.slots), default=timedelta())
        due = filter(self._rules.may_come, timetable.plan(max(since, now - longest), now))
        valid = [airing for airing in due if airing.expires_at >= now]
        last = {one.asked_by if one.kind is AiringKind.LOOP else one.id: one for one in valid}
        return list(last.values())
