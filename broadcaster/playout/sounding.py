"""The item on the air, as the sound child knows it."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path

from broadcaster.playout.pcm import SAMPLE_BYTES, Volume
from broadcaster.playout.pcm_file import SoundUnreadable, read_pcm


class Sounding:
    """What is still to be read of an item, and how it will end."""

    def __init__(
        self, item_id: str, first_frame: int, rate_hz: int, block_frames: int, volume: Volume
    ) -> None:
        self.item_id = item_id
        self.first_frame = first_frame
        self.started = False
        self.complete = False
        self.reason = ""
        self._rate_hz = rate_hz
        self._block_frames = block_frames
        self._volume = volume
        self._sounds: deque[Iterator[bytes]] = deque()

    def append(self, sound: Path, pause_seconds: float) -> None:
        if not self.complete:
            self._sounds.append(read_pcm(sound, self._rate_hz, self._block_frames))
            self._sounds.append(self._silence(round(pause_seconds * self._rate_hz)))

    def next_block(self) -> bytes:
        """The next PCM, or b"" when all that was appended has been read."""
        while self._sounds:
            try:
                block = next(self._sounds[0], b"")
            except SoundUnreadable as error:
                self.end_here(str(error))
                return b""
            if block:
                return self._volume.apply(block)
            self._sounds.popleft()
        return b""

    def finish(self) -> None:
        """Nothing more comes."""
        self.complete = True

    def end_here(self, reason: str) -> None:
        """Nothing more is read either; the item will not have been whole."""
        self._sounds.clear()
        self.complete = True
        self.reason = self.reason or reason

    @property
    def all_read(self) -> bool:
        return self.complete and not self._sounds

    def _silence(self, frames: int) -> Iterator[bytes]:
        for start in range(0, frames, self._block_frames):
            yield bytes(min(self._block_frames, frames - start) * SAMPLE_BYTES)
