"""A clip that is cut: from some place in it on, or up to one, with a fade where it was cut."""

import numpy as np
from numpy.typing import NDArray

from broadcaster.audio.pcm_file import read_pcm
from broadcaster.core.model import Clip

FADE_IN_SECONDS = 0.02
# The end of its time is no mistake of the speaker's: who listens hears it go.
FADE_OUT_SECONDS = 1.0


def cut(clip: Clip, first_seconds: float, last_seconds: float, rate_hz: int) -> NDArray[np.int16]:
    """The samples between two places in a clip. Raises `SoundUnreadable`."""
    first, last = (round(seconds * rate_hz) for seconds in (first_seconds, last_seconds))
    pcm = b"".join(read_pcm(clip.path, rate_hz, rate_hz, first))
    samples = np.frombuffer(pcm, np.int16)[: last - first].astype(np.float64)
    if first:
        _fade(samples, FADE_IN_SECONDS, rate_hz)
    if last < round(clip.seconds * rate_hz):
        _fade(samples[::-1], FADE_OUT_SECONDS, rate_hz)
    return samples.astype(np.int16)


def _fade(samples: NDArray[np.float64], seconds: float, rate_hz: int) -> None:
    """In place, from silence at the first sample on."""
    count = min(len(samples), round(seconds * rate_hz))
    samples[:count] *= np.arange(count) / max(count, 1)
