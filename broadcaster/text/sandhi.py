"""Changes tones as speech does: 一 and 不, third tones in a row, neutral tones, 儿."""

import re
from collections.abc import Iterator, Sequence

from broadcaster.text.g2p import SpokenWord
from broadcaster.text.neutral_tone import neutral_places
from broadcaster.text.word_boundaries import is_word

DIGITS = "零一二三四五六七八九十百千万亿幺两"
# 儿 is a syllable of its own in these; elsewhere behind a word it is its ending.
FULL_ER = re.compile(
    "女儿|儿子|儿童|婴儿|幼儿|少儿|孤儿|儿科|儿媳|儿女|胎儿|育儿|托儿|新生儿|患儿|男儿|健儿|孙儿|侄儿|儿孙|儿歌|"
    "儿戏|混血儿|宠儿|妻儿|生儿|小儿麻|小儿推|小儿科|哈尔|吊儿郎当"
)
# 一 in front of these says which one, not how many, unless what is counted follows.
WHICH = re.compile(
    "[月号日组队班楼期级区栋](?!三餐|游|组|期|级|岗|人|域|召|半|位)|社区|单元|小区|等奖|等品|把手|是|比[一二三四五六七八九十]|[、和到至][二三四五六七八九十]"
)
NAMED = re.compile(f"(?:第|初|周|星期|礼拜|[月统唯之专划逐合{DIGITS}]|[{DIGITS}]点)$")
AGAIN = re.compile(r"(?<=([^一不]))[一不](?=\1)")
CANNOT = re.compile(
    "[对看说想吃用买卖坐站靠信受管听找赶来去拿打走做办干起舍禁怪差忙顾免](不)(?=[起住了上下到着见得来及动清完好过开出进])"
)


def sound(words: list[SpokenWord]) -> list[str]:
    """The sounded syllable of every unit of one line, in order; units of several syllables stay."""
    parts = [_one_place_each(word) for word in words]
    text = "".join(parts)
    tones = [reading for word in words for _, reading in word.units or ((word.text, ""),)]
    for place in {*neutral_places(parts), *_endings_of_words(text)}:
        tones[place] = tones[place][:-1] + "5"
    for place, char in enumerate(text):
        if char == "一":
            tones[place] = "yi" + _tone_of_one(text, tones, place)
        elif char == "不":
            tones[place] = "bu" + _tone_of_not(text, tones, place)
    _lower_thirds(tones, words)
    return [tone for tone in tones if tone]


def _one_place_each(word: SpokenWord) -> str:
    """The word with one character for each of its units, WiFi being one."""
    return "".join(char if len(char) == 1 else "A" for char, _ in word.units) or word.text


def _endings_of_words(text: str) -> Iterator[int]:
    full = {place for match in FULL_ER.finditer(text) for place in range(*match.span())}
    for match in re.finditer("(?<=[^，、：])儿", text):
        if match.start() not in full:
            yield match.start()


def _tone_of_one(text: str, tones: list[str], place: int) -> str:
    before, behind = text[:place], text[place + 1 :]
    if AGAIN.match(text, place):
        return "5"
    if not behind or behind[0] in "，、：" or _is_ordinal(before, behind):
        return "1"
    return "2" if _next_tone(text, tones, place) in "45" and behind[0] != "子" else "4"


def _is_ordinal(before: str, behind: str) -> bool:
    """True if 一 names a place in an order, or is one digit among others."""
    if NAMED.search(before):
        return before.endswith("第") or behind[0] not in "百千万亿刻些"
    if behind[0] in DIGITS:
        return behind[0] not in "百千万亿两"
    return bool(WHICH.match(behind))


def _tone_of_not(text: str, tones: list[str], place: int) -> str:
    if AGAIN.match(text, place) or any(match.start(1) == place for match in CANNOT.finditer(text)):
        return "5"
    return "2" if _next_tone(text, tones, place) == "4" else "4"


def _next_tone(text: str, tones: list[str], place: int) -> str:
    """The full tone of the next syllable; 个 counts as the fourth that it was."""
    behind = tones[place + 1 : place + 2]
    if not behind or not behind[0]:
        return ""
    return "4" if text[place + 1] == "个" else behind[0].split()[0][-1]


def _lower_thirds(tones: list[str], words: list[SpokenWord]) -> None:
    """Third before third becomes second, first inside words, then from word to word."""
    start = 0
    starts = []
    for word in words:
        starts.append(start)
        _lower_inside(tones, start, word)
        start += max(1, len(word.units))
    for place in starts[1:]:
        if tones[place].endswith("3") and tones[place - 1].endswith("3"):
            tones[place - 1] = tones[place - 1][:-1] + "2"


def _lower_inside(tones: list[str], start: int, word: SpokenWord) -> None:
    for offset in _order(word):
        first, second = start + offset, start + offset + 1
        if tones[first].endswith("3") and tones[second].endswith("3"):
            tones[first] = tones[first][:-1] + "2"


def _order(word: SpokenWord) -> Sequence[int]:
    """Pairs from the inside out: 展览+馆 from the left, 小+老虎 from the right, 2+2 by halves."""
    size = len(word.units)
    if size == 3 and is_word(word.text[1:]) and not is_word(word.text[:2]):
        return (1, 0)
    return (0, 2, 1) if size == 4 else range(size - 1)
