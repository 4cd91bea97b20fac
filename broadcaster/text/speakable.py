"""Checks that a text can be spoken at all. Light, so the box refuses a text before anything starts."""

import re

from broadcaster.core.errors import TextRefused
from broadcaster.core.notice import NUMBERS, Notice, Style, wrong
from broadcaster.settings.schema import StationSettings
from broadcaster.text.unicode_forms import count_han


def check_speakable(text: str, longest: int) -> None:
    """Raise `TextRefused`, with what to do, for what nobody could read aloud in Chinese."""
    if "\0" in text:
        raise TextRefused("这不是一段文字（里面有空字节），请检查是不是选错了文件。")
    if not text.strip():
        raise TextRefused("没有要说的话，请先写好通知的内容。")
    if len(text) > longest:
        raise TextRefused(f"文字太长：有 {len(text)} 个字，一则最多 {longest} 个字，请分成几则。")
    if count_han(text):
        return
    if re.search(r"[A-Za-z\d]", text):
        raise TextRefused("这段文字里没有汉字，念不出来，请用中文写通知。")
    raise TextRefused("这段文字里只有标点或表情，没有能念的字，请写上要说的话。")


def check_numbers(notice: Notice) -> None:
    """Raise `TextRefused` for a pace, a tempo or a number of repeats that nobody would bear to hear."""
    for _, problem in wrong(notice, NUMBERS):
        raise TextRefused(problem)


def settled_tempo(notice: Notice, station: StationSettings) -> int | None:
    """The tempo of a notice in 快板, None for any other."""
    if notice.style is not Style.KUAIBAN:
        return None
    return station.beats_per_minute if notice.beats_per_minute is None else notice.beats_per_minute
