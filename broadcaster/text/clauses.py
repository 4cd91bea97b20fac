"""Splits cleaned text into clauses at the marks where a person breathes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum


class PauseKind(IntEnum):
    """The kind of pause after a clause, from an item of a list to the end of a paragraph."""

    NONE = 0
    ITEM = 1
    COMMA = 2
    COLON = 3
    SEMICOLON = 4
    LINE = 5
    SENTENCE = 6
    PARAGRAPH = 7


# Seconds on top of the 0.1 s of silence in which a line of the offline voice ends.
PAUSE_SECONDS = {
    PauseKind.NONE: 0.0,
    PauseKind.ITEM: 0.1,
    PauseKind.COMMA: 0.25,
    PauseKind.COLON: 0.35,
    PauseKind.SEMICOLON: 0.4,
    PauseKind.LINE: 0.45,
    PauseKind.SENTENCE: 0.55,
    PauseKind.PARAGRAPH: 0.8,
}

PAUSE_OF_MARK = {
    "、": PauseKind.ITEM,
    "，": PauseKind.COMMA,
    "：": PauseKind.COLON,
    "；": PauseKind.SEMICOLON,
    "\n": PauseKind.LINE,
}
PAUSE_OF_MARK |= dict.fromkeys("（— /”’》", PauseKind.COMMA)
PAUSE_OF_MARK |= {"）": PauseKind.COLON} | dict.fromkeys("。！？…", PauseKind.SENTENCE)
SPOKEN_MARKS = "，。！？；：、"

# ：before a number and 、between numbers stay inside, for what stands before says how to read them;
# so do a space between digits or signs (139 3123 4567), a dash before 次年, and the slash of km/h.
MARK = (
    r"(?:[，。！？；…（）\n]|(?<![\d=+≤≥<>×/-]) | (?![\d=+≤≥<>×/-])|：(?!\s*\d)|(?<!\d)、|、(?!\d)"
    r"|(?<!\d)—+(?![次今明当本]年)|—+(?!\d|[次今明当本]年)|(?<=[”’》])(?=[“‘《])"
    r"|(?<=[^\d\s])(?<![a-z])/(?=[^\d\s])(?![\u4e00-\u9fff]{1,3}(?:[，。）]|$)))"
)
CLAUSE = re.compile(rf"(?P<body>.*?)(?P<marks>{MARK}[，。！？；：、…（）—\n ”’》]*|$)", re.DOTALL)
QUOTES = re.compile("[“”‘’\"'《》〈〉「」『』【】\\[\\]{}]")
# Text without any mark is taken in pieces, whose work grows with their square; 120 is four lines.
PIECE = re.compile(r".{1,119}(?:[^\d.:/-]|$)|.{1,120}", re.DOTALL)
SPEAKABLE = re.compile(r"\w")


@dataclass(frozen=True)
class Clause:
    """A written piece with its marks, its words alone, the mark to say and the pause after it."""

    written: str
    words: str
    mark: str
    pause: PauseKind


def split_clauses(text: str) -> Iterator[Clause]:
    """The clauses of a cleaned text, in order; none is without something to say."""
    for match in CLAUSE.finditer(text):
        *pieces, last = PIECE.findall(match["body"]) or [""]
        for piece in pieces:
            yield Clause(piece, QUOTES.sub("", piece).strip(), "", PauseKind.NONE)
        if SPEAKABLE.search(last):
            marks = match["marks"] or "\n\n" * (match.end() == len(text))
            yield _clause((last + match["marks"]).strip(), QUOTES.sub("", last).strip(), marks)


def _clause(written: str, words: str, marks: str) -> Clause:
    pause = max((PAUSE_OF_MARK.get(mark, PauseKind.COMMA) for mark in marks), default=PauseKind.COMMA)
    if marks.count("\n") > 1:
        pause = PauseKind.PARAGRAPH
    spoken = [mark for mark in marks.replace("…", "。") if mark in SPOKEN_MARKS]
    mark = max(
        spoken, key=lambda one: PAUSE_OF_MARK[one], default="，" if pause < PauseKind.LINE else "。"
    )
    return Clause(written, words, mark, pause)
