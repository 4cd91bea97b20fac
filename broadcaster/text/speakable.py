"""Checks that a text can be spoken at all. Light, so the box refuses a text before anything starts."""

import re

from broadcaster.core.errors import TextRefused
from broadcaster.core.model import (
    FASTEST,
    FASTEST_TEMPO,
    MOST_REPEATS,
    SLOWEST,
    SLOWEST_TEMPO,
    Notice,
    Style,
)
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


def check_pace_and_repeats(notice: Notice) -> None:
    """Raise `TextRefused` for a pace or a number of repeats that nobody would bear to hear."""
    if notice.pace is not None and not SLOWEST <= notice.pace <= FASTEST:
        raise TextRefused(f"语速 {notice.pace:g} 念不了，请选 {SLOWEST} 到 {FASTEST}，1.0 是原速。")
    if notice.repeats is not None and not 1 <= notice.repeats <= MOST_REPEATS:
        raise TextRefused(f"说 {notice.repeats} 遍不行，请选 1 到 {MOST_REPEATS} 遍。")


def settled_tempo(notice: Notice, station: StationSettings) -> int | None:
    """The tempo of a notice in 快板, None for any other. Raises `TextRefused` out of its range."""
    if notice.style is not Style.KUAIBAN:
        return None
    tempo = station.beats_per_minute if notice.beats_per_minute is None else notice.beats_per_minute
    if not SLOWEST_TEMPO <= tempo <= FASTEST_TEMPO:
        raise TextRefused(f"快板每分钟 {tempo} 拍打不了，请选 {SLOWEST_TEMPO} 到 {FASTEST_TEMPO} 拍。")
    return tempo
