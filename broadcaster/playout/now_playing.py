"""The airing on the air: how far it has come, and how it ends."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf

from broadcaster.core.model import Airing, Item, JournalEntry, Lack, Outcome, line_before
from broadcaster.playout.air_queue import QueuedAiring
from broadcaster.playout.device.device_contract import Damaged, Ended
from broadcaster.rules.precedence import Cause

# A line that lacks no more than this was heard: the device's account is that much short at most
# when it was lost.
HEARD_SECONDS = 0.15
# Less of a sound than half a sample at any rate is nothing: sums of lengths differ by so much.
NOTHING_SECONDS = 1e-5
LEFT_OUT = "有一句的声音文件坏了，没有播出来，其余的都播了"
# Why it took longer than its sound.
BROKEN_BY = {
    Cause.SEVERER: "给更紧急的让过路",
    Cause.DEVICE: "声卡断过",
    Cause.DOWN: "停过电或者重启过",
}
# Of a folder that stands in for an hour each sound has a name.
MOST_NAMED = 3
# Doubled each time: a card that dies at each try is tried 12 times in half an hour.
FIRST_REST_SECONDS = 0.3


@dataclass(frozen=True)
class Cut:
    """An order to end the airing on the air: by a person, or for another `cause`. After a skip of its
    `piece` it goes on with the next one.
    """

    reason: str
    cause: Cause | None = None
    piece: int = 0


@dataclass(frozen=True)
class PiecePlace:
    """The piece of a column that sounds, by its number from 1; of a sound its title, the place in it and
    the place at which it ends, 0 where that is not known.
    """

    number: int
    title: str = ""
    seconds: float = 0.0
    of_seconds: float = 0.0


@dataclass(frozen=True)
class _GivenSound:
    """A sound as the device has it: when it begins, by the time since the start; where it begins in its
    line, without the `start` of it that is not heard again.
    """

    item: Item
    line: int
    begin: float
    place: float
    start: float

    @property
    def end(self) -> float:
        """The end of its sound; silence may follow."""
        return self.begin + self.item.clip.seconds - self.start

    @property
    def end_of_silence(self) -> float:
        return self.begin + self.item.seconds - self.start

    def place_at(self, seconds: float) -> float:
        """The place in its line so long after the start."""
        return max(0.0, self.place + self.start + seconds - self.begin)


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
    lacks: Sequence[Lack] = ()
    made: bool = False
    """Nothing more comes of its programme."""
    seconds_before: float = 0.0
    """The length of the lines that were heard before it was cut, and are not said again."""
    until: float = inf
    """When (monotonic) its time is over, whatever sounds."""
    _from: tuple[int, float] = (0, 0.0)
    """The line that is heard next, and how much of it was heard before, where it is continuous."""
    _asked_again: tuple[int, float] = (-1, 0.0)
    _given: list[_GivenSound] = field(default_factory=list)
    _stood_in_before: list[Item] = field(default_factory=list)
    """Of what was heard before it was cut."""
    _come: dict[int, float] = field(default_factory=dict)
    """Of each continuous line: how much of it has come, also of what is not heard again."""
    _length: float = 0.0
    _matter_from: float = inf

    def __post_init__(self) -> None:
        self._from = self.waited.next_line, self.waited.seconds_in_line

    @property
    def airing(self) -> Airing:
        return self.waited.airing

    @property
    def wanted(self) -> QueuedAiring:
        """The airing as it is to be made: whole, but of a column of which a piece comes in only from the
        line on that is heard next.
        """
        if not self.airing.notice.comes_in:
            return self.waited
        line, seconds = self._from
        return replace(self.waited, next_line=line, seconds_in_line=seconds)

    def add(self, item: Item, line: int, monotonic: float) -> float | None:
        """Take the next sound, to be heard from so many seconds on; None if it was heard before."""
        if line and item.matter:
            self._matter_from = min(self._matter_from, line)
        place = item.at_seconds if item.incoming else self._come.get(line, 0.0)
        self._count(item, line, place)
        if item.continuous:
            self._come[line] = place + item.seconds
        start = _seconds_before(item, line, place, self._from)
        if line < self._from[0] or (start and item.seconds - start < NOTHING_SECONDS):
            self._stood_in_before += [item] if item.instead_of else []
            return None
        if self.started_monotonic is not None:
            # Silence while nothing was left to play is no part of it.
            self.started_monotonic = max(self.started_monotonic, monotonic - self._length)
        self._given.append(_GivenSound(item, line, self._length, place, start))
        self._length += item.seconds - start
        return start

    def _count(self, item: Item, line: int, place: float) -> None:
        """Of a piece that comes in the first sound tells how long it is; it began where it is by now."""
        heard_before = self.waited.next_line, self.waited.seconds_in_line
        if not item.incoming:
            self.seconds_due += item.seconds
            self.seconds_before += _seconds_before(item, line, place, heard_before)
        elif line not in self._come:
            self.seconds_due += item.of_seconds
            gone = place if line == heard_before[0] else item.of_seconds
            self.seconds_before += gone if line <= heard_before[0] else 0.0

    def comes_in(self, damaged: Damaged) -> bool:
        """True of a sound that cannot be asked for again, and of which more comes."""
        sound = self._given[damaged.number]
        return sound.item.incoming and not self.made and sound.line == self._given[-1].line

    def drop_damaged(self, damaged: Damaged) -> None:
        """Forget a sound and all behind it: it is to come again, or what follows, where it is the signal
        or is damaged a second time. Of one that comes in what was lost is over.
        """
        sound, goes_on = self._given[damaged.number], self.comes_in(damaged)
        line, left_out = sound.line, (sound.line, sound.place) == self._asked_again
        self._asked_again = line, sound.place
        self._length = sound.begin + damaged.seconds_of_it
        good = sound.start + damaged.seconds_of_it
        if sound.item.incoming and not goes_on:
            self._from = line_before(sound.item.piece + 1) + 1, 0.0
        elif sound.item.continuous:
            self._from = line, sound.place + (sound.item.seconds if left_out else good)
        else:
            self._from = line + (line == 0 or left_out), 0.0
        self._given = self._given[: damaged.number]
        if goes_on:
            return
        self._come = {}
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
        last = None
        for last in self._last_of_each_line():
            if seconds < last.end - (0.0 if last.item.continuous else HEARD_SECONDS):
                return last.line
        return last.line + self.made if last else self.waited.next_line

    def next_line(self, seconds: float) -> int:
        """The line it would go on with; 0 while no line of its matter has been heard whole."""
        line = self.line_after(seconds)
        begun = line > self._matter_from or self._place_in(line, seconds) > 0
        return line if begun or line == self.waited.next_line else 0

    def seconds_in_line(self, seconds: float) -> float:
        """The place in that line, where it is continuous."""
        return self._place_in(self.next_line(seconds), seconds)

    def is_continuous(self, seconds: float) -> bool:
        """True of a sound that is no speech, so long after the start."""
        sound = self._sound_at(seconds)
        return sound is not None and sound.item.continuous

    def piece_now(self, monotonic: float) -> PiecePlace | None:
        since = self.started_monotonic
        return None if since is None else self.piece_at(monotonic - since)

    def piece_at(self, seconds: float) -> PiecePlace | None:
        """The piece of a column that sounds so long after the start; None before and after them."""
        sound = self._sound_at(seconds)
        if sound is None or not 0 < sound.item.piece <= len(self.airing.notice.pieces):
            return None
        item = sound.item
        if not item.continuous:
            return PiecePlace(item.piece)
        place = item.at_seconds + sound.start + min(seconds, sound.end) - sound.begin
        return PiecePlace(item.piece, item.says, max(0.0, place), item.of_seconds)

    def seconds_to_line_end(self, seconds: float) -> float:
        """The time until the next line counts as heard; infinite if none is known."""
        ends = (last.end - HEARD_SECONDS - seconds for last in self._last_of_each_line())
        return min((left for left in ends if left > 0), default=inf)

    def _last_of_each_line(self) -> Iterable[_GivenSound]:
        return {sound.line: sound for sound in self._given}.values()

    def _sound_at(self, seconds: float) -> _GivenSound | None:
        given = tuple(self._given)
        return next((sound for sound in given if seconds < sound.end_of_silence), (*given, None)[-1])

    def _place_in(self, line: int, seconds: float) -> float:
        its = [sound for sound in self._given if sound.line == line and sound.item.continuous]
        begun = [sound for sound in its if sound.begin <= seconds] or its[:1]
        if begun:
            return begun[-1].place_at(seconds)
        return self.waited.seconds_in_line if line == self.waited.next_line else 0.0

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
        last = max((sound.line for sound in self._given), default=-1)
        return self.made and self.line_after(seconds) > last

    def words_at(self, seconds: float) -> str:
        """The text of the line that sounds so long after the start; "" for a signal."""
        sound = self._sound_at(seconds)
        return sound.item.says if sound else ""

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
        place = self.seconds_in_line(ended.seconds_played)
        skips = self.cut if self.cut and self.cut.cause is Cause.SKIP else None
        if skips:
            next_line, place = line_before(skips.piece + 1) + 1, 0.0
        stands = (next_line, place) == (self.waited.next_line, self.waited.seconds_in_line)
        rest = self.waited.rest_seconds if stands else 0.0
        rest = max(FIRST_REST_SECONDS, 2 * rest) if ended.lost else 0.0
        return replace(
            self.waited,
            next_line=next_line,
            seconds_in_line=place,
            cut_at=now,
            rest_seconds=rest,
            rests_until=monotonic + rest,
            seconds_played=self.waited.seconds_played + ended.seconds_played,
            started_at=self.started_at or self.waited.started_at,
            cut_by=(self.cut and self.cut.cause) or Cause.DEVICE,
            skipped="，".join(filter(None, (self.waited.skipped, skips.reason if skips else ""))),
        )

    def entry(self, ended: Ended, now: datetime) -> JournalEntry:
        """The journal's line of how it ended."""
        outcome, reason = self._outcome(ended)
        # Nobody knows how long he would have spoken who was cut off at a microphone.
        endless = self.airing.notice.talk and not self.made
        played = self.waited.seconds_played + ended.seconds_played
        return JournalEntry(
            self.airing,
            outcome,
            reason,
            self.voice,
            self.started_at or self.waited.started_at,
            now,
            played,
            # Of one that went on in a later piece what is before that was not made again.
            0.0 if endless else max(self.seconds_due, played if self.waited.skipped else 0.0),
            self.next_line(ended.seconds_played),
            self.seconds_in_line(ended.seconds_played),
        )

    def _outcome(self, ended: Ended) -> tuple[Outcome, str]:
        """A sound that stood in for another was heard in its place: it is named, and is no failure."""
        outcome, reason = self._plain_outcome(ended)
        stood_in = {} if ended.unheard else self._stood_in(ended.seconds_played)
        if not stood_in:
            return outcome, reason
        for instead_of in stood_in:
            reason = reason.replace(instead_of, "")
        return outcome, "；".join(filter(None, (reason.removesuffix("。"), *stood_in.values())))

    def _stood_in(self, seconds: float) -> dict[str, str]:
        """By the reason a sentence on another sound that was heard for it so long after the start."""
        heard = [sound.item for sound in self._given if sound.begin < seconds]
        names: dict[str, dict[str, None]] = {}
        for item in (*self._stood_in_before, *heard):
            if item.instead_of:
                names.setdefault(item.instead_of, {})[item.says] = None
        return {why: f"改播了{_quoted(list(said))}，因为{why}" for why, said in names.items()}

    def _plain_outcome(self, ended: Ended) -> tuple[Outcome, str]:
        if self.heard_all(ended) and not self.failure:
            lacks = "".join(dict.fromkeys(lack.sentence for lack in self.lacks))
            missed = ended.unheard or lacks
            return (Outcome.FAILED, missed) if missed else (Outcome.PLAYED, self._why_so_long())
        if self.cut:
            heard = self.started_at or self.waited.started_at
            if self.cut.cause is Cause.WINDOW:
                return (Outcome.PLAYED if heard else Outcome.EXPIRED), self.cut.reason
            return (Outcome.CUT_SHORT if heard else Outcome.CANCELLED), self.cut.reason
        return Outcome.FAILED, self.failure or ended.reason

    def _why_so_long(self) -> str:
        if self.waited.skipped:
            return self.waited.skipped
        if not self.waited.cut_by:
            # A stop ends an airing; what somebody wants on the air again is another, of its rest.
            return "停播以后接着播完的" if self.waited.next_line else ""
        if not self.waited.started_at:
            return ""
        how = "接着播完的" if self.waited.next_line else "又从头播完的"
        return f"{BROKEN_BY[self.waited.cut_by]}，{how}"


def _quoted(names: Sequence[str]) -> str:
    shown = "、".join(f"“{name}”" for name in names[:MOST_NAMED])
    return shown + (f"等 {len(names)} 个" if len(names) > MOST_NAMED else "")


def _seconds_before(item: Item, line: int, place: float, point: tuple[int, float]) -> float:
    """The seconds of a sound that lie before a point in the programme; speech, and what comes in, lies
    there whole or not at all.
    """
    if line < point[0]:
        return item.seconds
    if line > point[0] or item.incoming or not item.continuous:
        return 0.0
    return min(max(point[1] - place, 0.0), item.seconds)
