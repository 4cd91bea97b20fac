"""A horn on a pole as a listener hears it: band, overdrive, echoes from walls and hills, noise."""

import numpy as np
import pyloudnorm
from numpy.typing import NDArray

Sound = NDArray[np.float64]

RATE_HZ = 16_000
BAND_HZ = (400.0, 4_000.0)
DRIVE = 2.0
# (seconds, dB): a wall at 43 m, a hill at 100 m.
ECHOES = ((0.25, -9.0), (0.6, -15.0))
# 10 dB below speech that leaves the voice at -20 LUFS: the wind does not fall when speech rises.
NOISE_LUFS = -30.0


def through_horn(speech: Sound, seed: int, noise_lufs: float = NOISE_LUFS) -> Sound:
    """What is heard of mono speech at 16 kHz; the same noise for the same seed and length."""
    padded = np.concatenate([speech, np.zeros(RATE_HZ)])
    driven = np.tanh(DRIVE * _in_band(padded)) / DRIVE
    heard = driven.copy()
    for seconds, level_db in ECHOES:
        late = round(seconds * RATE_HZ)
        heard[late:] += 10 ** (level_db / 20) * driven[:-late]
    return heard + _pink_noise(len(heard), seed, noise_lufs)


def loudness(sound: Sound) -> float:
    """LUFS by ITU-R BS.1770-4 at 16 kHz."""
    return float(pyloudnorm.Meter(RATE_HZ).integrated_loudness(sound))


def _in_band(sound: Sound) -> Sound:
    """Fourth-order Butterworth slopes at either end of the band, in magnitude only."""
    spectrum = np.fft.rfft(sound)
    hertz = np.maximum(np.fft.rfftfreq(len(sound), 1 / RATE_HZ), 1.0)
    low, high = BAND_HZ
    passed = 1 / np.sqrt((1 + (low / hertz) ** 8) * (1 + (hertz / high) ** 8))
    return np.fft.irfft(spectrum * passed, len(sound))


def _pink_noise(length: int, seed: int, lufs: float) -> Sound:
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(length))
    hertz = np.maximum(np.fft.rfftfreq(length, 1 / RATE_HZ), 50.0)
    noise = np.fft.irfft(spectrum / np.sqrt(hertz), length)
    return noise * 10 ** ((lufs - loudness(noise)) / 20)
