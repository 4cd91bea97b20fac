"""Stretches a whole line to fit its beats, for voices whose durations cannot be set.

WSOLA: Verhelst, Roelands, An overlap-add technique based on waveform similarity (ICASSP 1993).
"""

import numpy as np
from numpy.typing import NDArray

from broadcaster.core.beat_timing import Timing

Samples = NDArray[np.float32]

MOST = 1.2  # a voice stretched further sounds like another
WINDOW_SECONDS = 0.03
SEARCH_SECONDS = 0.008
STEP_SECONDS = 0.005
# A vowel is at least that loud, a consonant seldom, by the loudest steps of the line.
ONSET_DB, END_DB = -12.0, -30.0
# What the last syllable takes when nothing hurries it.
LAST_SECONDS = 0.25


def fit(samples: Samples, rate_hz: int, timing: Timing) -> Samples:
    """The line with its first vowel where it is due, and about as long as its beats."""
    start, end = sounding(samples, rate_hz)
    first, last = timing.onsets[0], timing.onsets[-1]
    wanted = last - first + min(LAST_SECONDS, timing.end_seconds - last)
    ratio = float(np.clip(wanted / max(end - start, STEP_SECONDS), 1 / MOST, MOST))
    stretched = stretch(samples, rate_hz, ratio)
    start, end = sounding(stretched, rate_hz)
    shift = round((first - start) * rate_hz)
    cut = stretched[max(0, -shift) : round((end + LAST_SECONDS) * rate_hz)]
    return np.concatenate([np.zeros(max(0, shift), np.float32), cut])


def sounding(samples: Samples, rate_hz: int) -> tuple[float, float]:
    """The start of the first vowel and the end of the last sound, in seconds."""
    step = round(STEP_SECONDS * rate_hz)
    steps = samples[: len(samples) // step * step].reshape(-1, step)
    level_db = 10 * np.log10(np.mean(steps**2, axis=1) + 1e-10)
    loud = np.percentile(level_db, 95)
    first = np.argmax(level_db > loud + ONSET_DB)
    last = len(level_db) - np.argmax(level_db[::-1] > loud + END_DB)
    return float(first * STEP_SECONDS), float(last * STEP_SECONDS)


def stretch(samples: Samples, rate_hz: int, ratio: float) -> Samples:
    """The same speech, `ratio` times as long, at the same pitch."""
    window, search = round(WINDOW_SECONDS * rate_hz) // 2 * 2, round(SEARCH_SECONDS * rate_hz)
    hop = window // 2
    padded = np.pad(samples, (search, window + 2 * search + hop))
    count = max(1, int(np.ceil(len(samples) * ratio / hop)))
    shape = np.hanning(window + 1)[:window].astype(np.float32)
    out = np.zeros((count + 2) * hop, np.float32)
    out[:hop] += padded[search : search + hop] * shape[hop:]
    follows = 0
    for number in range(count):
        ideal = min(round(number * hop / ratio), len(samples))
        taken = ideal if number == 0 else _most_alike(padded, follows, ideal, search, hop)
        piece = padded[taken + search : taken + search + window]
        out[number * hop : number * hop + window] += piece * shape
        follows = taken + hop
    return out[: round(len(samples) * ratio)]


def _most_alike(padded: Samples, follows: int, ideal: int, search: int, length: int) -> int:
    """The place near `ideal` that goes on most like what followed the piece before."""
    model = padded[follows + search : follows + search + length]
    around = padded[ideal : ideal + 2 * search + length]
    if len(model) < length or len(around) < length:
        return ideal
    alike = np.correlate(around, model)
    power = np.convolve(around**2, np.ones(length, np.float32), "valid")
    return ideal - search + int(np.argmax(alike / np.sqrt(power + 1e-9)))
