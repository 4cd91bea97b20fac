"""The books of a life: what was asked for, what the record says became of it, and what was heard.

Every day is closed when nothing waits any more. Then each thing that anybody asked for has exactly one
outcome where its asker can see it, and what was heard is what the record says.
"""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from life.ear import Sound
from rig.living import Vitals

from broadcaster.core.labels import LOST, OUTCOMES
from broadcaster.core.model import AiringKind, Outcome
from broadcaster.core.notice import Notice

# The budget of main, and what may be held or written for a day's few dozen notices.
MOST_MEGABYTES = 90.0
MOST_HANDLES = 60
MOST_THREADS = 70
MOST_LOG_LINES = 400
MOST_STATE_FILES = 60


class Way(Enum):
    """Where somebody asked, and where he looks what became of it."""

    PAGE = "page"
    PROGRAM = "api"
    COMMAND = "cli"
    COUNTY = "county"


@dataclass
class Asked:
    """One thing that somebody asked for; `mark` stands in its text and in no other's.

    `day` is the one in which it is due. `taken` is whether the box answered that it took it: None when
    no answer came. `may` is how it may end. `may_be_silent` is for what somebody or something severer
    ended before its matter was out; `may_be_gone` for what the asker was told would not outlast a power
    cut. The `airing` is known of what can be read no more in the queue. `by` is who asked, where the
    page has several people, `at` for when it was asked, None for at once. `ends` are its lines of the
    record, once its day is closed.
    """

    way: Way
    mark: str
    notice: Notice
    day: int
    taken: bool | None = None
    may: set[Outcome] = field(default_factory=lambda: {Outcome.PLAYED})
    may_be_silent: bool = False
    may_be_gone: bool = False
    airing: str = ""
    by: str = ""
    at: datetime | None = None
    what_happened: str = ""
    ends: Sequence["Line"] = ()
    judged: bool = False

    def allow(self, *outcomes: Outcome, silent: bool = False) -> None:
        self.may |= set(outcomes)
        self.may_be_silent |= silent


@dataclass(frozen=True)
class Line:
    """A line of the record, by whichever way it was read."""

    airing: str
    text: str
    outcome: Outcome
    kind: AiringKind
    asked_by: str
    due_at: str
    reason: str
    ended_at: str = ""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Line":
        return cls(
            row["id"],
            row["text"],
            Outcome(row["outcome"]),
            AiringKind(row["kind"]),
            row["asked_by"],
            row["due_at"],
            row["reason"],
            row["ended_at"],
        )


@dataclass(frozen=True)
class Seen:
    """The record as it can be read at the end of a day: by program, by command, and on the page, where
    each thing asked for there was looked up by its mark: airings and how they ended, in words.
    """

    by_program: Sequence[Line]
    by_command: Sequence[Line]
    on_page: Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True)
class Figures:
    """What the box takes of its machine at a day's end."""

    vitals: Vitals
    log_lines: int
    state_files: int
    cache_megabytes: float


COLUMNS = (
    "asked",
    *(outcome.value for outcome in Outcome),
    "slots",
    "no outcome",
    "two outcomes",
    "twice heard",
    "unheard",
    "never said",
    "wrong end",
    "missed, untold",
    "unseen",
    "forgotten",
)


@dataclass
class Day:
    """One day's books: counts by column, and a sentence for each thing that does not balance."""

    number: int
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    figures: Figures | None = None

    def blame(self, column: str, about: str) -> None:
        self.counts[column] += 1
        self.wrong.append(f"day {self.number}: {column}: {about}")


class Books:
    """Closes each day, and remembers what the record said: it may only grow."""

    def __init__(self, most_megabytes: float = MOST_MEGABYTES) -> None:
        self.days: list[Day] = []
        self._most_megabytes = most_megabytes
        self._known: dict[str, Line] = {}
        self._may_be_gone: set[str] = set()
        self._notes: list[str] = []

    def close(
        self,
        number: int,
        asked: Sequence[Asked],
        sounds: Mapping[str, Sound],
        slots: Mapping[str, Sound],
        missed: Sequence[tuple[str, str]],
        seen: Seen,
        heard: bytes,
        figures: Figures,
        again_from: datetime | None = None,
    ) -> Day:
        """`asked` with their `sounds` by mark, the `slots` of the timetable with theirs by name.

        `missed` are occurrences that fell due while the box was off: slot, and how its due time begins.
        What is due since `again_from` fell due twice, for the clock was put back to then.
        """
        day = Day(number, figures=figures)
        # Where yesterday's copy was put back, or the clock, what was told before may have sounded again.
        new = [line for line in seen.by_program if self._known.get(line.airing) != line]
        for one in asked:
            lines = [line for line in new if one.mark in line.text or line.airing == one.airing]
            if one.day > number and not lines:
                continue
            one.judged, one.ends = True, lines
            _judge(day, one, lines, sounds[one.mark], heard)
            _look(day, one, lines, seen, self._known.keys() - {line.airing for line in new})
        for name, sound in slots.items():
            lines = [line for line in new if line.asked_by == name]
            _judge_slot(day, name, lines, sound, heard, again_from)
        for name, due in missed:
            lines = [
                line
                for line in seen.by_program
                if (line.asked_by, line.due_at[: len(due)]) == (name, due)
            ]
            if [line.outcome for line in lines] != [Outcome.EXPIRED]:
                day.blame("missed, untold", f"{name} of {due} has {lines}")
        for line in new:
            wanted = any(one.mark in line.text or line.airing == one.airing for one in asked)
            # What says where lines were lost with the database is nobody's wish.
            if line.asked_by not in slots and not wanted and line.outcome is not Outcome.UNKNOWN:
                day.blame("unseen", f"nobody asked for {line}")
        self._check_memory(day, seen)
        _check_bounds(day, figures, self._most_megabytes)
        day.wrong += self._notes
        self._notes = []
        self.days.append(day)
        return day

    def note(self, number: int, sentence: str) -> None:
        """Something that no column counts does not balance."""
        self._notes.append(f"day {number}: {sentence}")

    def forgive(self, kept: set[str]) -> None:
        """The record was put back by hand, or damaged: of it only these airings must still be there."""
        self._may_be_gone |= self._known.keys() - kept

    @property
    def wrong(self) -> list[str]:
        return [sentence for day in self.days for sentence in day.wrong] + self._notes

    def _check_memory(self, day: Day, seen: Seen) -> None:
        there = {line.airing: line for line in seen.by_program}
        for airing, line in self._known.items():
            # A copy that was put back may have it waiting, and then it is too late for it.
            if there.get(airing) != line and airing not in self._may_be_gone:
                day.blame("forgotten", f"{line} is {there.get(airing)} now")
        if Counter(line.airing for line in seen.by_command) != Counter(there.keys()):
            day.blame("unseen", "the command's journal has other lines than the program's history")
        self._known = there


def _judge(day: Day, one: Asked, lines: Sequence[Line], sound: Sound, heard: bytes) -> None:
    about = f"{one.mark} ({one.way.value}, {one.notice.severity.name}{one.what_happened})"
    times = sound.times(heard)
    if times > 1:
        day.blame("twice heard", f"{about} was heard {times} times")
    if one.taken is False:
        if lines or times:
            day.blame("wrong end", f"{about} was refused, and is {lines}, heard {times} times")
        return
    day.counts["asked"] += 1
    if len(lines) > 1:
        day.blame("two outcomes", f"{about} has {lines}")
    for line in lines:
        day.counts[line.outcome.value] += 1
        _compare(day, one, line, sound, heard, about)
    if not lines and (one.taken or times) and not one.may_be_gone:
        day.blame("no outcome", f"{about}, heard {times} times")


def _compare(day: Day, one: Asked, line: Line, sound: Sound, heard: bytes, about: str) -> None:
    whole, begun = sound.times(heard) > 0, sound.begun(heard)
    if line.outcome not in one.may:
        day.blame("wrong end", f"{about} is {line.outcome.value}: {line.reason}")
    if line.outcome is Outcome.PLAYED and not sound.nearly(heard):
        day.blame("unheard", f"{about} is PLAYED; heard {sound.part(heard)}")
    if line.outcome is Outcome.CUT_SHORT and not begun and not one.may_be_silent:
        day.blame("never said", f"{about}: nothing of its matter was heard, {line.reason}")
    if line.outcome not in (Outcome.PLAYED, Outcome.CUT_SHORT) and whole:
        day.blame("wrong end", f"{about} was heard whole and is {line.outcome.value}: {line.reason}")


def _look(day: Day, one: Asked, lines: Sequence[Line], seen: Seen, old: Set[str]) -> None:
    """Whether its asker finds the same where he asked, beside what he found on an `old` day."""
    wanted = [(line.airing, OUTCOMES[line.outcome]) for line in lines]
    if one.airing or one.way in (Way.PROGRAM, Way.COUNTY):
        return
    if one.way is Way.PAGE:
        there = [row for row in seen.on_page.get(one.mark, ()) if row[0] not in old]
        finds = [
            (airing, next((o for _, o in wanted if _ending(words).startswith(o)), words))
            for airing, words in there
        ]
    else:
        finds = [
            (line.airing, OUTCOMES[line.outcome])
            for line in seen.by_command
            if one.mark in line.text and line.airing not in old
        ]
    if finds != wanted:
        day.blame("unseen", f"{one.mark} is {wanted}, and its asker ({one.way.value}) sees {finds}")


def _ending(words: str) -> str:
    """What came late opens with its plan: 原定 今天 06:49，播完了，1 秒."""
    return words.partition("，")[2] if words.startswith("原定") else words


def _judge_slot(
    day: Day,
    name: str,
    lines: Sequence[Line],
    sound: Sound,
    heard: bytes,
    again_from: datetime | None,
) -> None:
    """One end for each due time, and as many heard whole as were PLAYED; what was cut may be whole."""
    outcomes = Counter(line.outcome for line in lines)
    day.counts["slots"] += len(lines)
    # 错过或者播过 claims no end: a clock that is put back lets it sound once more.
    ended = [line for line in lines if not line.reason.startswith(LOST)]
    for due, times in Counter(line.due_at for line in ended).items():
        # What was told as missed when the clock was past it may sound when it comes there once more.
        came_again = again_from and datetime.fromisoformat(due) >= again_from
        if times > 1 and not came_again:
            both = [line for line in ended if line.due_at == due]
            day.blame("two outcomes", f"{name} of {due} has {both}")
    times, played = sound.times(heard), outcomes[Outcome.PLAYED]
    if sound.nearly(heard) < played:
        part = sound.part(heard)
        day.blame("unheard", f"{name} was PLAYED {played} times and heard {times} times, {part}")
    if times > played + outcomes[Outcome.CUT_SHORT]:
        ends = [(line.due_at, line.outcome.value, line.reason) for line in lines]
        day.blame("twice heard", f"{name} was heard {times} times, and is {ends}")
    if outcomes[Outcome.FAILED]:
        failed = [line for line in lines if line.outcome is Outcome.FAILED]
        day.blame("wrong end", f"{name} FAILED: {failed[0].reason}")


def _check_bounds(day: Day, figures: Figures, most_megabytes: float) -> None:
    bounds = (
        ("megabytes of main", figures.vitals.rss_megabytes, most_megabytes),
        ("handles", figures.vitals.handles, MOST_HANDLES),
        ("threads", figures.vitals.threads, MOST_THREADS),
        ("lines in the log", figures.log_lines, MOST_LOG_LINES),
        ("files in the state", figures.state_files, MOST_STATE_FILES),
    )
    for what, is_so, most in bounds:
        if is_so > most:
            day.wrong.append(f"day {day.number}: {is_so:.0f} {what}, {most:.0f} at most")


def table(days: Sequence[Day]) -> str:
    """The books for a person to read, a line a day."""
    headings = ("day", *COLUMNS, "log", "MB", "fds", "threads", "files", "cache MB")
    rows = [headings]
    for day in days:
        figures = day.figures
        assert figures
        vitals = figures.vitals
        rows.append(
            (
                str(day.number),
                *(str(day.counts[column]) for column in COLUMNS),
                str(figures.log_lines),
                f"{vitals.rss_megabytes:.0f}",
                str(vitals.handles),
                str(vitals.threads),
                str(figures.state_files),
                f"{figures.cache_megabytes:.1f}",
            )
        )
    return grid(rows)


def grid(rows: Sequence[Sequence[str]]) -> str:
    """In columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
    )
