"""Reports on a judged verse: as text for a person who writes rhymes, and as values for a program."""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from broadcaster.text.rhyme import TRACKS, with_marks
from broadcaster.text.rhyme_scheme import Fit, LineRhyme, Scheme

NO_VERSE = (
    "没有找到顺口溜。每句写成一行，或者写在引号里，各句字数要差不多，一句 3 到 12 个字，至少两句。"
)
EXAMPLES = {
    "发花": "家、花、大",
    "梭坡": "坡、歌、多",
    "乜斜": "街、雪、列",
    "一七": "衣、鱼、事",
    "姑苏": "书、路、住",
    "怀来": "来、快、害",
    "灰堆": "水、飞、会",
    "遥条": "好、桥、跑",
    "油求": "有、秋、手",
    "言前": "安、年、远",
    "人辰": "人、心、门",
    "江阳": "阳、乡、上",
    "中东": "风、灯、通",
}


def report(schemes: Sequence[Scheme]) -> str:
    """Each verse with its scheme, line by line, and below what is to be mended."""
    return "\n\n".join("\n".join(_verse(number, each)) for number, each in enumerate(schemes, 1))


def _verse(number: int, scheme: Scheme) -> Iterator[str]:
    yield f"第 {number} 首　{len(scheme.endings)} 句　韵式 {scheme.letters}"
    width = max(_width(ending.line.written) for ending in scheme.endings)
    for place, ending in enumerate(scheme.endings, 1):
        rhyme = ending.rhyme
        pinyin, track = with_marks(rhyme.sounded), _track(rhyme.track)
        yield (
            f"  {place}  {_padded(ending.line.written, width)}  {ending.letter}  "
            f"{_padded(pinyin, 7)} {rhyme.tone}  {_padded(track, 10)}  {ending.fit.value}"
        )
    if not scheme.misses:
        yield "  韵都押上了。"
    for place in scheme.misses:
        yield "  " + _advice(place, scheme.endings[place - 1])


def _advice(place: int, ending: LineRhyme) -> str:
    said = f"第 {place} 句没押上：“{ending.rhyme.text}”念 {with_marks(ending.rhyme.sounded)}，"
    wanted = f"应该押{_track(ending.wanted)}"
    examples = EXAMPLES.get(ending.wanted)
    return f"{said}{_track(ending.rhyme.track)}；{wanted}" + (f"，如 {examples}。" if examples else "。")


def as_values(schemes: Sequence[Scheme]) -> list[dict[str, Any]]:
    """For `--json`."""
    return [
        {
            "scheme": scheme.letters,
            "misses": list(scheme.misses),
            "lines": [_ending(ending) for ending in scheme.endings],
        }
        for scheme in schemes
    ]


def _ending(ending: LineRhyme) -> dict[str, Any]:
    return {
        "line": ending.line.written,
        "pinyin": " ".join(with_marks(one.sounded) for one in ending.line.syllables),
        "syllables": len(ending.line.sounds),
        "rhyme": ending.rhyme.text,
        "rhyme_pinyin": with_marks(ending.rhyme.sounded),
        "track": ending.rhyme.track,
        "finals": TRACKS.get(ending.rhyme.track, "").replace("v", "ü").split(),
        "tone": ending.rhyme.tone,
        "letter": ending.letter,
        "fit": ending.fit.value,
        "rhymes": ending.fit is Fit.RHYMES,
        "wanted": ending.wanted,
    }


def _track(track: str) -> str:
    return f"{track}辙" if track else "（不认识的韵）"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Columns on a terminal, where a Han character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
