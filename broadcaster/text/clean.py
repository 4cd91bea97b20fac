"""Cleans text that a person pasted: the result is lines of plain simplified Chinese.

The result is one piece of text; a newline ends a line that was meant as one (a verse, a heading, an
item), an empty line ends a paragraph.
"""

import html
import re
import unicodedata

from broadcaster.text.mojibake import repair
from broadcaster.text.simplify import simplified
from broadcaster.text.speakable import check_speakable
from broadcaster.text.unicode_forms import HAN, chinese_marks, plain_forms

NUMBER_SIGN = re.compile("([0-9])\ufe0f?\u20e3|[①-⑳⑴-⒇⒈-⒛❶-❿㈠-㈩]")
# Symbols by their category (So, Sk) that mean something; every other one is decoration or an emoji.
SPOKEN_SIGNS = "℃°㎡㎥㎏㎝㎜㎞№‰"
ADDRESS = re.compile(r"https?://[!-~]+|www\.[!-~]+", re.IGNORECASE)
TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>")
LIST_MARK = re.compile(
    r"^[(（]?(\d{1,2}|[一二三四五六七八九十]{1,3})(?:[)）]、?|[.．](?!\d)|、)\s*(?=\S)"
)
BEFORE_UNIT = re.compile(
    r"(?<=\d) (?=(?:[kcm]?[mgL]|kg|km/h|ml|kW|kWh|V|W|h|min|t|ha|℃|°C|[aApP]\.?[mM]\.?)(?![A-Za-z]))"
    r"|(?<=\+86) (?=1)|(?<=CNY|RMB|USD|HKD) (?=\d)"
)
SPACED_OUT = re.compile(rf"(?<![{HAN}])[{HAN}](?: [{HAN}])+(?![{HAN}])")
PROSE = re.compile(r"(?!\d{1,2}[、，]|[一二三四五六七八九十]+、)[^“《（\n](?=.{29}).*[，。；]")
ENDING = "。！？…：；”’》）!?.:;"


def clean(text: str, longest: int) -> str:
    """The text's lines; `TextRefused` when it cannot be said or has over `longest` characters."""
    check_speakable(text, longest)
    text = _without_markup(text)
    text = repair(plain_forms(text))
    text = "\n".join(_clean_line(line) for line in chinese_marks(simplified(text)).split("\n"))
    return _join_broken_lines(text)


def _without_markup(text: str) -> str:
    """No tags, no web addresses, no invisible characters; one kind of line end."""
    text = re.sub(r"\r\n?|[\u2028\u2029\v\f\x85]", "\n", text)
    text = TAG.sub(" ", ADDRESS.sub(" ", html.unescape(text)))
    text = NUMBER_SIGN.sub(_item_number, text)
    return "".join(
        char for char in text.replace("\t", " ") if char == "\n" or unicodedata.category(char)[0] != "C"
    )


def _item_number(match: re.Match[str]) -> str:
    """① and 1️⃣ begin an item of a list, so a line of their own."""
    number = match[1] or unicodedata.normalize("NFKC", match[0]).strip("().")
    return f"\n{number}、"


def _clean_line(line: str) -> str:
    line = re.sub(r"(?<=\d)#(?!\d)", "号", line)
    line = "".join(char if _is_text(char) else " " if char in "※|｜" else "" for char in line)
    line = re.sub(r"(?<!\d)[>＞]+\s*(?=[^\d\s])|[*#_=`^\\]{2,}|^\s*[-*·+#>]+\s*(?=[^\d\s])", " ", line)
    line = re.sub(rf"(?<=[\dA-Za-z]) (?=[{HAN}])|(?<=[{HAN}]) (?=[\dA-Za-z])", "", line)
    line = re.sub(r"\s+", " ", line).strip()
    line = BEFORE_UNIT.sub("", line)
    line = SPACED_OUT.sub(lambda m: m[0].replace(" ", ""), line)
    return LIST_MARK.sub(_list_mark, line)


def _list_mark(match: re.Match[str]) -> str:
    """`1.` and `（一）` are read as 一 with a pause; `①2月` is no list of numbers."""
    behind = match.string[match.end()]
    return match[1] + ("，" if behind.isdecimal() else "、")


def _is_text(char: str) -> bool:
    category = unicodedata.category(char)
    return category[0] in "LNPZ" or category in ("Sm", "Sc") or char in SPOKEN_SIGNS + "`^"


def _join_broken_lines(text: str) -> str:
    """Sentences that were cut by hard line breaks, or by a column's end, made whole."""
    blocks = [block.strip().split("\n") for block in re.split(r"\n\s*\n", text) if block.strip()]
    joined = ["\n".join(_unwrap(block)) for block in blocks]
    gaps = [len(gap) for gap in re.findall(r"\n\s*\n", text.strip())]
    return _join_columns(joined, gaps)


def _unwrap(block: list[str]) -> list[str]:
    """A line that is full to the block's width and does not end a sentence runs on in the next."""
    lines = [line.strip() for line in block if line.strip()]
    width = max(map(len, lines), default=0)
    whole: list[str] = []
    full = False
    for line in lines:
        if full and whole:
            whole[-1] += line
        else:
            whole.append(line)
        full = len(line) >= max(18, width - 2) and line[-1] not in ENDING
    return whole


def _join_columns(blocks: list[str], gaps: list[int]) -> str:
    """Prose that stops in mid-sentence before one empty line runs on in the prose behind it."""
    whole = blocks[0] if blocks else ""
    for gap, block in zip(gaps, blocks[1:], strict=False):
        last = whole.rsplit("\n", 1)[-1]
        cut = gap == 2 and last[-1] not in ENDING and ("。" in last or len(last) > 45)
        whole += block if cut and PROSE.match(block) else "\n\n" + block
    return whole
