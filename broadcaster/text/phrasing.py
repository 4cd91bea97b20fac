"""Finds the breaks between the words of a line, as a speaker groups them."""

import re
from itertools import pairwise

from broadcaster.core.model import Break
from broadcaster.text.g2p import SpokenWord

# These lean on the word before them, those on the word behind.
LEANS_BACK = frozenset(
    "的了着过地得们吗吧呢啊呀嘛啦里上下中内外前后时年月日号点分秒个位名户人家儿好完住办"
)
LEANS_FORWARD = frozenset(
    "请在把被和与或及从向对由给为按以是有不没很更最太就也都还再又已将要会能可应须让到至往于我你他各每本该第"
)
# Behind a name of two characters or more: 邯郸 and 市 are one.
KINDS_OF_PLACE = frozenset("省市县区镇乡村路街")
OPENS_PHRASE = re.compile(
    "(?:在|把|被|和|与|及|以及|并|从|向|对|为|由|将|按|按照|通过|因|用|或|或者|到|至|等|是)"
)
NUMBER = re.compile("[零一二三四五六七八九十百千万亿两幺点]+")
PHRASE_SYLLABLES = 8


def gaps(words: list[SpokenWord]) -> list[Break]:
    """The break behind each word; the last one of a line closes a clause."""
    found = [_between(word, behind) for word, behind in pairwise(words)]
    _group(words, found)
    return [*found, Break.CLAUSE]


def cut_worth(words: list[SpokenWord]) -> list[float]:
    """The worth of cutting a long clause behind each word but the last; 1.0 is the best."""
    return [
        -1.0 if gap is Break.NONE else 0.4 if word.is_mark else _opening_worth(word, behind) + 0.1 * gap
        for word, behind, gap in zip(words, words[1:], gaps(words), strict=False)
    ]


def _opening_worth(word: SpokenWord, behind: SpokenWord) -> float:
    if behind.is_mark:
        return -1.0
    return (
        0.2 if OPENS_PHRASE.fullmatch(behind.text) else 0.1 if word.text.endswith(("的", "了")) else 0.0
    )


def _between(word: SpokenWord, behind: SpokenWord) -> Break:
    if behind.is_mark:
        return Break.PHRASE if behind.text == "、" else Break.CLAUSE
    if word.is_mark:
        return Break.WORD
    if behind.text in KINDS_OF_PLACE and len(word.text) > 1:
        return Break.NONE
    if behind.text in LEANS_BACK or word.text in LEANS_FORWARD:
        return Break.NONE
    return Break.NONE if NUMBER.fullmatch(word.text) and len(behind.text) == 1 else Break.WORD


def _group(words: list[SpokenWord], found: list[Break]) -> None:
    """Raise word breaks to phrase breaks, so that no phrase is much over eight syllables."""
    since = 0
    left = sum(len(word.units) for word in words)
    for index, gap in enumerate(found):
        size = len(words[index].units)
        since, left = since + size, left - size
        if gap > Break.WORD:
            since = 0
        elif gap is Break.WORD and left > 2 and _is_phrase_end(since, words[index], words[index + 1]):
            found[index], since = Break.PHRASE, 0


def _is_phrase_end(since: int, word: SpokenWord, behind: SpokenWord) -> bool:
    if since >= 4 and OPENS_PHRASE.fullmatch(behind.text):
        return True
    return since >= PHRASE_SYLLABLES or (since >= 6 and word.text[-1] in "的了")
