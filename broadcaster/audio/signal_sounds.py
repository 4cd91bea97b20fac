"""Makes the signals before the first word, in the station's sound format."""

import numpy as np
from numpy.typing import NDArray

from broadcaster.audio.chime import alert, chime
from broadcaster.audio.mastering_preset import SOFT_START_SECONDS, Preset
from broadcaster.audio.siren import siren
from broadcaster.core.notice import Signal

# The peaks are those at which, over speech of -16 LUFS, the chime stands at -16.5, the alert at -15
# and the siren at -13 LUFS by measurement.
MAKERS = {Signal.CHIME: (chime, 0.71), Signal.ALERT: (alert, 0.70), Signal.SIREN: (siren, 0.375)}
FALL_SECONDS = 0.4


def make_signal(signal: Signal, rate_hz: int, preset: Preset) -> NDArray[np.int16]:
    """Mono samples at the station's rate, from silence and softly out of it, about as loud as speech."""
    make, peak = MAKERS[signal]
    sound = make(rate_hz)
    level = peak / np.abs(sound).max() * 10 ** ((preset.target_lufs + 16) / 20)
    pcm: NDArray[np.int16] = np.rint(32767 * level * sound * _ends(len(sound), rate_hz)).astype(np.int16)
    return pcm


def _ends(length: int, rate_hz: int) -> NDArray[np.float64]:
    """The soft start and the fall."""
    seconds = np.arange(length) / rate_hz
    risen = np.clip(seconds / SOFT_START_SECONDS, 0, 1)
    left = np.clip((length - 1) / rate_hz - seconds, 0, FALL_SECONDS) / FALL_SECONDS
    return np.asarray(np.sin(np.pi / 2 * risen) ** 2 * np.sin(np.pi / 2 * left) ** 2)
