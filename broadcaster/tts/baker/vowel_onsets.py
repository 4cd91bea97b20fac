"""Finds the vowel onsets in the sound of a line: a listener takes them for the beats of the syllables.

A syllable is felt where energy rises in the bands of the vowel, not where its consonant starts (S. K.
Scott, The point of P-centres, Psychological Research 61, 1998).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

STEP_SECONDS = 0.0025
WINDOW_SECONDS = 0.010
# A vowel is loud there; s, sh, f, h and the breath of k, t, p are not.
LOW_HZ, HIGH_HZ = 150.0, 1600.0
RISEN = 0.4  # of the syllable's greatest amplitude
SYLLABLE_SECONDS = 0.15
# Of that vowel, as hiss. By 200 lines of 50 openings, mastered, an ear for all sound and one for the
# vowel both find the line within 35 ms of its beat with these two figures.
HEARD = 0.06
CLOSEST_SECONDS = 0.05  # two vowels
# A model's own boundaries are early: the offline voice's by 0.03 s, by 0.15 s at most.
BEFORE_SECONDS = 0.04
USUAL_SECONDS = 0.03


def vowel_onsets(
    samples: NDArray[np.float32], rate_hz: int, finals: Sequence[float], end: float
) -> list[float]:
    """Seconds at which each vowel is heard, given when the voice says that its final starts.

    Where a sound goes over into the next without a dip, as in 人人, its usual delay is taken.
    """
    amplitude = _amplitude(samples, rate_hz, LOW_HZ, HIGH_HZ)
    onsets: list[float] = []
    for start, stop in zip(finals, [*finals[1:], end], strict=True):
        earliest = max(start - BEFORE_SECONDS, onsets[-1] + CLOSEST_SECONDS) if onsets else 0.0
        first = round(earliest / STEP_SECONDS)
        last = max(first, round((stop - BEFORE_SECONDS) / STEP_SECONDS))
        risen = _rise(amplitude[first:last], after_silence=not onsets)
        usual = max(earliest, start + USUAL_SECONDS)
        onsets.append((first + risen) * STEP_SECONDS if risen else usual)
    return onsets


def consonant_onset(samples: NDArray[np.float32], rate_hz: int, vowel: float) -> float:
    """Seconds at which the breath or hiss before the line's first vowel, at `vowel`, is first heard."""
    whole, hiss = (_amplitude(samples, rate_hz, low, rate_hz / 2) for low in (0.0, HIGH_HZ))
    loudest = whole[: round((vowel + SYLLABLE_SECONDS) / STEP_SECONDS)].max()
    return float(min(vowel, np.argmax(hiss > HEARD * loudest) * STEP_SECONDS))


def _rise(amplitude: NDArray[np.float64], after_silence: bool) -> int:
    """The step at which it rises over RISEN; 0 if it never does.

    After silence the first one; after another syllable, which may be louder, the last.
    """
    loudest = int(np.argmax(amplitude)) if len(amplitude) else 0
    soft = amplitude[:loudest] < RISEN * amplitude[loudest]
    if not soft.any():
        return 0
    return int(np.argmin(soft)) or loudest if after_silence else int(np.nonzero(soft)[0][-1]) + 1


def _amplitude(
    samples: NDArray[np.float32], rate_hz: int, low_hz: float, high_hz: float
) -> NDArray[np.float64]:
    """Between two frequencies, one value for each STEP_SECONDS."""
    hertz = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    spectrum = np.fft.rfft(samples) * ((hertz > low_hz) & (hertz < high_hz))
    window = round(WINDOW_SECONDS * rate_hz)
    power = np.convolve(np.fft.irfft(spectrum, len(samples)) ** 2, np.ones(window) / window, "same")
    amplitude: NDArray[np.float64] = np.sqrt(np.maximum(power, 0))[:: round(STEP_SECONDS * rate_hz)]
    return amplitude
