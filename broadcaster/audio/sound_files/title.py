"""Reads the title out of a sound file's tags, also where Chinese letters call themselves Latin ones."""

import unicodedata

LONGEST_TITLE = 80


def title_of(tag: bytes) -> str:
    """One line of at most 80 letters; empty for a tag that cannot be read.

    Old Chinese programs wrote GBK into tags of ISO 8859-1. A tag is taken for that only if all of it is
    strict GB 18030 with Chinese in it: short titles defeat guessing by frequency.
    """
    text = _utf_8(tag)
    try:
        chinese = (tag if text is None else text.encode("latin-1")).decode("gb18030")
    except UnicodeError:
        chinese = ""
    if any("\u4e00" <= letter <= "\u9fff" for letter in chinese):
        text = chinese
    shown = "".join(letter for letter in text or "" if unicodedata.category(letter) not in ("Cc", "Cs"))
    return " ".join(shown.split())[:LONGEST_TITLE].replace("\ufffd", "")


def _utf_8(tag: bytes) -> str | None:
    try:
        return tag.decode("utf-8")
    except UnicodeError:
        return None
