"""Brings the many Unicode forms of a character to one: widths, compatibility signs, punctuation."""

import re
import unicodedata

# NFKC would also turn ½ into 1⁄2 and ：into :, so it is applied only to these.
COMPATIBLE = re.compile(
    "[\uff01-\uff5e\uffe5\u3000\uff10-\uff19\u2e80-\u2fdf\uf900-\ufaff\U0002f800-\U0002fa1f]"
)
SIGNS = str.maketrans("％～〜∼－−‐‑﹣⁄º˚•・‧∶", "%~~~-----/°°···:") | {
    ord(sign): said for sign, said in (("½", "1/2"), ("¼", "1/4"), ("¾", "3/4"))
}
HAN = "\u3007\u3400-\u9fff\U00020000-\U0003ffff"
FULL_WIDTH_MARKS = "，。！？；：（）"


def plain_forms(text: str) -> str:
    """Half-width letters, digits and signs; one form of every Han character and dash."""
    return COMPATIBLE.sub(_plain, text).translate(SIGNS)


def _plain(match: re.Match[str]) -> str:
    return match[0] if match[0] in FULL_WIDTH_MARKS else unicodedata.normalize("NFKC", match[0])


def is_han(char: str) -> bool:
    """True if the character is a Han character, which has a reading."""
    return bool(re.match(f"[{HAN}]", char))


def count_han(text: str) -> int:
    return len(re.findall(f"[{HAN}]", text))


CHINESE_MARKS = (
    (re.compile(r"\.{3,}|…+|。{2,}"), "…"),
    (re.compile(r"(?<!\d),|,(?!\d{3}(?!\d))"), "，"),
    (re.compile(r"[;；]"), "；"),
    (re.compile(r"!+|！+"), "！"),
    (re.compile(r"\?+|？+"), "？"),
    (re.compile(r"：(?=\d)(?<=\d：)"), ":"),
    (re.compile(r"(?<!\d):|:(?!\d)"), "："),
    (re.compile(r"\((?![\dA-Za-z-]*\)\d)"), "（"),
    (re.compile(r"\((?=[^)]*）)"), "（"),
    (re.compile(rf"(?<=[{HAN}”’》）%℃])\.(?![\dA-Za-z])"), "。"),
)


def chinese_marks(text: str) -> str:
    """Punctuation in its Chinese form; `8:30`, `1,200` and `3.5` keep theirs."""
    for mark, chinese in CHINESE_MARKS:
        text = mark.sub(chinese, text)
    return re.sub(r"\)(?!\d)|(?<=（)\)", "）", text) if "（" in text else text
