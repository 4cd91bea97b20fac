"""The Mandarin front end: turns a text into the lines in which it is spoken."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import accumulate, chain, repeat

from broadcaster.core.errors import TextRefused
from broadcaster.core.model import Break, Line, Syllable
from broadcaster.settings.schema import LexiconSettings
from broadcaster.text import g2p, normalise
from broadcaster.text.clauses import PAUSE_OF_MARK, PAUSE_SECONDS, Clause, PauseKind, split_clauses
from broadcaster.text.clean import clean
from broadcaster.text.g2p import SpokenWord
from broadcaster.text.lexicon import load_lexicon
from broadcaster.text.phrasing import cut_worth, gaps
from broadcaster.text.sandhi import sound
from broadcaster.text.verse import lines_with_verses

# More is over 6 s of one breath; the first sound waits for the whole line's durations.
LONGEST_LINE = 30
# The decoder works 2 ms on a character before the first of them sounds.
LONGEST_FIRST = 16
# What decides a reading stands nearer than this, and the first sound does not wait for more.
LONGEST_SENTENCE = 100
# For a character the network needs 0.3 ms, so a text whose beginning is waited for begins in pieces:
# the first line, the one behind it that says whether it is the last, and what may join that.
FIRST_SENTENCES = (25, 25, 25)
# Up to so many characters two clauses are one line, by what parts them.
JOINED = {PauseKind.ITEM: 20, PauseKind.COMMA: 15, PauseKind.COLON: 6}

LEAST_LINE = 4
BEHIND_LEAST = 24


@dataclass(frozen=True)
class BreathGroup:
    """Words that will be said in one breath, with what they came from."""

    written: str
    words: tuple[SpokenWord, ...]
    mark: str
    pause: PauseKind

    @property
    def size(self) -> int:
        return sum(len(word.text) for word in self.words if not word.is_mark)

    @property
    def spoken(self) -> str:
        return "".join(word.text for word in self.words) + self.mark


class Frontend:
    """Turns texts into lines; loads its dictionaries (100 MB) when it first reads."""

    def __init__(self, lexicon: LexiconSettings, longest_text: int = 10_000) -> None:
        self._lexicon = load_lexicon(lexicon)
        self._longest_text = longest_text

    def lines(self, text: str) -> tuple[Line, ...]:
        """The spoken lines of a text. Raises `TextRefused` if there is nothing to say."""
        return tuple(self.each_line(text))

    def each_line(self, text: str, soon: bool = False) -> Iterator[Line]:
        """The same, a line read when it is wanted; `TextRefused` comes with the first.

        With `soon` nothing sounds before it: it is short, for its sound waits for the whole of it.
        """
        return self._each_line(clean(text, self._longest_text), soon)

    def lines_with_verses(self, text: str) -> tuple[Line, ...]:
        """The same with every verse line by line; `TextRefused` when there is nothing to say."""
        cleaned = clean(text, self._longest_text)
        return lines_with_verses(cleaned, lambda piece: tuple(self._each_line(piece)))

    def _each_line(self, text: str, soon: bool = False) -> Iterator[Line]:
        groups = _join(self._breath_groups(text, FIRST_SENTENCES if soon else ()))
        first = next(groups, None)
        if first is None:
            raise TextRefused("这段文字里没有能念的字，请写上要说的话。")
        yield from map(_line, _first_breath(first) if soon else (first,))
        yield from map(_line, groups)

    def warm(self) -> None:
        """Load everything that the first text would wait for, about 1 s."""
        self.lines("一行人在12号楼长谈")

    def _breath_groups(self, text: str, first_sizes: tuple[int, ...]) -> Iterator[BreathGroup]:
        for sentence in _sentences(text, first_sizes):
            spoken = "".join(said + clause.mark for clause, said in sentence)
            start = 0
            for clause, said in sentence:
                end = start + len(said)
                words = g2p.pronounce(said, self._lexicon, spoken[:start], spoken[end:])
                start = end + len(clause.mark)
                if words:
                    yield from _breaths(clause, words)


def _sentences(text: str, first_sizes: tuple[int, ...]) -> Iterator[list[tuple[Clause, str]]]:
    """Clauses with their spoken words, those together that a sentence or a line of the text holds."""
    sizes = chain(first_sizes, repeat(LONGEST_SENTENCE))
    longest = next(sizes)
    sentence: list[tuple[Clause, str]] = []
    for clause in split_clauses(text):
        sentence.append((clause, normalise.normalise(clause.words)))
        if clause.pause >= PauseKind.LINE or sum(len(said) for _, said in sentence) > longest:
            yield sentence
            sentence, longest = [], next(sizes)
    if sentence:
        yield sentence


def _breaths(clause: Clause, words: list[SpokenWord]) -> Iterator[BreathGroup]:
    """A clause whole, or cut between words where it is too long for one breath."""
    pieces = _cut(words)
    written = _written_of(clause.written, ["".join(word.text for word in piece) for piece in pieces])
    for piece, source in zip(pieces[:-1], written, strict=False):
        yield BreathGroup(source, tuple(piece), "", PauseKind.NONE)
    yield BreathGroup(written[-1], tuple(pieces[-1]), clause.mark, clause.pause)


def _first_breath(group: BreathGroup) -> Iterator[BreathGroup]:
    """A long one in two."""
    first, *behind = _cut(list(group.words), LONGEST_FIRST)
    if not behind:
        yield group
        return
    left = [word for piece in behind for word in piece]
    said = ["".join(word.text for word in words) for words in (first, left)]
    written = _written_of(group.written, said)
    mark = first.pop().text if first[-1].is_mark else ""
    yield BreathGroup(written[0], tuple(first), mark, PAUSE_OF_MARK.get(mark, PauseKind.NONE))
    yield BreathGroup(written[1], tuple(left), group.mark, group.pause)


def _cut(words: list[SpokenWord], longest: int = LONGEST_LINE) -> list[list[SpokenWord]]:
    """Halved at the best place near the middle until every piece fits."""
    sizes = [0 if word.is_mark else len(word.text) for word in words]
    total = sum(sizes)
    if total <= longest or len(words) < 2:
        return [words]
    ends = list(accumulate(sizes))
    worth = cut_worth(words)
    place = max(range(1, len(words)), key=lambda at: worth[at - 1] - abs(ends[at - 1] / total - 0.5))
    return _cut(words[:place], longest) + _cut(words[place:], longest)


def _written_of(written: str, pieces: list[str]) -> list[str]:
    """The parts of a written clause that pieces of its spoken form came from."""
    if len(pieces) == 1:
        return [written]
    spoken = "".join(pieces)
    blocks = SequenceMatcher(None, spoken, written, autojunk=False).get_matching_blocks()
    parts, start = [], 0
    for end in list(accumulate(map(len, pieces)))[:-1]:
        by_share = len(written) * end // len(spoken)
        cut = next((j + min(end - i, size) for i, j, size in reversed(blocks) if i <= end), by_share)
        parts.append(written[start : max(cut, start + 1)])
        start += len(parts[-1])
    return [*parts, written[start:]]


def _join(groups: Iterator[BreathGroup]) -> Iterator[BreathGroup]:
    """Short clauses, items of a list above all, go together in one line."""
    current: BreathGroup | None = None
    for group in groups:
        if current and current.size + group.size <= _room_behind(current):
            mark = SpokenWord(current.mark, ())
            words = (*current.words, *([mark] if current.mark else []), *group.words)
            current = BreathGroup(current.written + group.written, words, group.mark, group.pause)
            continue
        if current:
            yield current
        current = group
    if current:
        yield current


def _room_behind(current: BreathGroup) -> int:
    """Up to how many characters a line may grow behind this; 目前 gets no line of its own."""
    if current.size <= LEAST_LINE and current.pause in (PauseKind.COMMA, PauseKind.COLON):
        return BEHIND_LEAST
    return JOINED.get(current.pause, 0)


def _line(group: BreathGroup) -> Line:
    words = list(group.words)
    sounded = iter(sound(words))
    syllables = [
        Syllable(char, reading, next(sounded), Break.NONE if place < len(word.units) else gap)
        for word, gap in zip(words, gaps(words), strict=True)
        for place, (char, reading) in enumerate(word.units, 1)
    ]
    syllables[-1] = replace(syllables[-1], gap=Break.CLAUSE)
    return Line(group.written, group.spoken, tuple(syllables), PAUSE_SECONDS[group.pause])
