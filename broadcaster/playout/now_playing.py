"""The airing on the air: how far it has come, and how it ends."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf

from broadcaster.core.model import Airing, Item, JournalEntry, Outcome
from broadcaster.playout.air_queue import QueuedAiring
from broadcaster.playout.device.device_contract import Damaged, Ended
from broadcaster.rules.precedence import Cause

# A line that lacks no more than this was heard: the device's account is that much short at most
# when it was lost.
HEARD_SECONDS = 0.15
LEFT_OUT = "有一句的声音文件坏了，没有播出来，其余的都播了"
# Why it took longer than its sound.
BROKEN_BY = {
    Cause.SEVERER: "给更紧急的让过路",
    Cause.DEVICE: "声卡断过",
    Cause.DOWN: "停过电或者重启过",
}
# Doubled each time: a card that dies at each try is tried 12 times in half an hour.
FIRST_REST_SECONDS = 0.3


@dataclass(frozen=True)
class Cut:
    """An order to end the airing on the air: by a person, or for another `cause`."""

    reason: str
    cause: Cause | None = None


@dataclass
class CurrentAiring:
    """The airing on the air, as the player knows it; only the player's thread changes it."""

    waited: QueuedAiring
    began_at: datetime
    voice: str = ""
    seconds_due: float = 0.0
    started_at: datetime | None = None
    started_monotonic: float | None = None
    cut: Cut | None = None
    failure: str = ""
    lacks: str = ""
    made: bool = False
    """Nothing more comes of its programme."""
    seconds_before: float = 0.0
    """The length of the lines that were heard before it was cut, and are not said again."""
    until: float = inf
    """When (monotonic) its time is over, whatever sounds."""
    _from: tuple[int, float] = (0, 0.0)
    """The line that is heard next, and how much of it was heard before, where it is continuous."""
    _asked_again: int = -1
    _begins: list[tuple[int, float]] = field(default_factory=list)
    """Of each sound that was given to the device: its line, and when it begins."""
    _ends: dict[int, float] = field(default_factory=dict)
    _offsets: dict[int, float] = field(default_factory=dict)
    """Of each continuous line: its place less the time since the start."""
    _incoming: set[int] = field(default_factory=set)
    _words: list[tuple[float, str]] = field(default_factory=list)
    _length: float = 0.0
    _matter_from: float = inf

    def __post_init__(self) -> None:
        self._from = self.waited.next_line, self.waited.seconds_in_line

    @property
    def airing(self) -> Airing:
        return self.waited.airing

    @property
    def wanted(self) -> QueuedAiring:
        """The airing from the line on that is heard next."""
        line, seconds = self._from
        return replace(self.waited, next_line=line, seconds_in_line=seconds)

    def add(self, item: Item, line: int, monotonic: float) -> float | None:
        """Take the next sound, to be heard from so many seconds on; None of a line that was heard
        before.
        """
        if line and item.matter:
            self._matter_from = min(self._matter_from, line)
        self._count(item, line)
        if line < self._from[0]:
            return None
        goes_on = line == self._from[0] and item.continuous and not item.incoming
        start = self._from[1] if goes_on else 0.0
        if self.started_monotonic is not None:
            # Silence while nothing was left to play is no part of it.
            self.started_monotonic = max(self.started_monotonic, monotonic - self._length)
        self._begins.append((line, self._length))
        self._ends[line] = self._length + item.clip.seconds - start
        if item.continuous:
            self._offsets[line] = (item.incoming.seconds if item.incoming else start) - self._length
        self._length += item.seconds - start
        self._words.append((self._length, item.says))
        return start

    def _count(self, item: Item, line: int) -> None:
        """Of a piece that comes in the first sound tells how long it is; it began where it is by now."""
        first, place = line not in self._offsets, self.waited.seconds_in_line
        if item.incoming:
            self._incoming.add(line)
            self.seconds_due += item.incoming.of_seconds * first
            place = item.incoming.seconds * first
        else:
            self.seconds_due += item.seconds
        if line < self.waited.next_line:
            self.seconds_before += item.incoming.of_seconds if item.incoming else item.seconds
        if line == self.waited.next_line and item.continuous:
            self.seconds_before += place

    def comes_in(self, damaged: Damaged) -> bool:
        """True of a sound that cannot be asked for again."""
        return damaged.number < len(self._begins) and self._begins[damaged.number][0] in self._incoming

    def drop_damaged(self, damaged: Damaged) -> None:
        """Forget a sound and all behind it: its line is to come again, or the next one, where it is the
        signal or is damaged a second time."""
        line, begin = self._begins[damaged.number]
        left_out = line == self._asked_again and not self.comes_in(damaged)
        self._asked_again = line
        self._length = begin + damaged.seconds_of_it
        again = line + (line == 0 or left_out)
        self._from = again, self._length + self._offsets[again] if again in self._offsets else 0.0
        self._begins = self._begins[: damaged.number]
        self._ends = {known: end for known, end in self._ends.items() if known < line}
        self._offsets = {known: place for known, place in self._offsets.items() if known < line}
        self._words = [(end, says) for end, says in self._words if end <= begin]
        self.seconds_due, self.seconds_before, self.made = 0.0, 0.0, False
        if left_out:
            self.failure = LEFT_OUT

    def start(self, now: datetime, monotonic: float) -> None:
        self.started_at = self.waited.started_at or now
        self.started_monotonic = monotonic

    def take_cut(self, cut: Cut) -> None:
        """A person's word goes before all else: then it is not taken up again."""
        if self.cut is None or cut.cause is None:
            self.cut = cut

    @property
    def stopping(self) -> bool:
        """A person wants silence, and there is none yet."""
        return self.cut is not None and self.cut.cause is None

    def line_after(self, seconds: float) -> int:
        """The first line that had not been heard whole so long after the start.

        More pieces may come of the last line that is known, so it counts as said only when a later
        one has come, or the programme is made.
        """
        ends = tuple(self._ends.items())
        for line, end in ends:
            if seconds < end - (0.0 if line in self._offsets else HEARD_SECONDS):
                return line
        return ends[-1][0] + self.made if ends else self.waited.next_line

    def next_line(self, seconds: float) -> int:
        """The line it would go on with; 0 while no line of its matter has been heard whole."""
        line = self.line_after(seconds)
        begun = line > self._matter_from or seconds + self._offsets.get(line, -inf) > 0
        return line if begun or line == self.waited.next_line else 0

    def seconds_in_line(self, seconds: float) -> float:
        """The place in that line, where it is continuous."""
        line = self.next_line(seconds)
        if line in self._offsets:
            return max(0.0, seconds + self._offsets[line])
        return self.waited.seconds_in_line if line == self.waited.next_line else 0.0

    def is_continuous(self, seconds: float) -> bool:
        """True of a sound that is no speech, so long after the start."""
        return self.line_after(seconds) in self._offsets

    def seconds_to_line_end(self, seconds: float) -> float:
        """The time until the next line counts as heard; infinite if none is known."""
        ends = (end - HEARD_SECONDS - seconds for end in tuple(self._ends.values()))
        return min((left for left in ends if left > 0), default=inf)

    def seconds_left(self, monotonic: float) -> float:
        """The seconds of added sound that are still to play."""
        if self.started_monotonic is None:
            return self._length
        return max(0.0, self.started_monotonic + self._length - monotonic)

    def heard_all(self, ended: Ended) -> bool:
        """True if nobody missed a word, though the end may have come a little early."""
        return ended.whole or self.said_all(ended.seconds_played)

    def said_all(self, seconds: float) -> bool:
        """The same so long after the start, as far as is known."""
        last = max(tuple(self._ends), default=-1)
        return self.made and self.line_after(seconds) > last

    def words_at(self, seconds: float) -> str:
        """The text of the line that sounds so long after the start; "" for a signal."""
        words = tuple(self._words)
        return next((says for end, says in words if seconds < end), words[-1][1] if words else "")

    def so_far(self, monotonic: float) -> QueuedAiring:
        """The airing with the line that it has reached by now."""
        since = self.started_monotonic
        heard = monotonic - since if since else 0.0
        next_line, place = self.next_line(heard), self.seconds_in_line(heard)
        return replace(self.waited, next_line=next_line, seconds_in_line=place)

    def rest(self, ended: Ended, now: datetime, monotonic: float) -> QueuedAiring:
        """The airing as it waits again, to go on from the start of the line that was cut, or from the
        place in it.

        Where the device is lost each time before a line is out, each rest is twice the one before.
        """
        next_line = self.next_line(ended.seconds_played)
        rest = self.waited.rest_seconds if next_line == self.waited.next_line else 0.0
        rest = max(FIRST_REST_SECONDS, 2 * rest) if ended.lost else 0.0
        return replace(
            self.waited,
            next_line=next_line,
            seconds_in_line=self.seconds_in_line(ended.seconds_played),
            cut_at=now,
            rest_seconds=rest,
            rests_until=monotonic + rest,
            seconds_played=self.waited.seconds_played + ended.seconds_played,
            started_at=self.started_at or self.waited.started_at,
            cut_by=(self.cut and self.cut.cause) or Cause.DEVICE,
        )

    def entry(self, ended: Ended, now: datetime) -> JournalEntry:
        """The journal's line of how it ended."""
        outcome, reason = self._outcome(ended)
        # Nobody knows how long he would have spoken who was cut off at a microphone.
        endless = self.airing.notice.talk and not self.made
        return JournalEntry(
            self.airing,
            outcome,
            reason,
            self.voice,
            self.started_at or self.waited.started_at,
            now,
            self.waited.seconds_played + ended.seconds_played,
            0.0 if endless else self.seconds_due,
        )

    def _outcome(self, ended: Ended) -> tuple[Outcome, str]:
        if self.heard_all(ended) and not self.failure:
            missed = ended.unheard or self.lacks
            return (Outcome.FAILED, missed) if missed else (Outcome.PLAYED, self._why_so_long())
        if self.cut:
            heard = self.started_at or self.waited.started_at
            if self.cut.cause is Cause.WINDOW:
                return (Outcome.PLAYED if heard else Outcome.EXPIRED), self.cut.reason
            return (Outcome.CUT_SHORT if heard else Outcome.CANCELLED), self.cut.reason
        return Outcome.FAILED, self.failure or ended.reason

    def _why_so_long(self) -> str:
        if not self.waited.cut_by:
            # A stop ends an airing; what somebody wants on the air again is another, of its rest.
            return "停播以后接着播完的" if self.waited.next_line else ""
        if not self.waited.started_at:
            return ""
        how = "接着播完的" if self.waited.next_line else "又从头播完的"
        return f"{BROKEN_BY[self.waited.cut_by]}，{how}"
