"""The values of the program: settled notice, script, line, clip, programme, airing, outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from enum import Enum, IntEnum
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from broadcaster.core.notice import Notice, new_id

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray


class AiringKind(Enum):
    """The origin of an airing: live, by the timetable, or a loop. The rule for resuming after a cut
    depends on it.
    """

    LIVE = "live"
    SCHEDULED = "scheduled"
    LOOP = "loop"


class Outcome(Enum):
    """The ending of an airing; every airing has exactly one. UNKNOWN means that the record of it was
    lost.
    """

    PLAYED = "PLAYED"
    CUT_SHORT = "CUT_SHORT"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    SUPPRESSED = "SUPPRESSED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class Break(IntEnum):
    """The distance between two syllables, as speech corpora label it (#0 to #3 in the Baker set)."""

    NONE = 0
    WORD = 1
    PHRASE = 2
    CLAUSE = 3


@dataclass(frozen=True)
class Syllable:
    """One sounded unit: a Han character, or a Latin letter said by its name.

    `pinyin` is the dictionary's reading and `sounded` the one after sandhi: lower case, ü as `v`,
    one digit for the tone, 5 for neutral. A letter whose name has several syllables (W) keeps them
    in one unit, parted by spaces. `gap` is the break after it.
    """

    text: str
    pinyin: str
    sounded: str
    gap: Break = Break.NONE

    def colours(self, before: Syllable) -> bool:
        """True for the 儿 of 花儿, which is said in one with the syllable before it."""
        return self.text == "儿" and self.sounded == "er5" and before.gap is Break.NONE


@dataclass(frozen=True)
class Line:
    """One breath of speech: as written, in spoken words, as syllables; and the pause after it.

    A line of a verse has its place in it, from 1; prose has 0. `beats` says how many of `sounds` fall
    on each beat; a line that is not spoken to a beat has none. The opening is not `matter`.
    """

    written: str
    spoken: str
    syllables: tuple[Syllable, ...]
    pause_seconds: float = 0.0
    place_in_verse: int = 0
    beats: tuple[int, ...] = ()
    matter: bool = True

    @property
    def sounds(self) -> tuple[Syllable, ...]:
        """The syllables that take time of their own: 儿 that colours the one before it takes none."""
        pairs = zip((None, *self.syllables), self.syllables, strict=False)
        return tuple(this for before, this in pairs if not (before and this.colours(before)))


@dataclass(frozen=True)
class Script:
    """The lines of a notice in speaking order: opening, body as often as it repeats, closing."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Waveform:
    """Mono sound as a voice makes it; full scale is ±1.0."""

    samples: NDArray[float32]
    rate_hz: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate_hz


@dataclass(frozen=True)
class Clip:
    """One mastered line on disk, in the station's format, named by the hash of all that made it."""

    key: str
    path: Path
    seconds: float


@dataclass(frozen=True)
class Item:
    """A clip in its place in a programme, with the silence after it; `says` is its text as written.

    Signal, opening and clappers are not `matter`: who heard no more has heard nothing of the notice. A
    `continuous` one is a part of a sound and no speech: after a cut that goes on from its place. Of one
    that is `incoming`, made elsewhere while it is heard, it goes on where it is by then.
    `piece` is the column's piece that it belongs to, from 1; the words of the notice before them are 0,
    its closing comes after the last. A continuous one begins at `at_seconds` of its sound, which is
    played until `of_seconds`; 0 where that is not known. One that stands in for another says why, in
    `instead_of`, a sentence in Chinese.
    """

    clip: Clip
    pause_seconds: float = 0.0
    says: str = ""
    matter: bool = True
    continuous: bool = False
    piece: int = 0
    at_seconds: float = 0.0
    of_seconds: float = 0.0
    incoming: bool = False
    instead_of: str = ""

    @property
    def seconds(self) -> float:
        return self.clip.seconds + self.pause_seconds


@dataclass(frozen=True)
class Lack:
    """A piece of a column that could not be had, by its number, and why, in Chinese."""

    piece: int
    sentence: str


@dataclass(frozen=True)
class Programme:
    """The clips of one notice in order, chime first, all in one voice, ready for air. `lacks` is what of
    a column could not be had and nothing stood in for.
    """

    voice: str
    items: tuple[Item, ...]
    lacks: tuple[Lack, ...] = ()

    @property
    def seconds(self) -> float:
        return sum(item.seconds for item in self.items)

    @property
    def faults(self) -> dict[int, str]:
        """A sentence for each piece that could not be had, whether or not something stood in for it."""
        stood_in = {item.piece: item.instead_of for item in self.items if item.instead_of}
        return stood_in | {lack.piece: lack.sentence for lack in self.lacks}


@dataclass(frozen=True)
class SettledNotice:
    """A notice with everything filled in that it left to the station: a render job takes this.

    `voice` is the one that it wishes, or speaks instead of one that is not installed; `key` names its
    programme in that voice, by the lexicon of then. Both are "" where no voice may speak it.
    """

    notice: Notice
    voice: str
    key: str


@dataclass(frozen=True)
class Airing:
    """One occurrence of a notice on the air; not worth saying after `expires_at`.

    `window_from` is when the window of a loop began, to which this occurrence belongs. Of a `firm` one
    quiet hours move the beginning only: who asked for it said until when it is true, and a column fades
    out then; one that is
    `night_ok` they do not hold off. It is `kept` unless who asked is told that the disk took nothing: a
    power cut would end it then.
    """

    notice: Notice
    due_at: datetime
    expires_at: datetime
    kind: AiringKind = AiringKind.LIVE
    asked_by: str = ""
    id: str = field(default_factory=new_id)
    window_from: datetime | None = None
    firm: bool = False
    night_ok: bool = False
    kept: bool = True

    def in_zone(self, zone: tzinfo) -> Airing:
        """The same moments as the station's people read them: a county gives its own in UTC."""
        due_at, expires_at = self.due_at.astimezone(zone), self.expires_at.astimezone(zone)
        return replace(self, due_at=due_at, expires_at=expires_at)


@dataclass(frozen=True)
class JournalEntry:
    """The result of one airing, written when its sound has ended.

    `seconds_played` counts the sound that the device really took, repeats after a cut included;
    `seconds_due` is the length of the programme as far as it was known at the end, 0 if unknown. It
    ended before `next_line`, of a continuous one at `seconds_in_line` of it.
    """

    airing: Airing
    outcome: Outcome
    reason: str
    voice: str
    started_at: datetime | None
    ended_at: datetime
    seconds_played: float
    seconds_due: float
    next_line: int = 0
    seconds_in_line: float = 0.0


LINES_OF_A_PIECE = 100_000


def line_before(piece: int) -> int:
    """The line after which those of a column's piece are numbered."""
    return piece * LINES_OF_A_PIECE


def piece_of(line: int) -> int:
    """The column's piece that a line belongs to; 0 for the words before them."""
    return line // LINES_OF_A_PIECE


def numbered(items: Iterable[Item], has_signal: bool) -> Iterator[Ready]:
    """The items of a whole programme with their lines; the first may be its signal."""
    for piece, those in groupby(items, key=lambda item: item.piece):
        first = line_before(piece) + (piece > 0 or not has_signal)
        for line, item in enumerate(those, first):
            yield Ready(item, first if item.continuous else line)


@dataclass(frozen=True)
class Ready:
    """The next sound of a programme that is being made: a whole clip, or a piece of one.

    `line` is its place in speaking order: 0 the signal, from 1 on the lines and what is between. Those
    of a column's piece follow `line_before` it, and all parts of a sound are one line: so a place in a
    column is known without what comes before it.
    """

    item: Item
    line: int


@dataclass(frozen=True)
class Made:
    """A programme is whole; nothing more comes of it."""

    programme: Programme


@dataclass(frozen=True)
class RenderFailed:
    """A programme cannot be made, or not to its end; `reason` is a sentence in Chinese."""

    reason: str


Delivery = Ready | Made | RenderFailed


@dataclass(frozen=True)
class Prepared:
    """A programme, one of several, was made now or before; or cannot be, and `problem` says why."""

    number: int
    of: int
    notice: Notice
    seconds: float = 0.0
    made: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Pruned:
    """The result of a clean-up of the cache: how much was removed and how much is left."""

    clips: int
    programmes: int
    bytes_freed: int
    bytes_left: int


# The sections of config/lexicon.yaml in their order; of the words and places the last one counts.
SECTIONS = {"words": "词", "places": "地名", "surnames": "姓"}


@dataclass(frozen=True)
class Entry:
    """A word of the village, and how it is said: by pinyin or by other characters."""

    section: str
    word: str
    said: str

    @property
    def kind(self) -> str:
        """词, 地名 or 姓."""
        return SECTIONS[self.section]
