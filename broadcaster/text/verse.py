"""Finds the verses (顺口溜) in a text: short even lines of their own, or quoted inside prose."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from broadcaster.core.model import Line
from broadcaster.text.rhyme import rhyme
from broadcaster.text.rhyme_scheme import judge

# 三字经 to 十二字句; what is longer is no line that a crowd repeats.
SHORTEST, LONGEST = 3, 12
MOST_IN_A_ROW = 3  # 不串门，不聚餐，保护自己保平安
# More rows are taken in parts: in a list all its runs are tried, by the square of its length.
MOST_ROWS = 40
CLAUSE = re.compile(r"[^，。！？；、…,\n]+[，。！？；、…,]*")
QUOTED = re.compile(r"[“「『\"]([^“”「」『』\"：]{6,400})[”」』\"]")
BETWEEN_QUOTES = re.compile(r"[”」』\"][“「『\"]")
SPEECH = re.compile(r"\w")
QUOTES = "“”‘’\"'「」『』 \n"

Read = Callable[[str], tuple[Line, ...]]


@dataclass(frozen=True)
class VerseCandidate:
    """A stretch of the text, and the lines in it that may be of a verse."""

    start: int
    end: int
    lines: tuple[Line, ...]


def lines_with_verses(text: str, read: Read) -> tuple[Line, ...]:
    """A clean text as lines, each line of a verse one of its own, with its place in the verse.

    `read` makes the lines of a piece of text.
    """
    found: list[Line] = []
    end = 0
    for verse in _verses(text, read):
        found += _prose(text[end : verse.start], read)
        found += (replace(line, place_in_verse=place) for place, line in enumerate(verse.lines, 1))
        end = verse.end
    return (*found, *_prose(text[end:], read))


def _prose(text: str, read: Read) -> tuple[Line, ...]:
    return read(text) if SPEECH.search(text) else ()


def _verses(text: str, read: Read) -> Iterator[VerseCandidate]:
    """The verses of a text: the whole text, runs of its short rows, or quotations inside other rows."""
    block: list[VerseCandidate] = []
    for row in re.finditer(r"[^\n]*\n?", text):
        lines = _short_lines(row[0], read)
        if lines:
            block.append(VerseCandidate(row.start(), row.end(), lines))
        if not lines or len(block) == MOST_ROWS:
            yield from _verses_among(block, text)
            block = []
        if not lines:
            yield from _quoted_verses(row[0], row.start(), read)
    yield from _verses_among(block, text)


def _quoted_verses(row: str, start: int, read: Read) -> Iterator[VerseCandidate]:
    for quote in QUOTED.finditer(row):
        lines = _short_lines(quote[1], read)
        # 万众一心，众志成城 is even too, and 信息员、宣传员 ends alike.
        if _is_even(lines) and not judge(lines).misses and len({rhyme(each).text for each in lines}) > 1:
            yield VerseCandidate(start + quote.start(), start + quote.end(), lines)


def _short_lines(row: str, read: Read) -> tuple[Line, ...]:
    """The clauses of a row if every one of them is as short as a line of verse; else none."""
    clauses = [clause.strip(QUOTES) for clause in CLAUSE.findall(row) if SPEECH.search(clause)]
    sizes = [len(SPEECH.findall(clause)) for clause in clauses]
    if "：" in row or BETWEEN_QUOTES.search(row) or not all(SHORTEST <= n <= LONGEST for n in sizes):
        return ()
    lines = [read(clause) for clause in clauses]
    return tuple(line for said in lines for line in said) if all(len(s) == 1 for s in lines) else ()


def _verses_among(rows: Sequence[VerseCandidate], text: str) -> Iterator[VerseCandidate]:
    """The longest run of rows that is a verse, and the same before and behind it."""
    for size in range(len(rows), 0, -1):
        for first in range(len(rows) - size + 1):
            run = rows[first : first + size]
            if _is_verse(run, text):
                yield from _verses_among(rows[:first], text)
                yield VerseCandidate(run[0].start, run[-1].end, _lines_of(run))
                yield from _verses_among(rows[first + size :], text)
                return


def _lines_of(run: Sequence[VerseCandidate]) -> tuple[Line, ...]:
    return tuple(line for row in run for line in row.lines)


def _is_verse(run: Sequence[VerseCandidate], text: str) -> bool:
    """Even lines that rhyme; a text that is nothing but short lines need not rhyme."""
    lines = _lines_of(run)
    if not SPEECH.search(text[: run[0].start] + text[run[-1].end :]):
        return _is_even(lines) or len(run) == len(lines) > 1
    return 1 < len(run) and len(lines) <= len(run) * MOST_IN_A_ROW and _is_even(lines) and _rhymes(lines)


def _rhymes(lines: Sequence[Line]) -> bool:
    """True if any two lines rhyme, and a last line of another length rhymes with one of them."""
    tracks = Counter(rhyme(line).track for line in lines)
    return max(tracks.values()) > 1 and (not _ends_long(lines) or tracks[rhyme(lines[-1]).track] > 1)


def _is_even(lines: Sequence[Line]) -> bool:
    """Every length twice or more; but the last line may be the longest, as that of 5, 5, 7."""
    sizes = [len(line.sounds) for line in lines]
    lonely = [size for size, count in Counter(sizes).items() if count == 1]
    return len(sizes) > 1 and (not lonely or (len(lonely) == 1 < len(sizes) - 1 and _ends_long(lines)))


def _ends_long(lines: Sequence[Line]) -> bool:
    *before, last = (len(line.sounds) for line in lines)
    return last > max(before)
