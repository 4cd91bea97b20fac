"""Hears when something begins in a recording: an energy detector that knows nothing of its making."""

import numpy as np
from numpy.typing import NDArray

Amplitude = NDArray[np.float64]

STEP_SECONDS = 0.0025
WINDOW_SECONDS = 0.010
# A syllable is felt to begin where its vowel does (Scott, The point of P-centres, 1998): by the rise of
# energy where vowels are loud and fricatives are not. Bamboo and bronze rise there too.
VOWELS_HZ = (150.0, 1600.0)
ALL_HZ = (20.0, 20_000.0)


def envelope(
    samples: NDArray[np.floating], rate_hz: int, band_hz: tuple[float, float] = VOWELS_HZ
) -> Amplitude:
    """Amplitude in the band, one value for each STEP_SECONDS, in the middle of its window."""
    hertz = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    inside = (hertz >= band_hz[0]) & (hertz <= band_hz[1])
    banded = np.fft.irfft(np.fft.rfft(samples) * inside, len(samples))
    window = round(WINDOW_SECONDS * rate_hz)
    power = np.convolve(banded**2, np.ones(window) / window, "same")
    return np.sqrt(np.maximum(power[:: round(STEP_SECONDS * rate_hz)], 0))


def onset_near(amplitude: Amplitude, seconds: float, reach: float = 0.2) -> float:
    """When the sound first rises to half of the loudest within `reach` of a moment."""
    first = max(0, round((seconds - reach) / STEP_SECONDS))
    around = amplitude[first : round((seconds + reach) / STEP_SECONDS)]
    return float((first + np.argmax(around > around.max() / 2)) * STEP_SECONDS)
