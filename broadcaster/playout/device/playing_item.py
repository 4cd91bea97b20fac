"""The item that the sound child is playing: its sounds, and damage in them."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from broadcaster.audio.pcm import SAMPLE_BYTES, Gain, ramp_up
from broadcaster.audio.pcm_file import NoDecoder, SoundUnreadable, read_pcm
from broadcaster.system.flac_digest import is_undamaged


@dataclass
class _Sound:
    """One file of it with the silence behind; `frames` of the file were read. One that is `cut_into`
    does not begin at its start.
    """

    number: int
    path: Path
    blocks: Iterator[bytes]
    silence: Iterator[bytes]
    cut_into: bool
    frames: int = 0
    checked: bool = False


class Damage(NamedTuple):
    """The file that is damaged, the how many-th it was, and how much of it was good."""

    number: int
    path: Path
    frames: int


class PlayingItem:
    """The unread rest of an item, and how it will end."""

    def __init__(
        self, item_id: str, first_frame: int, rate_hz: int, block_frames: int, volume: Gain
    ) -> None:
        self.item_id = item_id
        self.first_frame = first_frame
        self.started = False
        self.complete = False
        self.reason = ""
        self.damage: Damage | None = None
        """To be told; nothing is taken any more until `mend`."""
        self._broken = False
        self._rate_hz = rate_hz
        self._block_frames = block_frames
        self._volume = volume
        self._sounds: deque[_Sound] = deque()
        self._given = 0

    def append(self, path: Path, pause_seconds: float, start_seconds: float = 0.0) -> None:
        if not (self.complete or self._broken):
            first_frame = round(start_seconds * self._rate_hz)
            blocks = read_pcm(path, self._rate_hz, self._block_frames, first_frame)
            silence = self._silence(round(pause_seconds * self._rate_hz))
            self._sounds.append(_Sound(self._given, path, blocks, silence, first_frame > 0))
            self._given += 1

    def next_block(self) -> bytes:
        """The next PCM, or b"" when all that was appended has been read."""
        while self._sounds:
            sound = self._sounds[0]
            try:
                self._check(sound)
                block = next(sound.blocks, b"")
            except SoundUnreadable:
                self._break_at(sound)
                return b""
            except NoDecoder as error:
                self.end_here(str(error))
                return b""
            # A block is 20 ms.
            block = ramp_up(block) if sound.cut_into and not sound.frames else block
            sound.frames += len(block) // SAMPLE_BYTES
            block = block or next(sound.silence, b"")
            if block:
                return self._volume.apply(block)
            self._sounds.popleft()
        return b""

    def check_one(self) -> None:
        """Look at one file that has not had its turn."""
        sound = next((sound for sound in self._sounds if not sound.checked), None)
        if sound:
            try:
                self._check(sound)
            except SoundUnreadable:
                self._break_at(sound)

    def mend(self) -> None:
        """Take again what is appended."""
        self._broken = False

    def finish(self) -> None:
        """Nothing more comes."""
        self.complete = self.complete or not self._broken

    def end_here(self, reason: str) -> None:
        """Nothing more is read either; the item will not have been whole."""
        self._sounds.clear()
        self.complete = True
        self.reason = self.reason or reason

    @property
    def all_read(self) -> bool:
        return self.complete and not self._sounds

    def _check(self, sound: _Sound) -> None:
        if not sound.checked and not is_undamaged(sound.path):
            raise SoundUnreadable(f"声音文件坏了：{sound.path.name}")
        sound.checked = True

    def _break_at(self, sound: _Sound) -> None:
        """Ends the item before a damaged sound; sounds before it are still heard."""
        while self._sounds and self._sounds[-1].number >= sound.number:
            self._sounds.pop()
        self._given = sound.number
        self._broken, self.complete = True, False
        self.damage = Damage(sound.number, sound.path, sound.frames)

    def _silence(self, frames: int) -> Iterator[bytes]:
        for start in range(0, frames, self._block_frames):
            yield bytes(min(self._block_frames, frames - start) * SAMPLE_BYTES)
