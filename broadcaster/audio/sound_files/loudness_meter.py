"""Measures integrated loudness block by block (ITU-R BS.1770-4), in memory that hardly grows: three
numbers for each tenth of a second.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

STEP_SECONDS = 0.1
# A gating block has 0.4 s, and begins every 0.1 s.
STEPS_A_BLOCK = 4
SILENT_LUFS = -70.0
BELOW_MEAN_LU = -10.0
# The two filters of BS.1770-4, tables 1 and 2, at 48 kHz.
K_WEIGHTING = [
    (
        (1.53512485958697, -2.69169618940638, 1.19839281085285),
        (1.0, -1.69065929318241, 0.73248077421585),
    ),
    ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)),
]
K_RATE_HZ = 48_000

Samples = NDArray[np.float32]


class StepPowers:
    """Power of each tenth of a second of one channel, K-weighted, above each of some high-pass corners.

    It is read off windowed spectra, each tenth of a second seen by two: no filter runs sample by
    sample, which numpy cannot do fast.
    """

    def __init__(self, rate_hz: int, corners_hz: tuple[float, ...]) -> None:
        self._step = round(rate_hz * STEP_SECONDS)
        self._window = np.hanning(2 * self._step + 1)[:-1].astype(np.float32)
        hertz = np.asarray(np.fft.rfftfreq(2 * self._step, 1 / rate_hz), np.float64)
        weights = np.array([_k_power(hertz) * _high_pass_power(hertz, hz) for hz in corners_hz])
        # Parseval: bins but the first and last stand for two each; the window takes 3/8 of the power.
        self._weights = (2 * weights / (2 * self._step) ** 2 * (8 / 3)).T.astype(np.float32)
        self._held: Samples = np.zeros(self._step, np.float32)

    def of(self, samples: Samples) -> NDArray[np.floating]:
        """A row for each step that is whole now, a column for each corner."""
        held = np.concatenate([self._held, samples])
        count = max(len(held) // self._step - 1, 0)
        self._held = held[count * self._step :]
        if not count:
            return np.zeros((0, self._weights.shape[1]))
        frames = sliding_window_view(held, 2 * self._step)[:: self._step][:count]
        spectra = np.fft.rfft(frames * self._window)
        return (spectra.real**2 + spectra.imag**2) @ self._weights


class LoudnessMeter:
    """Loudness of one channel above each of some high-pass corners, all by one transform."""

    def __init__(self, rate_hz: int, corners_hz: tuple[float, ...]) -> None:
        self._steps = StepPowers(rate_hz, corners_hz)
        self._powers: list[NDArray[np.floating]] = []
        self._tail: Samples = np.zeros(round(2 * rate_hz * STEP_SECONDS), np.float32)

    def take(self, samples: Samples) -> None:
        self._powers.append(self._steps.of(samples))

    def loudness(self) -> list[float]:
        """LUFS for each corner; ends the measuring. SILENT_LUFS for what has no block above it."""
        self.take(self._tail)
        steps = np.concatenate(self._powers)
        width = min(STEPS_A_BLOCK, len(steps))
        blocks = sliding_window_view(steps, width, axis=0).mean(axis=-1)
        return [_gated(column) for column in blocks.T]


def _gated(powers: NDArray[np.floating]) -> float:
    powers = powers[powers > power_of(SILENT_LUFS)]
    if not len(powers):
        return SILENT_LUFS
    heard = powers[powers > powers.mean() * 10 ** (BELOW_MEAN_LU / 10)]
    return lufs_of(float(heard.mean()))


def power_of(lufs: float) -> float:
    """Of one channel; ITU-R BS.1770-4 (2)."""
    return float(10 ** ((lufs + 0.691) / 10))


def lufs_of(power: float) -> float:
    return float(10 * np.log10(power)) - 0.691


def _k_power(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    delay = np.exp(-2j * np.pi * hertz / K_RATE_HZ)
    power = np.ones(len(hertz))
    for above, below in K_WEIGHTING:
        power *= np.abs(np.polyval(above[::-1], delay) / np.polyval(below[::-1], delay)) ** 2
    return power


def _high_pass_power(hertz: NDArray[np.float64], corner_hz: float) -> NDArray[np.float64]:
    """As that of mastering (`design_filter`)."""
    return np.asarray(1 / (1 + (corner_hz / np.maximum(hertz, 1.0)) ** 8), np.float64)
