"""The sink that writes a WAV file: all that would be heard, without the silence between items."""

from pathlib import Path
from typing import BinaryIO

from broadcaster.audio.pcm import WAV_HEADER_BYTES, wav_header
from broadcaster.core.clock import Clock
from broadcaster.core.errors import DeviceLost, FileUnwritable, reason_of
from broadcaster.playout.device.null_sink import SilentSink


def start_wav_file(path: Path, rate_hz: int) -> None:
    """Write a WAV file without a sample over whatever is there; raises `FileUnwritable`."""
    if path.suffix.lower() != ".wav":
        raise FileUnwritable(f"声音只能写成 .wav 文件，请换个文件名：{path}")
    try:
        path.write_bytes(wav_header(0, rate_hz))
    except OSError as error:
        raise FileUnwritable(f"文件写不进去：{path}（{reason_of(error)}）") from error


class WavFileSink(SilentSink):
    """Appends to a file that exists, at the pace of sound; its header is true after every block."""

    def __init__(self, path: Path, rate_hz: int, latency_seconds: float, clock: Clock) -> None:
        super().__init__(rate_hz, latency_seconds, clock)
        self._path = path
        self._file: BinaryIO | None = None

    def open(self) -> None:
        super().open()
        try:
            self._file = self._path.open("r+b", buffering=0)
        except OSError as error:
            raise DeviceLost(self._sentence(error)) from error

    def write(self, pcm: bytes, spoken: bool) -> None:
        if spoken:
            self._append(pcm)
        super().write(pcm, spoken)

    def close(self) -> None:
        if self._file:
            self._file.close()

    def _append(self, pcm: bytes) -> None:
        assert self._file
        try:
            end = self._file.seek(0, 2) + self._file.write(pcm)
            self._file.seek(0)
            self._file.write(wav_header(end - WAV_HEADER_BYTES, self._rate_hz))
        except OSError as error:
            raise DeviceLost(self._sentence(error)) from error

    def _sentence(self, error: OSError) -> str:
        return f"声音写不进文件：{self._path}（{reason_of(error)}）"
