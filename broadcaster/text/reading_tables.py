"""Reads the tables of pypinyin and jieba as data. Imported, the two libraries would hold 130 MB; the
tables hold 20.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from math import log
from mmap import ACCESS_READ, mmap
from pathlib import Path

from broadcaster.text.lexicon import numbered

# What occurs less often in jieba's corpus of 60 million words is mostly names and noise.
RARE = 15
CORPUS = 60_101_967
COMMON_WORD = re.compile(rb"^((?:[\xe4-\xe9][\x80-\xbf]{2}){1,7}) (\d{2,}) (?!nr)", re.MULTILINE)
PHRASE = re.compile(r'"([^"]+)":\s*\[((?:\s*\[[^\]]*\],?)+)\s*\]')
FIRST_READING = re.compile(r'\[\s*"([^"]+)"')


def read_characters() -> dict[int, str]:
    """pypinyin's readings of single characters by code point, the usual one first, split by commas."""
    table = json.loads(_shipped("pypinyin", "pinyin_dict.json").read_text(encoding="utf-8"))
    return {int(code): said for code, said in table.items()}


@cache
def read_phrases() -> dict[str, str]:
    """pypinyin's 47,000 phrases, each with the readings of its characters as they are written there,
    for `first_readings`.
    """
    return dict(PHRASE.findall(_shipped("pypinyin", "phrases_dict.json").read_text(encoding="utf-8")))


def first_readings(written: str) -> tuple[str, ...]:
    """One numbered syllable for each character of a phrase; for all phrases it would take 0.25 s."""
    return tuple(map(numbered, FIRST_READING.findall(written)))


def read_words() -> Iterator[tuple[str, float]]:
    """jieba's common words without names of persons, each with -ln of its share of the corpus."""
    with (
        _shipped("jieba", "dict.txt").open("rb") as file,
        mmap(file.fileno(), 0, access=ACCESS_READ) as text,
    ):
        for found in COMMON_WORD.finditer(text):
            if (count := int(found[2])) >= RARE:
                yield found[1].decode(), cost_of(count)


@cache
def cost_of(count: int) -> float:
    return round(log(CORPUS / count), 1)


def _shipped(package: str, name: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed")
    return Path(spec.origin).parent / name
