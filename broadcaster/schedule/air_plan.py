"""Plans a span of the timetable as it will be on the air: quiet hours, limits, clashes and lateness.

Pure: the airings, the settings and the lengths go in; no clock is read and nothing is queued.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from enum import Enum
from itertools import count

from broadcaster.core.model import Airing, AiringKind
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.length_estimate import Lengths
from broadcaster.rules.precedence import (
    Cause,
    Precedence,
    Resume,
    cuts_in,
    precedence,
    resume,
    valid_until,
)
from broadcaster.rules.quiet_hours import Ruling, Verdict
from broadcaster.schedule.timetable import Timetable
from broadcaster.settings.schema import Settings

DAY = timedelta(days=1)
# A queue of thousands clashes with thousands: as many as a person reads are named.
MOST_CLASHES = 10


class Fate(Enum):
    """The predicted fate of an airing; DEFERRED plays too, when quiet hours end."""

    PLAYS = "plays"
    DEFERRED = "deferred"
    CUT_SHORT = "cut_short"
    SUPPRESSED = "suppressed"
    LEFT_OUT = "left_out"
    EXPIRED = "expired"


SOUNDS = frozenset({Fate.PLAYS, Fate.DEFERRED, Fate.CUT_SHORT})


@dataclass(frozen=True)
class Sounded:
    """The rules of the running box, which know what sounded until a moment and what was stopped."""

    rules: AirRules
    until: datetime


@dataclass(frozen=True)
class Planned:
    """One airing as it will be. `due_at` is what the timetable says, whatever became of it.

    `clashes` are the slots that it has to wait for, or that cut it; `seconds` is what will sound.
    """

    airing: Airing
    due_at: datetime
    starts_at: datetime
    seconds: float
    fate: Fate
    reason: str = ""
    clashes: tuple[str, ...] = ()
    volume: int = 0

    @property
    def sounds(self) -> bool:
        return self.fate in SOUNDS

    @property
    def late_seconds(self) -> float:
        """The time from its due time to its start, quiet hours not counted."""
        return (self.starts_at - self.airing.due_at).total_seconds() if self.sounds else 0.0


def plan(
    timetable: Timetable,
    settings: Settings,
    lengths: Lengths,
    start: datetime,
    end: datetime,
    sounded: Sounded | None = None,
) -> list[Planned]:
    """The airings due from one aware moment until before another, by due time; from now on they go by
    what really `sounded`, which a plan of the timetable alone leaves out.

    Begins at midnight a day earlier, for what was deferred and what loops have taken of their day.
    """
    midnight = datetime.combine(start.date() - DAY, time(), start.tzinfo)
    airings = timetable.plan(midnight - timedelta(microseconds=1), end)
    planned = [
        one
        for one in _Air(settings, lengths, sounded).run(airings)
        if one.due_at.timestamp() >= start.timestamp()
    ]
    return sorted(planned, key=lambda one: one.due_at.timestamp())


@dataclass
class _Item:
    """An airing on its way through the plan."""

    airing: Airing
    due_at: datetime
    left: float
    reason: str = ""
    began: datetime | None = None
    cut_at: datetime | None = None
    played: float = 0.0
    clashes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.airing.asked_by

    def wait_for(self, other: str) -> None:
        if other not in (self.name, *self.clashes):
            self.clashes.append(other)


class _Air:
    """One loudspeaker and its queue, in a time that is only reckoned. All moments in UTC."""

    def __init__(self, settings: Settings, lengths: Lengths, sounded: Sounded | None) -> None:
        self._lengths = lengths
        self._sounded_before = sounded
        self._rules = AirRules(settings, lengths)
        self._zone = settings.station.zone
        self._coming: Iterator[_Item] = iter(())
        self._next: _Item | None = None
        self._deferred: list[tuple[datetime, int, _Item]] = []
        self._number = count()
        self._queue: list[tuple[Precedence, int, _Item]] = []
        self._now = datetime.min.replace(tzinfo=UTC)
        self._done: list[Planned] = []
        self._sounded: deque[tuple[datetime, str]] = deque(maxlen=MOST_CLASHES)

    def run(self, airings: Iterable[Airing]) -> Iterator[Planned]:
        self._coming = (_Item(airing, airing.due_at, self._lengths(airing.notice)) for airing in airings)
        self._next = next(self._coming, None)
        while self._queue or self._due() is not None:
            if not self._queue:
                self._now = max(self._now, self._due() or self._now)
            self._take_due(self._now)
            self._sound(heapq.heappop(self._queue)[2])
            yield from self._done
            self._done.clear()

    def _due(self) -> datetime | None:
        """The time at which the next item comes in."""
        moments = [self._next.airing.due_at.astimezone(UTC)] if self._next else []
        moments += [self._deferred[0][0]] if self._deferred else []
        return min(moments, default=None)

    def _take_one(self) -> _Item:
        due = self._due()
        if self._deferred and self._deferred[0][0] == due:
            item = heapq.heappop(self._deferred)[2]
        else:
            assert self._next
            item, self._next = self._next, next(self._coming, None)
        self._wait(item)
        return item

    def _wait(self, item: _Item) -> None:
        heapq.heappush(self._queue, (precedence(item.airing), next(self._number), item))

    def _take_due(self, until: datetime) -> None:
        while (due := self._due()) is not None and due <= until:
            self._take_one()

    def _sound(self, item: _Item) -> None:
        if not self._may_start(item):
            return
        item.began = item.began or self._now
        self._note_waited_for(item)
        ends = self._now + timedelta(seconds=item.left)
        if item.airing.firm:
            ends = min(ends, item.airing.expires_at.astimezone(UTC))
        while (due := self._due()) is not None and due < ends:
            newcomer = self._take_one()
            if cuts_in(newcomer.airing, item.airing) and self._verdict(newcomer, due).passes:
                return self._cut(item, newcomer, due)
        self._play(item, ends)
        self._end(item, Fate.DEFERRED if item.airing.due_at != item.due_at else Fate.PLAYS)
        return None

    def _note_waited_for(self, item: _Item) -> None:
        """Notes the airings that sounded between its due time and now, the last first."""
        due = item.airing.due_at.astimezone(UTC)
        for ended, name in reversed(self._sounded):
            if ended <= due:
                break
            item.wait_for(name)

    def _may_start(self, item: _Item) -> bool:
        airing = item.airing
        if self._now.timestamp() > valid_until(airing, item.cut_at).timestamp():
            self._end(
                item, Fate.CUT_SHORT if item.began else Fate.EXPIRED, item.reason or "轮到时已经过时"
            )
            return False
        verdict = self._verdict(item, self._now)
        if verdict.until and not (airing.firm and airing.expires_at <= verdict.until):
            self._defer(item, verdict.until, verdict.reason)
        elif not verdict.passes:
            silent = Fate.LEFT_OUT if verdict.ruling is Ruling.LEAVE_OUT else Fate.SUPPRESSED
            self._end(item, Fate.CUT_SHORT if item.began else silent, verdict.reason)
        return verdict.passes

    def _verdict(self, item: _Item, moment: datetime) -> Verdict:
        before = self._sounded_before
        if before and moment.timestamp() >= before.until.timestamp():
            self._rules.go_on_from(before.rules)
            self._sounded_before = None
        return self._rules.verdict(item.airing, moment)

    def _defer(self, item: _Item, until: datetime, reason: str) -> None:
        lateness = item.airing.expires_at - item.airing.due_at
        expires_at = item.airing.expires_at if item.airing.firm else until + lateness
        item.airing = replace(item.airing, due_at=until, expires_at=expires_at)
        item.reason = reason
        heapq.heappush(self._deferred, (until.astimezone(UTC), next(self._number), item))

    def _cut(self, item: _Item, by: _Item, moment: datetime) -> None:
        self._play(item, moment)
        item.cut_at = moment
        item.wait_for(by.name)
        item.reason = f"被“{by.name}”打断"
        if resume(item.airing, Cause.SEVERER) is Resume.FROM_LINE:
            self._wait(item)
        else:
            self._end(item, Fate.CUT_SHORT)

    def _play(self, item: _Item, until: datetime) -> None:
        seconds = (until - self._now).total_seconds()
        if item.airing.kind is AiringKind.LOOP:
            self._rules.spend(item.name, self._now, seconds)
        self._sounded.append((until, item.name))
        item.played += seconds
        item.left -= seconds
        self._now = until

    def _end(self, item: _Item, fate: Fate, reason: str = "") -> None:
        starts_at = (item.began or self._now).astimezone(self._zone)
        volume = self._rules.volume(item.airing, starts_at)
        self._done.append(
            Planned(
                item.airing,
                item.due_at,
                starts_at,
                round(item.played, 1),
                fate,
                reason or item.reason,
                tuple(item.clashes),
                volume,
            )
        )
