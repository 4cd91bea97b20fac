"""Moves the mel frames of a line so that each vowel begins when it is due.

Frames are moved between the model that makes them and the vocoder that sounds them, so the pitch stays
and nothing is cut. Vowels give and take; consonants keep their length while there is room.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Mel = NDArray[np.float32]

CONSONANT_FRAMES = 6.0
CONSONANT_SHARE = 0.4
# Of the first consonant of a line, frames: 60 ms, of 115 at most in the ping of 平.
LONGEST_OPENING = 4.8
OPENING_SHARE = 0.4
# A vowel held longer is sung; the rest of its time is silence.
LONGEST_VOWEL = 1.6
SHORTEST_TAIL = 0.75
FADE_FRAMES = 3


def lay_out(
    mel: Mel, consonant: float, onsets: Sequence[float], due: Sequence[float], end: float
) -> Mel:
    """`mel` with the vowels that begin at the frames `onsets` at the frames `due`, over by `end`.

    The first consonant is heard from the frame `consonant` on. It is shortened where it is long, and has
    the beat inside it: an ear for the hiss and one for the vowel both find the line on the beat.
    """
    length = min(onsets[0] - consonant, LONGEST_OPENING)
    due = [due[0] + length * OPENING_SHARE, *due[1:]]
    times, sources = [due[0] - length - consonant, due[0] - length], [0.0, consonant]
    silences = []
    for (now, then), (start, stop) in zip(pairwise(due), pairwise(onsets), strict=True):
        body, consonant = _shares(then - now, stop - start)
        before = min(CONSONANT_FRAMES, CONSONANT_SHARE * (stop - start))
        times += [now, now + body, then - consonant]
        sources += [start, stop - before, stop - before]
        silences.append((now + body, then - consonant))
    tail = len(mel) - onsets[-1]
    over = due[-1] + tail * float(np.clip((end - due[-1]) / tail, SHORTEST_TAIL, 1.0))
    times += [due[-1], over]
    sources += [onsets[-1], float(len(mel) - 1)]
    frames = np.arange(int(min(end, over)))
    laid = _between(mel, np.interp(frames, times, sources))
    return _silenced(laid, silences, mel[np.argmin(mel.mean(axis=1))])


def _shares(room: float, length: float) -> tuple[float, float]:
    """The lengths of the vowel and of the consonant behind it, within the time to the next vowel."""
    consonant = min(CONSONANT_FRAMES, CONSONANT_SHARE * length)
    if room < length:
        consonant *= room / length
    return min(room - consonant, LONGEST_VOWEL * (length - consonant)), consonant


def _between(mel: Mel, places: NDArray[np.float64]) -> Mel:
    """The frames at fractional places."""
    places = np.clip(places, 0, len(mel) - 1)
    low = np.minimum(places.astype(int), len(mel) - 2)
    share = (places - low)[:, np.newaxis].astype(np.float32)
    return np.asarray(mel[low] * (1 - share) + mel[low + 1] * share)


def _silenced(mel: Mel, silences: Sequence[tuple[float, float]], quiet: Mel) -> Mel:
    """Silence between the given frames, faded into and out of."""
    frames = np.arange(len(mel))
    silent = np.zeros(len(mel), np.float32)
    for start, stop in silences:
        inside = np.minimum(frames - start, stop - frames) / FADE_FRAMES
        silent = np.maximum(silent, np.clip(inside, 0, 1).astype(np.float32))
    share = silent[:, np.newaxis]
    return np.asarray(mel * (1 - share) + quiet * share)
