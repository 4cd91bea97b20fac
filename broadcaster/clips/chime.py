"""The chime before a notice: three strokes of a gong, falling, from soft to full.

It lasts 2.5 s because it covers the making of the first line: the start of the voice child and its
models (up to 2 s) and the first piece of speech (0.1 s).
"""

import numpy as np
from numpy.typing import NDArray

SECONDS = 2.5
# G5, E5, C5 (equal temperament, A4 = 440 Hz): a horn carries from 400 Hz. (start s, hertz, strength)
STROKES = ((0.0, 783.99, 0.6), (0.5, 659.26, 0.8), (1.0, 523.25, 1.0))
# (multiple of the stroke's hertz, strength, seconds to 1/e): the high ones go first, as in bronze.
PARTIALS = ((1.0, 1.0, 0.55), (2.0, 0.5, 0.35), (3.01, 0.25, 0.2), (4.17, 0.1, 0.1))
RISE_SECONDS = 0.02
FALL_SECONDS = 0.4
# By measurement -16.5 LUFS over the whole, half a dB below speech; peak -4 dBFS.
LEVEL = 0.4


def chime(rate_hz: int) -> NDArray[np.int16]:
    """Mono samples at the station's rate; begin and end in silence."""
    seconds = np.arange(round(SECONDS * rate_hz)) / rate_hz
    sound = sum(strength * _stroke(seconds - start, hertz) for start, hertz, strength in STROKES)
    ending = np.clip((SECONDS - seconds) / FALL_SECONDS, 0, 1)
    return np.rint(32767 * LEVEL * sound * np.sin(np.pi / 2 * ending) ** 2).astype(np.int16)


def _stroke(seconds: NDArray[np.float64], hertz: float) -> NDArray[np.float64]:
    """One struck bar of bronze; `seconds` since the stroke, silent before it."""
    since = np.maximum(seconds, 0)
    rise = np.sin(np.pi / 2 * np.minimum(since / RISE_SECONDS, 1)) ** 2
    ring = sum(
        strength * np.exp(-since / decay) * np.sin(2 * np.pi * hertz * multiple * since)
        for multiple, strength, decay in PARTIALS
    )
    return np.asarray(rise * ring)
