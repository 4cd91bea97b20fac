"""Words of a spoken clause: the fewest that cover it."""

import re
from collections.abc import Callable

# Up to 20 digits: what is longer is cut, for a line has 30 syllables at most.
NUMBER = re.compile(
    "百分之(?=[零一二三四五六七八九十百千])"
    "|[零一二三四五六七八九十百千万亿两幺]{1,20}(?:点[零一二三四五六七八九]{1,9}(?![零一二三四五六七八九十百千分刻]))?"
)
LONGEST = 7

# Words of one syllable; every other single character costs more, so that pairs win.
SMALL_WORDS = frozenset(
    "的了着过地得吗吧呢啊呀嘛啦在把被和与或及从向对由给为按以是有不没很更最太就也都还再又已将要会能可应须请让到至往于"
    "我你他她它您咱这那哪谁各每本该此全第个位名户人家村镇乡县市区省组队里上下中内外前后时年月日号点分秒天说看去来"
)


def segment(clause: str, is_word: Callable[[str], bool]) -> list[str]:
    """The clause's words in order; runs of letters and of digits' names stay whole."""
    words: list[str] = []
    for run in re.findall(r"[A-Za-z]{1,20}|[^A-Za-z，、：]+|[，、：]", clause):
        words += _pair_up(_fewest(run, is_word)) if len(run) > 1 and not run.isascii() else [run]
    return words


def _fewest(run: str, is_word: Callable[[str], bool]) -> list[str]:
    """Dynamic programme from the end: cost and length of the best word at each place."""
    numbers = {match.start(): len(match[0]) for match in NUMBER.finditer(run) if len(match[0]) > 1}
    costs = [0.0] * (len(run) + 1)
    lengths = [1] * len(run)
    for place in range(len(run) - 1, -1, -1):
        costs[place] = costs[place + 1] + (1.1 if run[place] in SMALL_WORDS else 1.6)
        for length in range(2, min(LONGEST, len(run) - place) + 1):
            if costs[place + length] + 1 < costs[place] and is_word(run[place : place + length]):
                costs[place], lengths[place] = costs[place + length] + 1, length
        if (length := numbers.get(place, 0)) and costs[place + length] + 0.9 < costs[place]:
            costs[place], lengths[place] = costs[place + length] + 0.9, length
    return _cut(run, lengths)


def _cut(run: str, lengths: list[int]) -> list[str]:
    words, place = [], 0
    while place < len(run):
        words.append(run[place : place + lengths[place]])
        place += lengths[place]
    return words


def _pair_up(words: list[str]) -> list[str]:
    """Neighbours that no table knows are taken two by two, as most Chinese words are."""
    paired: list[str] = []
    open_single = False
    for word in words:
        single = len(word) == 1 and word not in SMALL_WORDS and not NUMBER.fullmatch(word)
        if single and open_single:
            paired[-1] += word
            open_single = False
        else:
            paired.append(word)
            open_single = single
    return paired
