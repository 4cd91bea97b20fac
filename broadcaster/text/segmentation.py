"""Splits a spoken clause into words: takes the likeliest words that cover it."""

import re
from itertools import groupby

from broadcaster.text.word_boundaries import cost

# Up to 20 digits: what is longer is cut, for a line has 30 syllables at most.
NUMBER = re.compile(
    "百分之(?=[零一二三四五六七八九十百千])"
    "|[零一二三四五六七八九十百千万亿两幺]{1,20}(?:点[零一二三四五六七八九]{1,9}(?![零一二三四五六七八九十百千分刻]))?[万亿]?[余多]?"
)
NUMERALS = "零一二三四五六七八九十百千万亿两幺几半多"
LONGEST = 7
# A number stays whole (三十分 is 三十 and 分, not 三 and 十分); an unknown character costs most.
NUMBER_COST = 3.0
UNKNOWN_COST = 17.0

# Words of one syllable, which never join a neighbour.
SMALL_WORDS = frozenset(
    "的了着过地得吗吧呢啊呀嘛啦在把被和与或及从向对由给为按以是有不没很更最太就也都还再又已将要会能可应须请让到至往于"
    "我你他她它您咱这那哪谁各每本该此全第个位名户人家村镇乡县市区省组队里上下中内外前后时年月日号点分秒天说看去来等但"
)


def segment(clause: str) -> list[str]:
    """The clause's words in order; runs of letters and of digits' names stay whole."""
    words: list[str] = []
    for run in re.findall(r"[A-Za-z]{1,20}|[^A-Za-z，、：]+|[，、：]", clause):
        words += _join_singles(_likeliest(run)) if len(run) > 1 and not run.isascii() else [run]
    return words


def _likeliest(run: str) -> list[str]:
    """Dynamic programme from the end: least cost, and length of the best word, at each place."""
    numbers = {match.start(): len(match[0]) for match in NUMBER.finditer(run) if len(match[0]) > 1}
    least = [0.0] * (len(run) + 1)
    lengths = [1] * len(run)
    for place in range(len(run) - 1, -1, -1):
        least[place] = least[place + 1] + (cost(run[place]) or UNKNOWN_COST)
        for length in range(2, min(LONGEST, len(run) - place) + 1):
            one = cost(run[place : place + length])
            if one is not None and least[place + length] + one < least[place]:
                least[place], lengths[place] = least[place + length] + one, length
        if (length := numbers.get(place, 0)) and least[place + length] + NUMBER_COST < least[place]:
            least[place], lengths[place] = least[place + length] + NUMBER_COST, length
    return _cut(run, lengths)


def _cut(run: str, lengths: list[int]) -> list[str]:
    words, place = [], 0
    while place < len(run):
        words.append(run[place : place + lengths[place]])
        place += lengths[place]
    return words


def _join_singles(words: list[str]) -> list[str]:
    """Single characters in a row are a name or a verb and its object: up to three are one word."""
    joined: list[str] = []
    for stays, group in groupby(
        words, lambda word: len(word) > 1 or word in SMALL_WORDS or word in NUMERALS
    ):
        run = list(group)
        if not stays:
            size = len(run) if len(run) <= 3 else 2
            run = ["".join(run[at : at + size]) for at in range(0, len(run), size)]
        joined += run
    return joined
