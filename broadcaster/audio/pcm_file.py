"""Reads sound files block by block through libsndfile, by its C interface.

The soundfile package would bring numpy into the sound child: 20 MB of its 40; cffi's parser of C
declarations would cost main 2 MB.
"""

import ctypes
import functools
import importlib.util
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from broadcaster.audio.pcm import SAMPLE_BYTES
from broadcaster.core.errors import BroadcasterError

FOR_READING = 0x10
FROM_START = 0
SUBTYPE_MASK = 0xFFFF
FLOATING_SUBTYPES = (0x0006, 0x0007)


class _SoundInfo(ctypes.Structure):
    """SF_INFO of sndfile.h."""

    _fields_ = (
        ("frames", ctypes.c_int64),
        *((name, ctypes.c_int) for name in ("samplerate", "channels", "format", "sections", "seekable")),
    )


class SoundUnreadable(BroadcasterError):
    """A sound file that is missing, damaged or not in the station's format."""

    wire_name = "SoundUnreadable"


class NoDecoder(BroadcasterError):
    """No sound file can be read on this machine; none of them is to blame."""

    wire_name = "NoDecoder"


def read_pcm(path: Path, rate_hz: int, block_frames: int, first_frame: int = 0) -> Iterator[bytes]:
    """Yield a file's samples from the first on, mono, 16 bit, in blocks of `block_frames`; the last one
    may be shorter.

    Raises `SoundUnreadable`, also in the middle of a file that is shorter than its header says.
    """
    with closing(_PcmFile(path, rate_hz)) as file:
        yield from file.blocks(block_frames, first_frame)


class _PcmFile:
    def __init__(self, path: Path, rate_hz: int) -> None:
        self._path = path
        info = _SoundInfo()
        self._file = _libsndfile().sf_open(os.fsencode(path), FOR_READING, ctypes.byref(info))
        if not self._file:
            reason = _libsndfile().sf_strerror(None).decode(errors="replace")
            raise SoundUnreadable(f"声音文件读不出来：{path.name}（{reason}）")
        self._frames = info.frames
        if info.samplerate != rate_hz or info.channels != 1:
            self._refuse(f"要 {rate_hz} 赫兹单声道，它是 {info.samplerate} 赫兹 {info.channels} 声道")
        if info.format & SUBTYPE_MASK in FLOATING_SUBTYPES:
            self._refuse("要整数采样，它是浮点采样")

    def _refuse(self, reason: str) -> None:
        self.close()
        raise SoundUnreadable(f"声音文件格式不对：{self._path.name}（{reason}）")

    def blocks(self, block_frames: int, first_frame: int) -> Iterator[bytes]:
        samples = (ctypes.c_short * block_frames)()
        left = self._frames - first_frame
        if first_frame and left > 0:
            if _libsndfile().sf_seek(self._file, first_frame, FROM_START) != first_frame:
                raise SoundUnreadable(f"声音文件不完整：{self._path.name}")
        while left > 0:
            count = _libsndfile().sf_readf_short(self._file, samples, block_frames)
            if count <= 0:
                raise SoundUnreadable(f"声音文件不完整：{self._path.name}")
            left -= count
            yield bytes(memoryview(samples).cast("B")[: count * SAMPLE_BYTES])

    def close(self) -> None:
        _libsndfile().sf_close(self._file)


@functools.cache
def _libsndfile() -> ctypes.CDLL:
    """The system's library, or else the one that the soundfile package carries."""
    library = _opened()
    library.sf_open.restype = ctypes.c_void_p
    library.sf_open.argtypes = ctypes.c_char_p, ctypes.c_int, ctypes.POINTER(_SoundInfo)
    library.sf_readf_short.restype = ctypes.c_int64
    library.sf_readf_short.argtypes = ctypes.c_void_p, ctypes.POINTER(ctypes.c_short), ctypes.c_int64
    library.sf_seek.restype = ctypes.c_int64
    library.sf_seek.argtypes = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int
    library.sf_strerror.restype = ctypes.c_char_p
    library.sf_strerror.argtypes = (ctypes.c_void_p,)
    library.sf_close.argtypes = (ctypes.c_void_p,)
    return library


def _opened() -> ctypes.CDLL:
    try:
        return ctypes.CDLL("libsndfile.so.1")
    except OSError as error:
        for carried in _carried_libraries():
            return ctypes.CDLL(str(carried))
        raise NoDecoder("缺少 libsndfile，请重新运行 scripts/setup") from error


def _carried_libraries() -> list[Path]:
    spec = importlib.util.find_spec("_soundfile_data")
    folders = spec.submodule_search_locations if spec else None
    return [library for folder in folders or () for library in Path(folder).glob("libsndfile*.so")]
