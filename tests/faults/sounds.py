"""What a village heard: the capture of its cards without silence, and what is looked for in it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from rig.rig import FakeCard

from broadcaster.core.model import Programme
from broadcaster.core.notice import Notice

RATE_HZ = 48_000
BYTES_A_SECOND = 2 * RATE_HZ
# A notice counts as PLAYED when its last line lacks no more than this (`playout/now_playing.py`), and
# the card's account is a block late.
LACKS_SECONDS = 0.25
# So much of a line is a beginning that nobody mishears for another line's.
BEGINNING_SECONDS = 0.1


def without_silence(pcm: bytes) -> bytes:
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], np.int16)
    return bytes(samples[samples != 0].tobytes())


class Ear:
    """All that came out of some cards, in the order of hearing; a place in it is a number of bytes."""

    def __init__(self, *cards: FakeCard) -> None:
        self._cards = cards
        self._read = [0] * len(cards)
        self._heard = bytearray()

    def place(self) -> int:
        """Where it is now."""
        for number, card in enumerate(self._cards):
            if card.capture.exists():
                with card.capture.open("rb") as capture:
                    capture.seek(self._read[number])
                    new = capture.read()
                new = new[: len(new) // 2 * 2]
                self._read[number] += len(new)
                self._heard += without_silence(new)
        return len(self._heard)

    def count(self, sound: bytes, since: int, until: int | None = None) -> int:
        return self._heard.count(sound, since, len(self._heard) if until is None else until)


@dataclass(frozen=True)
class Matter:
    """How the text of a notice sounds: its lines, and how often each comes in one airing."""

    lines: tuple[tuple[bytes, int], ...]
    first: bytes

    def times(self, ear: Ear, since: int, until: int | None = None) -> int:
        """How often it was heard whole."""
        return min(ear.count(line, since, until) // often for line, often in self.lines)

    def nearly_whole(self, ear: Ear, since: int) -> bool:
        """Whether nothing of it is lacking but what a loss at its very end may hide."""
        short = round(LACKS_SECONDS * BYTES_A_SECOND)
        return all(
            ear.count(line[: max(2, len(line) - short)], since) >= often for line, often in self.lines
        )

    def begun(self, ear: Ear, since: int, until: int | None = None) -> bool:
        return ear.count(self.first, since, until) > 0


def matter_of(notice: Notice, programme: Programme) -> Matter:
    clips = [item.clip.path for item in programme.items if item.says and item.says in notice.text]
    return _matter(clips)


def _matter(clips: Sequence[Path]) -> Matter:
    assert clips
    often = Counter(clips)
    sounds = {path: without_silence(_read(path)) for path in often}
    beginning = sounds[clips[0]][: round(BEGINNING_SECONDS * BYTES_A_SECOND)]
    return Matter(tuple((sounds[path], count) for path, count in often.items()), beginning)


def _read(path: Path) -> bytes:
    return bytes(soundfile.read(path, dtype="int16")[0].tobytes())
