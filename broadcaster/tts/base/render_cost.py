"""Measures the cost of speaking on this machine."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from broadcaster.core.model import Waveform


@dataclass
class Effort:
    """The cost of one job's lines: seconds of work, and seconds of speech that came of it."""

    work_seconds: float = 0.0
    speech_seconds: float = 0.0

    def watched(self, pieces: Iterator[Waveform]) -> Iterator[Waveform]:
        while True:
            began = time.monotonic()
            piece = next(pieces, None)
            self.work_seconds += time.monotonic() - began
            if piece is None:
                return
            self.speech_seconds += len(piece.samples) / piece.rate_hz
            yield piece

    @property
    def slowness(self) -> float:
        return self.work_seconds / self.speech_seconds if self.speech_seconds else 0.0
