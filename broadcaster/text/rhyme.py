"""Rhymes by the thirteen tracks (十三辙) of northern verse, and the finals that belong to each.

Tracks: 北京大学《现代汉语》; 罗常培《北京俗曲百种摘韵》(1942), whose two small tracks (小辙儿) for erhua
are 小言前儿 and 小人辰儿. A coloured final that belongs to neither is named after its own track.
"""

import re
from dataclasses import dataclass

from broadcaster.core.model import Line

TRACKS = {
    "发花": "a ia ua",
    "梭坡": "o e uo",
    "乜斜": "ie ve",
    "一七": "i v -i er",
    "姑苏": "u",
    "怀来": "ai uai",
    "灰堆": "ei uei",
    "遥条": "ao iao",
    "油求": "ou iou",
    "言前": "an ian uan van",
    "人辰": "en in uen vn",
    "江阳": "ang iang uang",
    "中东": "eng ing ueng ong iong",
}
TRACK_OF = {final: track for track, finals in TRACKS.items() for final in finals.split()}
# Colouring drops -i and -n, so these come to sound alike: 把儿 = 板儿, 味儿 = 问儿.
ERHUA_TRACKS = dict.fromkeys(("发花", "怀来", "言前"), "小言前儿") | dict.fromkeys(
    ("灰堆", "人辰", "一七"), "小人辰儿"
)

SYLLABLE = re.compile(r"(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]?)(.*?)([1-5])")
LONG_FORMS = {"iu": "iou", "ui": "uei", "un": "uen", "ue": "ve"}
WITH_Y = {"i": "i", "in": "in", "ing": "ing", "u": "v", "ue": "ve", "uan": "van", "un": "vn"}
WITH_W = {"u": "u"}
# Particles without a tone carry no rhyme: 跑了 rhymes by 跑.
PARTICLES = frozenset("了的着过吗呢吧啊呀嘛啦哪哩")
TONE_MARKS = {"a": "āáǎà", "e": "ēéěè", "i": "īíǐì", "o": "ōóǒò", "u": "ūúǔù", "ü": "ǖǘǚǜ"}


@dataclass(frozen=True)
class Rhyme:
    """The rhyme of a line: the characters that rhyme, their sound, their track."""

    text: str
    sounded: str
    track: str
    tone: str


def rhyme(line: Line) -> Rhyme:
    """By the last syllable, or the one before a particle; `tone` 平, 仄 or 轻 is the very last one's."""
    last = line.syllables[-2:]
    coloured = len(last) == 2 and last[1].colours(last[0])
    place = len(line.syllables) - (2 if coloured else 1)
    ending = line.syllables[place]
    tone = _level(ending.sounded)
    while ending.text in PARTICLES and tone_of(ending.sounded) == "5" and place:
        place, coloured = place - 1, False
        ending = line.syllables[place]
    track = TRACK_OF.get(final_of(ending.sounded), "")
    if coloured:
        track = ERHUA_TRACKS.get(track, f"小{track}儿")
    return Rhyme(ending.text + "儿" * coloured, ending.sounded, track, tone)


def final_of(sounded: str) -> str:
    """The final of `shuang3` is `uang`; -i stands for the one of zhi and zi. "" for what is none."""
    match = SYLLABLE.fullmatch(sounded.split()[-1].replace("ê", "e"))
    if not match:
        return ""
    initial, final, _ = match.groups()
    if initial == "y":
        return WITH_Y.get(final, "i" + LONG_FORMS.get(final, final) if final != "o" else "o")
    if initial == "w":
        return WITH_W.get(final, LONG_FORMS.get("u" + final, "u" + final))
    if initial in ("zh", "ch", "sh", "r", "z", "c", "s") and final == "i":
        return "-i"
    if initial in ("j", "q", "x") and final.startswith("u"):
        return "v" + final[1:]
    return LONG_FORMS.get(final, final)


def tone_of(sounded: str) -> str:
    """The digit of the tone, 5 for neutral."""
    return sounded[-1:]


def _level(sounded: str) -> str:
    return {"1": "平", "2": "平", "3": "仄", "4": "仄"}.get(tone_of(sounded), "轻")


def with_marks(sounded: str) -> str:
    """`lv4` as a person writes it: lǜ."""
    return " ".join(_marked(one[:-1].replace("v", "ü"), one[-1]) for one in sounded.split())


def _marked(letters: str, tone: str) -> str:
    if tone not in "1234":
        return letters
    # On a or e, on the o of ou, else on the last vowel.
    vowels = [place for place, letter in enumerate(letters) if letter in TONE_MARKS]
    chosen = [place for place in vowels if letters[place] in "ae" or letters[place : place + 2] == "ou"]
    if not vowels:
        return letters
    place = (chosen or vowels[-1:])[0]
    return letters[:place] + TONE_MARKS[letters[place]][int(tone) - 1] + letters[place + 1 :]
