"""Makes strokes of a gong: the chime before a notice, and the alert before an urgent one.

Each lasts 2.5 s and more because it covers the rendering of the first line: the start of the voice child
and its models (up to 2 s) and the first piece of speech (0.1 s).
"""

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float64]

# (start s, hertz, strength); equal temperament, A4 = 440 Hz. A horn carries from 400 Hz.
Strokes = tuple[tuple[float, float, float], ...]
# G5, E5, C5, slow and falling, from soft to full.
CHIME_SECONDS = 2.5
CHIME: Strokes = ((0.0, 783.99, 0.6), (0.5, 659.26, 0.8), (1.0, 523.25, 1.0))
# C5, E5, G5, C6, quick and rising, twice: nobody takes it for the chime.
ALERT_SECONDS = 3.2
FIGURE: Strokes = ((0.0, 523.25, 0.7), (0.18, 659.26, 0.8), (0.36, 783.99, 0.9), (0.54, 1046.5, 1.0))
ALERT: Strokes = (*FIGURE, *((start + 1.3, hertz, strength) for start, hertz, strength in FIGURE))
# (multiple of the stroke's hertz, strength, seconds to 1/e): the high ones go first, as in bronze.
PARTIALS = ((1.0, 1.0, 0.55), (2.0, 0.5, 0.35), (3.01, 0.25, 0.2), (4.17, 0.1, 0.1))
RISE_SECONDS = 0.02


def chime(rate_hz: int) -> Sound:
    """Mono samples, of no set level."""
    return _struck(CHIME, CHIME_SECONDS, rate_hz)


def alert(rate_hz: int) -> Sound:
    """Mono samples, of no set level."""
    return _struck(ALERT, ALERT_SECONDS, rate_hz)


def _struck(strokes: Strokes, seconds: float, rate_hz: int) -> Sound:
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.asarray(sum(strength * _stroke(time - start, hertz) for start, hertz, strength in strokes))


def _stroke(seconds: Sound, hertz: float) -> Sound:
    """One struck bar of bronze; `seconds` since the stroke, silent before it."""
    since = np.maximum(seconds, 0)
    rise = np.sin(np.pi / 2 * np.minimum(since / RISE_SECONDS, 1)) ** 2
    ring = sum(
        strength * np.exp(-since / decay) * np.sin(2 * np.pi * hertz * multiple * since)
        for multiple, strength, decay in PARTIALS
    )
    return np.asarray(rise * ring)
