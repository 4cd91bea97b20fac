"""Checks that a lexicon entry gives a word a reading that its characters could have; for people who
cannot listen to it.
"""

import re

from broadcaster.core.errors import WordRefused
from broadcaster.text import reading_tables
from broadcaster.text.lexicon import INITIAL, WORD, numbered, syllables

PARTS = re.compile(f"({INITIAL})(.*?)[1-5]?")


def check_near(word: str, said: str) -> None:
    """Raise `WordRefused` unless each syllable shares its initial or its final with one that the
    dictionary has for its character, as dialects and names do: 撤离 is not to be said as 不要.
    """
    # Not kept: the box's main process has 90 MB for all, and this is rare.
    table = reading_tables.read_characters()

    def readings(char: str) -> list[str]:
        return [numbered(one) for one in table.get(ord(char), "").split(",") if one]

    given = tuple(said.strip()) if WORD.fullmatch(said.strip()) else syllables(said)
    for char, one in zip(word, given, strict=False):
        heard = readings(one) if WORD.fullmatch(one) else [one]
        if not any(_are_near(each, known) for each in heard for known in readings(char)):
            raise WordRefused(f"“{char}”一般不读“{one}”，差得太远了。要这样读，请人在网页上听过再改。")


def _are_near(one: str, other: str) -> bool:
    first, second = PARTS.fullmatch(one), PARTS.fullmatch(other)
    return bool(first and second and (first[1] == second[1] != "" or first[2] == second[2]))
