"""Estimates from the text alone how long a notice takes on the air."""

import re
from collections.abc import Callable
from functools import lru_cache

from broadcaster.core.notice import Notice, Signal
from broadcaster.core.piece import Piece
from broadcaster.rules.severity_defaults import SIGNAL_SECONDS, fill_in
from broadcaster.settings.schema import Settings

# Of the offline voice at pace 1.0; within a tenth on village notices, less good on long numbers.
SECONDS_PER_CHARACTER = 0.24
SECONDS_PER_MARK = 0.1
OPENING_PAUSE_SECONDS = 0.8

Lengths = Callable[[Notice], float]

_SAID = re.compile(r"[\u3400-\u9fffA-Za-z0-9]")
_MARKS = re.compile(r"[，。！？；：、,.!?;:\n]+")


def stated_seconds(piece: Piece) -> float:
    """The time that is given to a sound; nothing is known of one that plays to its own end."""
    return (piece.minutes or 0.0) * 60.0


def estimated_lengths(
    settings: Settings, sound_seconds: Callable[[Piece], float] = stated_seconds
) -> Lengths:
    """Seconds of a notice as the station says it; what is said in it is reckoned once."""

    @lru_cache(maxsize=16_384)
    def estimate(notice: Notice) -> float:
        whole, station = fill_in(notice, settings), settings.station
        pace, repeats = whole.pace or 1.0, whole.repeats or 1
        opening = _spoken(whole.opening or "", pace)
        if opening:
            opening = (opening + OPENING_PAUSE_SECONDS) * station.opening_repeats
        body = _spoken(whole.text, pace) * repeats
        pauses = station.repeat_pause_seconds * (repeats - 1)
        closing = _spoken(whole.closing or "", pace)
        pieces = sum(_spoken(piece.source, pace) for piece in whole.pieces if piece.spoken)
        signal = SIGNAL_SECONDS[whole.chime or Signal.NONE]
        return signal + opening + body + pauses + pieces + closing

    def length(notice: Notice) -> float:
        sounds = (sound_seconds(piece) for piece in notice.pieces if not piece.spoken)
        return estimate(notice) + sum(sounds)

    return length


def _spoken(text: str, pace: float) -> float:
    characters, marks = len(_SAID.findall(text)), len(_MARKS.findall(text))
    return characters * SECONDS_PER_CHARACTER / pace + marks * SECONDS_PER_MARK
