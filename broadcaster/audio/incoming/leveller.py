"""Levels sound whose loudness nobody can measure beforehand, as it comes in."""

import numpy as np
from numpy.typing import NDArray

from broadcaster.audio.sound_files.loudness_meter import STEP_SECONDS, StepPowers, lufs_of, power_of
from broadcaster.audio.sound_files.parts import MOST_GAIN_DB

MEMORY_STEPS = round(10.0 / STEP_SECONDS)
# What is softer is a line without anything on it.
SILENT_LUFS = -60.0
# A pause in a talk or a song is no reason to turn it up; a tenth of it counts, so that a station that
# was turned down by more than this is still found, in a minute or two.
PAUSE_LU, PAUSE_SHARE = 20.0, 0.1
# The other way it is quick: the next programme on the radio may be twice as loud as the last.
LOUDER_LU, LOUDER_SHARE = 4.0, 8.0

Samples = NDArray[np.float32]


class Leveller:
    """A gain that follows the loudness of the last 10 s slowly up, and within 2 s down.

    It stands behind the high-pass and before the limiter, so it measures what the loudspeaker gives.
    ffmpeg's `dynaudnorm` and `loudnorm` look 3 to 8 s ahead, which is as much silence before a relay,
    and pull the hiss of each pause up.
    """

    def __init__(self, rate_hz: int, target_lufs: float) -> None:
        self._target_lufs = target_lufs
        self._powers = StepPowers(rate_hz, (0.0,))
        self._mean = 0.0
        self._steps = 0
        self._gain = 0.0
        self.silent = True
        """Nothing was on the line in the last samples that were given."""

    def process(self, samples: Samples) -> Samples:
        was = self._gain
        powers = self._powers.of(samples)[:, 0].tolist()
        for power in powers:
            self._take(power)
        if powers:
            self.silent = max(powers) < power_of(SILENT_LUFS)
        ramp = np.linspace(was or self._gain, self._gain, len(samples), dtype=np.float32)
        return samples * ramp

    def finish(self) -> Samples:
        return np.zeros(0, np.float32)

    def _take(self, power: float) -> None:
        if power < power_of(SILENT_LUFS):
            return
        self._steps = min(self._steps + 1, MEMORY_STEPS)
        share = min(self._share(power) / self._steps, 1.0)
        self._mean += (power - self._mean) * share
        gain_db = min(self._target_lufs - lufs_of(self._mean), MOST_GAIN_DB)
        self._gain = 10 ** (gain_db / 20)

    def _share(self, power: float) -> float:
        if power < self._mean * 10 ** (-PAUSE_LU / 10):
            return PAUSE_SHARE
        return LOUDER_SHARE if power > self._mean * 10 ** (LOUDER_LU / 10) else 1.0
