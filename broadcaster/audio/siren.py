"""Makes the siren before a notice of the highest severity: two wails, up and down."""

import numpy as np
from numpy.typing import NDArray

SECONDS = 3.8
WAILS = 2
# Within what a horn carries, five of its harmonics too. An air raid is signalled in cycles of 12 s
# and 60 s (人民防空警报信号): wails of 1.9 s are not taken for one.
LOWEST_HZ, HIGHEST_HZ = 520.0, 1150.0
# Between a hum and a saw: (multiple of the hertz, strength).
HARMONICS = ((1, 1.0), (2, 0.5), (3, 0.3), (4, 0.15), (5, 0.08))


def siren(rate_hz: int) -> NDArray[np.float64]:
    """Mono samples, of no set level."""
    seconds = np.arange(round(SECONDS * rate_hz)) / rate_hz
    height = 0.5 - 0.5 * np.cos(2 * np.pi * WAILS * seconds / SECONDS)
    hertz = LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ) ** height
    phase = 2 * np.pi * np.cumsum(hertz) / rate_hz
    return np.asarray(sum(strength * np.sin(multiple * phase) for multiple, strength in HARMONICS))
