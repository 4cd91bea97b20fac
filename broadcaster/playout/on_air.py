"""What is on the air now: how far it has come, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from broadcaster.model import Airing, Item, JournalEntry, Outcome
from broadcaster.playout.device import Ended
from broadcaster.playout.queue import Waiting

# A line that lacks no more than this was heard: the device's account is that much short at most
# when it was lost.
HEARD_SECONDS = 0.15


@dataclass(frozen=True)
class Cut:
    """What is on the air ends now: a person wants it so, or it gives way."""

    reason: str
    by_person: bool = True


@dataclass
class OnAir:
    """What is on the air now, as the player knows it; only the player's thread changes it."""

    waited: Waiting
    began_at: datetime
    voice: str = ""
    seconds_due: float = 0.0
    started_at: datetime | None = None
    started_monotonic: float | None = None
    cut: Cut | None = None
    failure: str = ""
    _sounds: list[tuple[int, float, str]] = field(default_factory=list)

    @property
    def airing(self) -> Airing:
        return self.waited.airing

    def add(self, item: Item, line: int) -> bool:
        """Take the next sound; False for a line that was heard before."""
        self.seconds_due += item.seconds
        new = line >= self.waited.next_line
        if new:
            self._sounds.append((line, item.seconds, item.says))
        return new

    def start(self, now: datetime, monotonic: float) -> None:
        self.started_at = self.waited.started_at or now
        self.started_monotonic = monotonic

    def line_after(self, seconds: float) -> int:
        """The line that was being said so long after the start, or that was next."""
        line = self.waited.next_line
        for line, lasts, _ in self._sounds:
            if seconds < lasts - HEARD_SECONDS:
                return line
            seconds -= lasts
        return line + 1

    def words_at(self, seconds: float) -> str:
        """The text of the line that sounds so long after the start; "" for a signal."""
        says = ""
        for _, lasts, says in tuple(self._sounds):
            if seconds < lasts:
                return says
            seconds -= lasts
        return says

    def rest(self, ended: Ended) -> Waiting:
        """The airing as it waits again, to go on from the start of the line that was cut."""
        return replace(
            self.waited,
            next_line=self.line_after(ended.seconds_played),
            seconds_played=self.waited.seconds_played + ended.seconds_played,
            started_at=self.started_at or self.waited.started_at,
        )

    def entry(self, ended: Ended, now: datetime) -> JournalEntry:
        """The journal's line of how it ended."""
        outcome, reason = self._outcome(ended)
        return JournalEntry(
            self.airing,
            outcome,
            reason,
            self.voice,
            self.started_at or self.waited.started_at,
            now,
            self.waited.seconds_played + ended.seconds_played,
            self.seconds_due,
        )

    def _outcome(self, ended: Ended) -> tuple[Outcome, str]:
        if self.cut and not ended.whole:
            heard = self.started_at or self.waited.started_at
            return (Outcome.CUT_SHORT if heard else Outcome.CANCELLED), self.cut.reason
        if self.failure or not ended.whole:
            return Outcome.FAILED, self.failure or ended.reason
        return Outcome.PLAYED, ""
