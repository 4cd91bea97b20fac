"""Readings: the village's lexicon, surnames, phrases, and g2pM for what no phrase covers."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from broadcaster.script import dictionary
from broadcaster.script.contexts import read_by_context
from broadcaster.script.forms import is_han
from broadcaster.script.letters import say_letters
from broadcaster.script.lexicon import Lexicon
from broadcaster.script.polyphones import READINGS
from broadcaster.script.segment import segment
from broadcaster.script.surnames import find_surnames
from broadcaster.script.words import is_word


@dataclass(frozen=True)
class Word:
    """What stays together in speech: its sounded units with their dictionary readings; or a mark."""

    text: str
    units: tuple[tuple[str, str], ...]

    @property
    def is_mark(self) -> bool:
        return not self.units


def pronounce(clause: str, lexicon: Lexicon) -> list[Word]:
    """A spoken clause as words; every Han character and every letter is in exactly one unit."""
    fixed = _fixed_readings(clause, lexicon)
    words, place = [], 0
    for text in _words_of(clause, lexicon, fixed):
        words.append(Word(text, tuple(_units(clause, place, text, fixed))))
        place += len(text)
    return words


def _words_of(clause: str, lexicon: Lexicon, fixed: dict[int, str]) -> list[str]:
    """Segmented so that an entry of the lexicon stays whole and a surname is never inside a word."""
    pieces, start, place = [], 0, 0
    while place < len(clause):
        entry = lexicon.match(clause, place)
        if entry or place in fixed:
            pieces += segment(clause[start:place], is_word)
            pieces.append(entry or clause[place])
            start = place + len(pieces[-1])
        place = max(place + 1, start)
    return [piece for piece in pieces + segment(clause[start:], is_word) if piece]


def _fixed_readings(clause: str, lexicon: Lexicon) -> dict[int, str]:
    """Readings by place that win over every phrase: surnames, then the lexicon over them."""
    fixed: dict[int, str] = {}
    for place, _, reading in find_surnames(clause, lexicon.surnames):
        fixed.update(enumerate(reading.split(), place))
    place = 0
    while place < len(clause):
        entry = lexicon.match(clause, place)
        if entry:
            said = lexicon.words[entry]
            given = said if isinstance(said, tuple) else tuple(_readings_of(said))
            fixed.update(enumerate(given, place))
        place += len(entry) or 1
    return fixed


def _units(clause: str, place: int, text: str, fixed: dict[int, str]) -> Iterator[tuple[str, str]]:
    if text.isascii() and text.isalpha():
        yield from say_letters(text)
    elif is_han(text[0]):
        known = _phrase(text) or tuple(_by_context(clause, place + index) for index in range(len(text)))
        for index, char in enumerate(text):
            yield (
                char,
                "yi1"
                if char == "一"
                else "bu4"
                if char == "不"
                else fixed.get(place + index, known[index]),
            )


def _phrase(word: str) -> tuple[str, ...]:
    if word in READINGS:
        return tuple(READINGS[word].split())
    return dictionary.phrase_readings(word) if len(word) > 1 and dictionary.is_phrase(word) else ()


def _by_context(clause: str, place: int) -> str:
    """One character that no phrase covers."""
    char = clause[place]
    usual = dictionary.readings(char)[0]
    return read_by_context(clause, place) or (_guess(clause)[place] if _is_open(char) else "") or usual


def _readings_of(respelling: str) -> Iterator[str]:
    for word in segment(respelling, is_word):
        yield from _phrase(word) or (dictionary.readings(char)[0] for char in word)


@cache
def _g2pm() -> Any:
    from g2pM import G2pM

    with warnings.catch_warnings():
        # It leaves the closing of its four files to the collector.
        warnings.simplefilter("ignore", ResourceWarning)
        return G2pM()


def _is_open(char: str) -> bool:
    """Whether g2pM knows several readings; only then is its network worth 0.3 ms a character."""
    return len(_g2pm().cedict.get(char, ())) > 1


@lru_cache(maxsize=4)
def _guess(clause: str) -> tuple[str, ...]:
    """g2pM's reading of every character, "" where it has none."""
    said = _g2pm()(clause, char_split=True)
    return tuple(one.replace("u:", "v") if one[-1:].isdecimal() else "" for one in said)
