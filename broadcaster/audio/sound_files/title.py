"""Reads the title out of a sound file's tags, also where Chinese letters call themselves Latin ones."""

import unicodedata

LONGEST_TITLE = 80


def title_of(tag: bytes) -> str:
    """One line of at most 80 letters; empty for a tag that cannot be read."""
    text = _decoded(tag, "utf-8")
    if text is None:
        text = _decoded(tag, "gb18030") or ""
    else:
        text = _chinese(text) or text
    shown = "".join(letter for letter in text if unicodedata.category(letter) not in ("Cc", "Cs"))
    return " ".join(shown.split())[:LONGEST_TITLE]


def _chinese(latin: str) -> str | None:
    """Text that an old Chinese program wrote as GBK into a tag of ISO 8859-1.

    Taken for that only if all of it is strict GB 18030 with Chinese in it: short titles defeat guessing
    by frequency. Half of the characters must have two bytes beyond ASCII, as all of GB 2312 have, for
    `Für` is one of another kind.
    """
    try:
        written = latin.encode("latin-1")
    except UnicodeError:
        return None
    read = _decoded(written, "gb18030") or ""
    high, wide = (sum(letter > "\x7f" for letter in text) for text in (latin, read))
    has_chinese = any("\u4e00" <= letter <= "\u9fff" for letter in read)
    return read if has_chinese and 2 * high >= 3 * wide else None


def _decoded(tag: bytes, coding: str) -> str | None:
    try:
        return tag.decode(coding)
    except UnicodeError:
        return None
