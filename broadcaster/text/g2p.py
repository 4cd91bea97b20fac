"""Finds the pinyin of each character: by the village's lexicon, surnames and phrases, and by g2pM where
no phrase covers it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from broadcaster.text import dictionary, g2p_network
from broadcaster.text.context_readings import ALONE, read_by_context
from broadcaster.text.letters import say_letters
from broadcaster.text.lexicon import Lexicon
from broadcaster.text.polyphones import READINGS
from broadcaster.text.segmentation import segment
from broadcaster.text.surnames import find_surnames
from broadcaster.text.unicode_forms import is_han
from broadcaster.text.word_boundaries import cost

ALWAYS = {"一": "yi1", "不": "bu4"}
# What the network must believe of its reading to be taken before a table's. Tuned on the dev split of
# its own data (CPP); against common phrases it is as often wrong as right even at 0.9999 (会计, 中暑).
NEVER = 2.0
CONFIDENCE_AGAINST_SELDOM = 0.98
CONFIDENCE_AGAINST_ALONE = 0.9
# -ln of the share of words under which a phrase of two characters is seldom: 1 in 1.2 million.
SELDOM_PAIR = 14.0


@dataclass(frozen=True)
class SpokenWord:
    """A word as it is spoken: its sounded units with their dictionary readings; or a mark."""

    text: str
    units: tuple[tuple[str, str], ...]

    @property
    def is_mark(self) -> bool:
        return not self.units


@dataclass(frozen=True)
class Sentence:
    """A clause with what is said around it, for the network reads a sentence better than a piece."""

    clause: str
    before: str = ""
    behind: str = ""

    def guess(self, place: int) -> g2p_network.Guess:
        """The network's reading at a place of the clause; confidence 0 where it has none."""
        guesses = g2p_network.guess(self.before + self.clause + self.behind)
        return guesses.get(len(self.before) + place, g2p_network.NO_GUESS)


def pronounce(clause: str, lexicon: Lexicon, before: str = "", behind: str = "") -> list[SpokenWord]:
    """A spoken clause as words; every Han character and every letter is in exactly one unit."""
    sentence = Sentence(clause, before, behind)
    fixed = _fixed_readings(clause, lexicon)
    words, place = [], 0
    for text in _words_of(clause, lexicon, fixed):
        words.append(SpokenWord(text, tuple(_units(sentence, place, text, fixed))))
        place += len(text)
    return words


def _words_of(clause: str, lexicon: Lexicon, fixed: dict[int, str]) -> list[str]:
    """Segmented so that an entry of the lexicon stays whole and a surname is never inside a word."""
    pieces, start, place = [], 0, 0
    while place < len(clause):
        entry = lexicon.match(clause, place)
        if entry or place in fixed:
            pieces += segment(clause[start:place])
            pieces.append(entry or clause[place])
            start = place + len(pieces[-1])
        place = max(place + 1, start)
    return [piece for piece in pieces + segment(clause[start:]) if piece]


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


def _units(
    sentence: Sentence, place: int, text: str, fixed: dict[int, str]
) -> Iterator[tuple[str, str]]:
    if text.isascii() and text.isalpha():
        yield from say_letters(text)
    elif is_han(text[0]):
        for at, said in enumerate(_readings(sentence, place, text), place):
            char = sentence.clause[at]
            yield char, ALWAYS.get(char) or fixed.get(at, said)


def _readings(sentence: Sentence, place: int, text: str) -> Iterator[str]:
    """A word's syllables: of the longest phrases in it, and of each character that no phrase covers."""
    start = 0
    while start < len(text):
        phrase = _longest_phrase(text, start)
        if phrase:
            known, needed = _phrase(phrase), _confidence_against(phrase)
            for at, said in enumerate(known, place + start):
                yield _unless_surer(sentence, at, said, needed)
        else:
            yield _by_context(sentence, place + start)
        start += len(phrase) or 1


def _longest_phrase(text: str, start: int) -> str:
    for end in range(len(text), start + 1, -1):
        if _phrase(text[start:end]):
            return text[start:end]
    return ""


def _phrase(word: str) -> tuple[str, ...]:
    if word in READINGS:
        return tuple(READINGS[word].split())
    return dictionary.phrase_readings(word) if len(word) > 1 and dictionary.is_phrase(word) else ()


def _confidence_against(phrase: str) -> float:
    """The certainty that the network needs to overrule a phrase; only a rare pair of characters can be
    overruled.
    """
    seldom = phrase not in READINGS and len(phrase) == 2 and (cost(phrase) or 0.0) >= SELDOM_PAIR
    return CONFIDENCE_AGAINST_SELDOM if seldom else NEVER


def _unless_surer(sentence: Sentence, place: int, said: str, needed: float) -> str:
    if needed is NEVER or not g2p_network.knows(sentence.clause[place]):
        return said
    guess = sentence.guess(place)
    return guess.reading if guess.confidence >= needed else said


def _by_context(sentence: Sentence, place: int) -> str:
    """One character that no phrase covers."""
    char = sentence.clause[place]
    if said := read_by_context(sentence.clause, place):
        return said
    alone = ALONE.get(char, "")
    if not g2p_network.knows(char):
        return alone or dictionary.readings(char)[0]
    return _unless_surer(sentence, place, alone, CONFIDENCE_AGAINST_ALONE if alone else 0.0)


def _readings_of(respelling: str) -> Iterator[str]:
    for word in segment(respelling):
        yield from _phrase(word) or (dictionary.readings(char)[0] for char in word)
