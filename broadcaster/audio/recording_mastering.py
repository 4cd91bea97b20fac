"""Masters a person's own recording as a line is mastered, in parts: the first can play while the rest is
rendered.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from broadcaster.audio.mastering import Mastering
from broadcaster.audio.mastering_preset import Preset
from broadcaster.core.errors import LineRefused
from broadcaster.core.model import Waveform

PIECE_SECONDS = 1.0
PART_SECONDS = 20.0

Pcm = NDArray[np.int16]


def mastered(path: Path, rate_hz: int, preset: Preset, level_lufs: float) -> Iterator[Pcm | None]:
    """Parts that follow one another without a gap; None in between, for more urgent work to go first.

    No part is all silence. Raises `LineRefused` for a recording that is gone or damaged.
    """
    part = np.zeros(0, np.int16)
    for piece in _pieces(path, rate_hz, preset, level_lufs):
        part = np.concatenate([part, piece])
        if len(part) >= PART_SECONDS * rate_hz and part.any():
            yield part
            part = np.zeros(0, np.int16)
        else:
            yield None
    if part.any():
        yield part


def _pieces(path: Path, rate_hz: int, preset: Preset, level_lufs: float) -> Iterator[Pcm]:
    try:
        with soundfile.SoundFile(path) as file:
            mastering = Mastering(file.samplerate, rate_hz, level_lufs, preset)
            size = round(PIECE_SECONDS * file.samplerate)
            while len(samples := file.read(size, dtype="float32")):
                yield mastering.process(Waveform(samples, file.samplerate))
            yield mastering.finish()
    except (OSError, soundfile.LibsndfileError) as error:
        raise LineRefused("这个录音已经删掉了，或者坏了，请重新录一遍。") from error
