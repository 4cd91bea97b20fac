"""A buffer of PCM between the loop of the sound child and its pump."""

import threading
from collections import deque
from contextlib import suppress

from broadcaster.audio.pcm import SAMPLE_BYTES, ramp_down


class Feed:
    """Short blocks of ready PCM: the loop's thread adds, the pump's thread takes; no lock between.

    Either thread writes only its own counter, and a deque is safe at both ends. Counters are frames
    over the life of the child.
    """

    def __init__(self, block_frames: int) -> None:
        self.block_frames = block_frames
        self.added = 0
        self.taken = 0
        self._blocks: deque[bytes] = deque()
        self.offered = threading.Event()
        """Enough was added to begin with, for a pump that waits."""

    @property
    def ahead(self) -> int:
        """Frames that wait to be taken."""
        return self.added - self.taken

    def add(self, block: bytes) -> None:
        self.added += len(block) // SAMPLE_BYTES
        self._blocks.append(block)

    def take(self, most_blocks: int = 1) -> bytes:
        """The next PCM, or b"" if there is none; for the pump."""
        blocks: list[bytes] = []
        with suppress(IndexError):
            while len(blocks) < most_blocks:
                blocks.append(self._blocks.popleft())
        pcm = b"".join(blocks)
        self.taken += len(pcm) // SAMPLE_BYTES
        return pcm

    def fade(self, frames: int) -> bool:
        """Let what waits end in a ramp of `frames`; whether anything was lost by it."""
        pcm = b"".join(reversed(self._take_all_back()))
        kept = ramp_down(pcm[: frames * SAMPLE_BYTES])
        size = self.block_frames * SAMPLE_BYTES
        for start in range(0, len(kept), size):
            self.add(kept[start : start + size])
        return bool(pcm)

    def clear(self) -> None:
        """Forget what waits."""
        self._take_all_back()

    def _take_all_back(self) -> list[bytes]:
        """Last block first: whatever the pump takes meanwhile comes before all of these."""
        blocks: list[bytes] = []
        with suppress(IndexError):
            while True:
                blocks.append(self._blocks.pop())
        self.added -= sum(map(len, blocks)) // SAMPLE_BYTES
        return blocks
