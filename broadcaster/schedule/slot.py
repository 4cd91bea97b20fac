"""A slot: a notice and when it is due, as a pure function of the moment that is passed in."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import ClassVar
from zoneinfo import ZoneInfo

from broadcaster.core.model import Airing, AiringKind
from broadcaster.core.notice import Notice
from broadcaster.core.piece import stated_minutes
from broadcaster.schedule.recurrence import Recurrence

INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Slot(ABC):
    """A notice that comes again and again; not worth saying when it is later than `lateness`."""

    name: str
    notice: Notice
    lateness: timedelta
    kind: ClassVar[AiringKind]

    @abstractmethod
    def next_after(self, moment: datetime) -> datetime | None:
        """The first due time strictly after an aware moment; None when there is none any more."""

    def airing_at(self, due_at: datetime) -> Airing:
        """The occurrence that is due then."""
        return self._airing(self.notice, due_at, due_at.astimezone(UTC).isoformat())

    def _airing(
        self, notice: Notice, due_at: datetime, moment: str, window_from: datetime | None = None
    ) -> Airing:
        """One with the same id whenever it is planned, so that nothing is aired twice; `moment` is its
        due time in UTC.
        """
        key = "\n".join((self.name, notice.text, moment)).encode()
        # A column with a stated time is joined late, and ends with it.
        minutes = stated_minutes(notice.pieces) if notice.pieces else None
        return Airing(
            notice,
            due_at,
            due_at + (self.lateness if minutes is None else timedelta(minutes=minutes)),
            self.kind,
            self.name,
            id=blake2b(key, digest_size=6).hexdigest(),
            window_from=window_from,
            firm=minutes is not None,
        )


@dataclass(frozen=True)
class FixedTimes(Slot):
    """Due as its recurrence says, in the station's zone.

    A `playlist` is said in turn, each occurrence the next notice. Nothing is due before `rests_until`,
    and then the playlist goes on as if it had been said all the time.
    """

    recurrence: Recurrence
    playlist: tuple[Notice, ...] = ()
    rests_until: datetime | None = None
    kind: ClassVar[AiringKind] = AiringKind.SCHEDULED

    def next_after(self, moment: datetime) -> datetime | None:
        due = next(self.after(moment), None)
        return due and due.astimezone(self.recurrence.zone)

    def after(self, moment: datetime, until: datetime | None = None) -> Iterator[datetime]:
        """All due times after a moment, in order, in UTC; maybe endless. Those from `until` on may be
        left out.
        """
        if self.rests_until:
            moment = max(moment, self.rests_until - INSTANT, key=datetime.timestamp)
        return self.recurrence.after(moment, until)

    def airing_at(self, due_at: datetime) -> Airing:
        notice, due = self.notice, due_at.astimezone(UTC)
        if self.playlist:
            notice = self.playlist[self.recurrence.ordinal(due) % len(self.playlist)]
        local, text = _in_zone(due, self.recurrence.zone)
        return self._airing(notice, local, text, self.recurrence.window_from(due, local.date()))


@dataclass(frozen=True)
class LoopSlot(FixedTimes):
    """One that is said over and over inside its windows; it is what people get tired of."""

    kind: ClassVar[AiringKind] = AiringKind.LOOP


# Many slots fall due in the same minute.
@lru_cache(maxsize=1024)
def _in_zone(due: datetime, zone: ZoneInfo) -> tuple[datetime, str]:
    """A moment in UTC by the clock of a zone, and as ids have it."""
    return due.astimezone(zone), due.isoformat()
