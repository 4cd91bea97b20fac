"""Judges the rhymes of a verse: its scheme, its track, and the lines that ought to rhyme and do not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from string import ascii_uppercase

from broadcaster.core.model import Line
from broadcaster.text.rhyme import Rhyme, rhyme


class Fit(Enum):
    """The verdict on one line's rhyme; an odd line is free not to rhyme, an even one and the last are
    not.
    """

    RHYMES = "押韵"
    FREE = "可不押"
    MISSES = "没押上"


@dataclass(frozen=True)
class LineRhyme:
    """One line of a verse as its rhyme sees it; `wanted` is the track that a missing one misses."""

    line: Line
    rhyme: Rhyme
    letter: str
    fit: Fit
    wanted: str = ""


@dataclass(frozen=True)
class Scheme:
    """A verse, judged: `letters` is one a line, the same for the same track (AABA)."""

    endings: tuple[LineRhyme, ...]

    @property
    def letters(self) -> str:
        return "".join(ending.letter for ending in self.endings)

    @property
    def misses(self) -> tuple[int, ...]:
        """The numbers, from 1, of the lines that miss."""
        return tuple(n for n, ending in enumerate(self.endings, 1) if ending.fit is Fit.MISSES)


def verses(lines: Sequence[Line]) -> Iterator[tuple[Line, ...]]:
    """The verses of a script; prose between them is left out."""
    verse: list[Line] = []
    for line in (*lines, None):
        place = line.place_in_verse if line else 0
        if verse and place <= 1:
            yield tuple(verse)
            verse = []
        if line and place:
            verse.append(line)


def judge(verse: Sequence[Line]) -> Scheme:
    """By one rhyme throughout (一韵到底) or by couplets, whichever the verse keeps better."""
    rhymes = [rhyme(line) for line in verse]
    tracks = [each.track for each in rhymes]
    wanted = min((_one_rhyme(tracks), _couplets(tracks)), key=lambda way: _misses(tracks, way))
    letters = _letters(tracks)
    endings = []
    for number, (line, each) in enumerate(zip(verse, rhymes, strict=True)):
        ought = wanted[number]
        fit = Fit.MISSES if ought and each.track != ought else _found(tracks, number)
        missing = ought if fit is Fit.MISSES else ""
        endings.append(LineRhyme(line, each, letters[number], fit, missing))
    return Scheme(tuple(endings))


def _found(tracks: list[str], number: int) -> Fit:
    return Fit.RHYMES if tracks.count(tracks[number]) > 1 else Fit.FREE


def _letters(tracks: list[str]) -> list[str]:
    order = list(dict.fromkeys(tracks))
    return [ascii_uppercase[order.index(track) % 26] for track in tracks]


def _misses(tracks: list[str], wanted: list[str]) -> int:
    return sum(1 for track, ought in zip(tracks, wanted, strict=True) if ought and track != ought)


def _one_rhyme(tracks: list[str]) -> list[str]:
    """The track that each line ought to be on, "" for a free one, if all rhyme together."""
    count = len(tracks)

    def on(track: str) -> list[str]:
        return [track if n % 2 or n == count - 1 else "" for n in range(count)]

    def worth(track: str) -> tuple[int, int]:
        # What nothing rhymes with is no rhyme, though it may be the only line that ought to.
        alone = tracks.count(track) == 1
        return max(_misses(tracks, on(track)), int(alone and count < 4)), -tracks.count(track)

    return on(min(dict.fromkeys(tracks), key=worth))


def _couplets(tracks: list[str]) -> list[str]:
    """The same if lines rhyme two by two; the last of an odd number goes with the pair before it."""
    ought = ["" if n % 2 == 0 else tracks[n - 1] for n in range(len(tracks))]
    if len(tracks) % 2 and len(tracks) > 1:
        ought[-1] = tracks[-2]
    return ought
