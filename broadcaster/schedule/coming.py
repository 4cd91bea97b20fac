"""What comes next, asked every second by each page and found once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from broadcaster.clock import Clock
from broadcaster.model import Airing, Kind
from broadcaster.schedule.rules import AirRules
from broadcaster.schedule.timetable import Timetable

LOOK_AHEAD = timedelta(days=7)
# Where the week has fewer than were asked for, more may have come into it.
AGAIN_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class _Found:
    airings: list[Airing]
    of: Timetable
    count: int
    loops_stopped_at: datetime | None
    looked_at: datetime
    until: datetime

    def holds(self, timetable: Timetable, count: int, stop: datetime | None, now: datetime) -> bool:
        same = (self.of, self.count, self.loops_stopped_at) == (timetable, count, stop)
        return same and self.looked_at <= now < self.until


class Coming:
    """The next airings that the rules let pass; any thread.

    With a slot every few seconds a night has thousands that do not pass, and only the first look may
    take as long as that.
    """

    def __init__(self, rules: AirRules, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self._found: dict[int, _Found] = {}

    def next(self, timetable: Timetable, count: int) -> list[Airing]:
        """So many, the soonest first, of the next seven days."""
        now, stop = self._clock.now(), self._rules.loops_stopped_at
        found = self._found.get(count)
        if found is None or not found.holds(timetable, count, stop, now):
            coming = filter(self._rules.may_come, timetable.plan(now, now + LOOK_AHEAD))
            airings = list(islice(coming, count))
            until = airings[0].due_at if len(airings) == count and airings else now + AGAIN_AFTER
            found = _Found(airings, timetable, count, stop, now, until)
            self._found[count] = found
        return [airing for airing in found.airings if airing.due_at > now]

    def held(self, timetable: Timetable, since: datetime) -> list[Airing]:
        """What fell due since then and will sound if the clock is trusted soon; of a loop the last."""
        now = self._clock.now()
        longest = max((slot.lateness for slot in timetable.slots), default=timedelta())
        due = filter(self._rules.may_come, timetable.plan(max(since, now - longest), now))
        valid = [airing for airing in due if airing.expires_at >= now]
        last = {one.asked_by if one.kind is Kind.LOOP else one.id: one for one in valid}
        return list(last.values())
