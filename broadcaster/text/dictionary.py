"""Looks up the shipped tables: readings of characters and phrases, and how common a word is."""

from functools import cache, lru_cache

from broadcaster.text import reading_tables

# A character no table knows is said as 某, so that the line stays whole.
UNKNOWN = "mou3"
# A phrase that the corpus lacks counts as one that it holds three times.
SELDOM = reading_tables.cost_of(3)


def is_phrase(word: str) -> bool:
    return word in _phrases()


@lru_cache(maxsize=4096)
def phrase_readings(word: str) -> tuple[str, ...]:
    """One numbered syllable for each character of a phrase; KeyError when it is none."""
    return tuple(_phrases()[word].split())


@lru_cache(maxsize=8192)
def readings(char: str) -> tuple[str, ...]:
    """All readings of one character, the usual one first."""
    listed = _characters().get(ord(char), "")
    return (
        tuple(dict.fromkeys(map(reading_tables.syllable, listed.split(",")))) if listed else (UNKNOWN,)
    )


def word_costs() -> dict[str, float]:
    """jieba's common words, each with how unlikely it is."""
    return dict(reading_tables.read_words())


@cache
def _characters() -> dict[int, str]:
    return reading_tables.read_characters()


@cache
def _phrases() -> dict[str, str]:
    return reading_tables.read_phrases()
