"""A voice made of a person's recordings: it can say the recorded phrases and nothing else."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from broadcaster.core.errors import LineRefused, VoiceUnavailable
from broadcaster.core.model import Line, Waveform
from broadcaster.tts.base.loudness import LEVEL_LUFS, levelled
from broadcaster.tts.base.voice import Voice
from broadcaster.tts.recorded.phrases import MOST_LINES, phrases, same_words, version

RATE_HZ = 48_000
PIECE_SECONDS = 1.0
QUIET = 10 ** (-45 / 20)  # of the peak: room noise before and after the words
MARGIN_SECONDS = 0.05

Samples = NDArray[np.float32]


class RecordedVoice(Voice):
    """The recordings in one folder; a recording keeps its own pace."""

    rate_hz = RATE_HZ
    level_lufs = LEVEL_LUFS

    def __init__(self, folder: Path) -> None:
        self.name = f"recorded:{folder.name}"
        self.version = version(folder)
        self._phrases = phrases(folder)

    def arrange(self, lines: Iterable[Line]) -> Iterator[Line]:
        """Lines that are one recording together become one line: 火灾！ and 请立即撤离。"""
        left = list(lines)
        while left:
            count = self._recorded_together(left)
            yield _joined(left[:count])
            left = left[count:]

    def speak(self, line: Line, pace: float = 1.0) -> Iterator[Waveform]:
        path = self._recording(line)
        if path is None:
            words = line.written.rstrip("。")
            raise LineRefused(
                f"声音 {self.name} 没有录过这一句：{words}。请换一个声音，或者把它录好放进去。"
            )
        sound = levelled(trimmed(_read(path), RATE_HZ), RATE_HZ)
        size = int(PIECE_SECONDS * RATE_HZ)
        for start in range(0, len(sound), size):
            yield Waveform(sound[start : start + size], RATE_HZ)

    def _recorded_together(self, lines: Sequence[Line]) -> int:
        """The largest number of lines from the first on that are one recording; 1 if none."""
        for count in range(min(MOST_LINES, len(lines)), 1, -1):
            if self._recording(_joined(lines[:count])):
                return count
        return 1

    def _recording(self, line: Line) -> Path | None:
        written, spoken = same_words(line.written), same_words(line.spoken)
        return self._phrases.get(written) or self._phrases.get(spoken)


def _joined(lines: Sequence[Line]) -> Line:
    if len(lines) == 1:
        return lines[0]
    return Line(
        written="".join(line.written for line in lines),
        spoken="".join(line.spoken for line in lines),
        syllables=tuple(syllable for line in lines for syllable in line.syllables),
        pause_seconds=lines[-1].pause_seconds,
    )


def _read(path: Path) -> Samples:
    """Mono at RATE_HZ. Raises `LineRefused` for an empty one, `VoiceUnavailable` for a broken one."""
    try:
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise VoiceUnavailable(f"录音 {path.name} 读不出来，请重新录一遍或转成 WAV。") from error
    mono = samples.mean(axis=1)
    if not np.abs(mono).max(initial=0.0) > 0.0:
        raise LineRefused(f"录音 {path.name} 里没有声音，请重新录一遍。")
    resampled: Samples = soxr.resample(mono, rate_hz, RATE_HZ)
    return resampled


def trimmed(samples: Samples, rate_hz: int) -> Samples:
    """Without the silence before and after."""
    loud = np.flatnonzero(np.abs(samples) > np.abs(samples).max() * QUIET)
    margin = int(MARGIN_SECONDS * rate_hz)
    return samples[max(0, loud[0] - margin) : loud[-1] + margin]
