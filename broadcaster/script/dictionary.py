"""What pypinyin knows: the readings of single characters and 47,000 phrases."""

from functools import cache, lru_cache

from pypinyin.constants import PHRASES_DICT, PINYIN_DICT
from pypinyin.contrib.tone_convert import to_tone3

# A character no table knows is said as 某, so that the line stays whole.
UNKNOWN = "mou3"


def is_phrase(word: str) -> bool:
    return word in PHRASES_DICT


@lru_cache(maxsize=4096)
def phrase_readings(word: str) -> tuple[str, ...]:
    """One numbered syllable for each character of a phrase; KeyError when it is none."""
    return tuple(numbered(syllable[0]) for syllable in PHRASES_DICT[word])


@lru_cache(maxsize=8192)
def readings(char: str) -> tuple[str, ...]:
    """All readings of one character, the usual one first."""
    listed = PINYIN_DICT.get(ord(char), "")
    return tuple(dict.fromkeys(map(numbered, listed.split(",")))) if listed else (UNKNOWN,)


@cache
def numbered(syllable: str) -> str:
    """quán → quan2, lǜ → lv4, men → men5."""
    return str(to_tone3(syllable, v_to_u=False, neutral_tone_with_five=True)).replace("ü", "v")
