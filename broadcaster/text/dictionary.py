"""Looks up the shipped tables: readings of characters and phrases, and how common a word is."""

from functools import cache, lru_cache

from broadcaster.text import reading_tables
from broadcaster.text.lexicon import numbered

# A character no table knows is said as 某, so that the line stays whole.
UNKNOWN = "mou3"
# A phrase that the corpus lacks counts as one that it holds three times.
RARE_PHRASE_COST = reading_tables.cost_of(3)


def is_phrase(word: str) -> bool:
    return word in reading_tables.read_phrases()


@lru_cache(maxsize=4096)
def phrase_readings(word: str) -> tuple[str, ...]:
    """One numbered syllable for each character of a phrase; KeyError when it is none."""
    return reading_tables.first_readings(reading_tables.read_phrases()[word])


@lru_cache(maxsize=8192)
def readings(char: str) -> tuple[str, ...]:
    """All readings of one character, the usual one first."""
    listed = _characters().get(ord(char), "")
    return tuple(dict.fromkeys(map(numbered, listed.split(",")))) if listed else (UNKNOWN,)


@cache
def _characters() -> dict[int, str]:
    return reading_tables.read_characters()
