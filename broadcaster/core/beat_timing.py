"""Timing of 快板: when each sound of a line is due on its beats, and how long the clappers and pauses
between lines last.

Lines and clappers are items of a programme like any others; their lengths and pauses add up to whole
beats, so the player knows nothing of beats. A line's clip begins before its first beat, because its
first consonant does; the run before the line is shorter by as much.
"""

import math
from dataclasses import dataclass

from broadcaster.core.model import Line

BAR = 2  # 快板 is counted in two-four time
# From the start of a line's clip to its first vowel. The longest consonant of the offline voice (an
# aspirated one) takes 0.14 s; 0.25 s would leave a stroke before it no time to ring at 140.
LEAD_SECONDS = 0.2


@dataclass(frozen=True)
class Timing:
    """Vowel onsets of a line's `sounds` and the moment by which the line must be over, in seconds of its
    clip.
    """

    onsets: tuple[float, ...]
    end_seconds: float


def timing(line: Line, beats_per_minute: int) -> Timing:
    """The sounds of a beat share it evenly: the first one is on it."""
    beat = 60 / beats_per_minute
    onsets = [
        LEAD_SECONDS + (number + part / count) * beat
        for number, count in enumerate(line.beats)
        for part in range(count)
    ]
    return Timing(tuple(onsets), LEAD_SECONDS + len(line.beats) * beat)


def rest_after(line: Line, clip_seconds: float, beats_per_minute: int) -> float:
    """Silence to the next beat that is the line's own last, or a bar or more later if it ran over."""
    beat = 60 / beats_per_minute
    over = clip_seconds - timing(line, beats_per_minute).end_seconds
    bars = math.ceil(max(0.0, over) / (BAR * beat))
    return bars * BAR * beat - over


def run_seconds(beats: int, beats_per_minute: int) -> float:
    """The longest run of clappers before a line: its beats less the line's lead."""
    return beats * 60 / beats_per_minute - LEAD_SECONDS
