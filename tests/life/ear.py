"""What was heard of a notice: the card's capture beside the sound that it should have had."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from broadcaster.core.notice import Notice
from broadcaster.daemon.assembly import Config, open_studio
from broadcaster.schedule.slot_settings import TimetableSettings
from broadcaster.settings.schema import LexiconSettings, Settings
from broadcaster.studio.studio import Studio

Samples = np.ndarray[tuple[int, ...], np.dtype[np.int16]]
RATE_HZ = 48_000
# What is cut in its last 0.15 s counts as PLAYED, 0.03 s before that are the fade, which are other
# samples, and a card that dies in a power cut has not written the last 0.07 s that it played.
TAIL_BYTES = 2 * RATE_HZ * 25 // 100
# Shorter is a fade or the click of a kill; a syllable is 0.15 s.
BEGUN_SAMPLES = RATE_HZ // 50


@dataclass(frozen=True)
class Sound:
    """The matter of a notice, without its silences: each of its own lines, and how often it comes."""

    lines: tuple[tuple[bytes, int], ...]

    def times(self, heard: bytes) -> int:
        """How often all of it was heard whole."""
        return min((heard.count(line) // times for line, times in self.lines), default=0)

    def nearly(self, heard: bytes) -> int:
        """How often all of it was heard, but for a tail that nobody misses."""
        return min((heard.count(line[:-TAIL_BYTES]) // times for line, times in self.lines), default=0)

    def part(self, heard: bytes) -> str:
        """How much of each line was heard at most, from its beginning, for a person to judge."""
        return ", ".join(
            f"{_longest(line, heard) / 2 / RATE_HZ:.2f} of {len(line) / 2 / RATE_HZ:.2f} s"
            for line, _ in self.lines
        )

    def begun(self, heard: bytes) -> bool:
        """Whether anything of it was heard."""
        return any(line[: 2 * BEGUN_SAMPLES] in heard for line, _ in self.lines)


def sounded(samples: Samples) -> bytes:
    """Without its silences, which are longer where a machine under load makes the next line late."""
    return bytes(samples[samples != 0].tobytes())


class Ear:
    """Knows how each notice sounds."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def sound_of(self, notice: Notice, mark: str) -> Sound:
        """Of its lines those that say `mark`: the others are not its own."""
        programme = self._studio.programme(self._studio.settle(notice))
        own = [item.clip.path for item in programme.items if mark in item.says]
        assert own, f"{mark} is in no line of {notice.text}"
        return Sound(tuple((_read(path), times) for path, times in Counter(own).items()))

    def recorded(self, notice: Notice) -> Sound:
        """Of a bare notice that is a person's own voice."""
        programme = self._studio.programme(self._studio.settle(notice))
        return Sound(tuple((_read(item.clip.path), 1) for item in programme.items))


@contextmanager
def open_ear(settings: Settings, folder: Path) -> Iterator[Ear]:
    """With a voice and a cache of its own: what harms the box's does no harm here."""
    paths = settings.paths.model_copy(update={"audio_cache": folder / "cache", "state": folder})
    alone = settings.model_copy(update={"paths": paths})
    with open_studio(Config(alone, TimetableSettings(), LexiconSettings(), folder)) as studio:
        yield Ear(studio)


def _longest(line: bytes, heard: bytes) -> int:
    """Bytes of the longest beginning of a line that is in what was heard."""
    least, most = 0, len(line)
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if line[:middle] in heard else (least, middle - 1)
    return least


def _read(path: Path) -> bytes:
    samples, rate_hz = soundfile.read(path, dtype="int16")
    assert rate_hz == RATE_HZ
    return sounded(samples)
