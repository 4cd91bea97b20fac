"""A slot: a notice and when it is due, as a pure function of the moment that is passed in."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import ClassVar

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
        return self._airing(self.notice, due_at)

    def _airing(self, notice: Notice, due_at: datetime, window_from: datetime | None = None) -> Airing:
        """One with the same id whenever it is planned, so that nothing is aired twice."""
        moment = due_at.astimezone(UTC).isoformat()
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
        return next(self.after(moment), None)

    def after(self, moment: datetime) -> Iterator[datetime]:
        """All due times after a moment, in order; maybe endless."""
        if self.rests_until:
            moment = max(moment, self.rests_until - INSTANT, key=datetime.timestamp)
        return (due.astimezone(self.recurrence.zone) for due in self.recurrence.after(moment))

    def airing_at(self, due_at: datetime) -> Airing:
        notice = self.notice
        if self.playlist:
            notice = self.playlist[self.recurrence.ordinal(due_at) % len(self.playlist)]
        return self._airing(notice, due_at, self.recurrence.window_from(due_at))


@dataclass(frozen=True)
class LoopSlot(FixedTimes):
    """One that is said over and over inside its windows; it is what people get tired of."""

    kind: ClassVar[AiringKind] = AiringKind.LOOP
