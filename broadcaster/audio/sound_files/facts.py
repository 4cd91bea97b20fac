"""Facts about a sound file that were measured once and are kept beside it. Light: main reads them
without numpy.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self


class Mix(StrEnum):
    """One channel out of all: the only one, their mean, or one alone where another would cancel it."""

    ONLY = "only"
    MEAN = "mean"
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True)
class SoundFacts:
    """One sound file: `seconds` as decoded, never as its head says.

    `levels` are pairs of a high-pass corner in Hz and the loudness that is left above it in LUFS;
    `peak` is that of the samples, 1 being full scale; `offset` is their mean. `warnings` are sentences
    about what was odd; such a file plays all the same.
    """

    seconds: float
    levels: tuple[tuple[float, float], ...]
    peak: float
    offset: float
    mix: Mix
    demuxer: str
    codec: str
    title: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def lufs(self) -> float:
        """Integrated loudness of the whole band (ITU-R BS.1770-4), as one channel."""
        return self.lufs_above(0.0)

    def lufs_above(self, high_pass_hz: float) -> float:
        return min(self.levels, key=lambda level: abs(level[0] - high_pass_hz))[1]

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """The facts that `asdict` and JSON wrote down. Raises ValueError, TypeError or LookupError."""
        exact = {
            "levels": tuple((float(corner), float(lufs)) for corner, lufs in told["levels"]),
            "mix": Mix(told["mix"]),
            "warnings": tuple(map(str, told["warnings"])),
            "seconds": float(told["seconds"]),
        }
        return cls(**{**told, **exact})
