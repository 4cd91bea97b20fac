"""Makes the sound of the bamboo clappers of 快板 by code: 大板 on the beat, 小板 between.

大板 are two boards that strike once, low and dry; 小板 are five small ones on a string, whose strokes
follow one another within 10 ms, high and bright.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broadcaster.core.beat_timing import run_seconds
from broadcaster.core.model import Line

Samples = NDArray[np.float64]

# One letter for half a beat: D 大板, x 小板, a point rests. The last half rests: the line begins there.
LEAD_IN = "DxDxDxD.DxDxDxD."
BETWEEN = "DxD."
CLOSING = "DxDxD..."


@dataclass(frozen=True)
class Clapper:
    """(hertz, strength, seconds to 1/e) of what rings, and when each of its boards strikes, seconds."""

    modes: tuple[tuple[float, float, float], ...]
    strikes: tuple[tuple[float, float], ...]
    noise: float


BIG = Clapper(
    modes=((880.0, 1.0, 0.026), (1730.0, 0.6, 0.015), (2950.0, 0.35, 0.008)),
    strikes=((0.0, 1.0),),
    noise=0.5,
)
SMALL = Clapper(
    modes=((2350.0, 0.7, 0.010), (3650.0, 0.5, 0.007), (5200.0, 0.25, 0.005)),
    strikes=((0.0, 0.7), (0.004, 0.5), (0.009, 0.35)),
    noise=0.4,
)
BOARDS = {"D": BIG, "x": SMALL}
RING_SECONDS = 0.15
KNOCK_SECONDS = 0.003  # of noise, where wood meets wood
RISE_SECONDS = 0.0005
# By measurement the peak is then -5 dBFS: as loud as the chime's first stroke.
LEVEL = 0.3


@dataclass(frozen=True)
class Run:
    """Clappers without speech, and the silence after them."""

    pattern: str
    pause_seconds: float = 0.0

    @property
    def beats(self) -> int:
        return len(self.pattern) // 2


def with_clappers(lines: Iterable[Line]) -> Iterator[Line | Run]:
    """Lines on the beat with clappers before, between and behind them; others as they are."""
    open_verse: Line | None = None
    for line in lines:
        if open_verse and line.place_in_verse < 2:
            yield Run(CLOSING, open_verse.pause_seconds)
        if line.beats:
            yield Run(LEAD_IN if line.place_in_verse < 2 else BETWEEN)
        yield line
        open_verse = line if line.beats else None
    if open_verse:
        yield Run(CLOSING, open_verse.pause_seconds)


def clappers(pattern: str, beats_per_minute: int, rate_hz: int) -> NDArray[np.int16]:
    """Mono samples at the station's rate, from the first stroke on, to where a line's clip begins."""
    half = 30 / beats_per_minute
    seconds = run_seconds(len(pattern) // 2, beats_per_minute)
    sound = np.zeros(round(seconds * rate_hz))
    strokes = {letter: _stroke(board, rate_hz) for letter, board in BOARDS.items()}
    for place, letter in enumerate(pattern):
        start = round(place * half * rate_hz)
        if letter in strokes and start < len(sound):
            stroke = strokes[letter][: len(sound) - start]
            sound[start : start + len(stroke)] += stroke
    return np.rint(32767 * np.clip(LEVEL * sound, -1, 1)).astype(np.int16)


def _stroke(board: Clapper, rate_hz: int) -> Samples:
    seconds = np.arange(round(RING_SECONDS * rate_hz)) / rate_hz
    struck = [strength * _strike(board, seconds - start) for start, strength in board.strikes]
    return np.asarray(np.sum(struck, axis=0))


def _strike(board: Clapper, seconds: Samples) -> Samples:
    """One board struck at 0; silent before."""
    since = np.maximum(seconds, 0)
    rise = np.minimum(since / RISE_SECONDS, 1)
    ring = sum(
        strength * np.exp(-since / decay) * np.sin(2 * np.pi * hertz * since)
        for hertz, strength, decay in board.modes
    )
    # The same noise for every stroke: a clip is the same whenever it is made.
    noise = np.random.default_rng(1).standard_normal(len(since))
    return np.asarray(rise * (ring + board.noise * noise * np.exp(-since / KNOCK_SECONDS)))
