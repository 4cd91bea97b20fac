"""Exports a programme as one sound file that a person asked for."""

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from broadcaster.core.errors import FileUnwritable, reason_of
from broadcaster.core.model import Programme
from broadcaster.system.atomic_file import atomic_write

MP3_BITRATE = "96k"
LEAST_FREE_BYTES = 64 * 1024


def check_writable(path: Path) -> None:
    """Raise `FileUnwritable` for a place or an ending that cannot be, before anything is made for it."""
    if path.is_dir():
        raise FileUnwritable(f"{path} 是一个文件夹。请写一个文件名，用 .wav、.flac 或 .mp3 结尾。")
    if path.suffix.lower() not in FORMATS:
        raise FileUnwritable(f"不认识这种声音文件：{path.name}。文件名请用 .wav、.flac 或 .mp3 结尾。")
    if not path.parent.is_dir():
        raise FileUnwritable(f"没有这个文件夹：{path.parent}。请先建好，或者换一个地方。")
    if not os.access(path.parent, os.W_OK):
        raise FileUnwritable(f"这个文件夹写不进去：{path.parent}。请检查它的权限，或者换一个地方。")
    if path.suffix.lower() == ".mp3" and shutil.which("ffmpeg") is None:
        raise FileUnwritable("没有装 ffmpeg，做不了 MP3。请先运行 scripts/setup，或者改用 .wav 结尾。")


def write_sound(path: Path, programme: Programme, rate_hz: int) -> float:
    """Write clips and pauses as WAV, FLAC or MP3, by the ending; give back the seconds.

    Whole or absent. Raises `FileUnwritable`.
    """
    check_writable(path)
    write = FORMATS[path.suffix.lower()]
    try:
        with atomic_write(path, path.parent) as unfinished:
            return write(unfinished, programme, rate_hz)
    except OSError as error:
        raise FileUnwritable(
            f"声音文件写不成：{path}（{reason_of(error)}）。请检查文件夹的权限和磁盘的空位，再试一次。"
        ) from error


def _write_pcm(path: Path, programme: Programme, rate_hz: int) -> float:
    """WAV or FLAC, clip by clip: an hour of speech is never in memory at once."""
    try:
        with soundfile.SoundFile(path, "w", rate_hz, channels=1, subtype="PCM_16") as file:
            for samples in _samples(programme, rate_hz):
                file.write(samples)
            frames: int = file.frames
    except soundfile.LibsndfileError as error:
        # libsndfile says "System error." of whatever it was.
        full = shutil.disk_usage(path.parent).free < LEAST_FREE_BYTES
        raise OSError(errno.ENOSPC if full else errno.EIO, str(error)) from error
    # On a disk that is full at the very end libsndfile closes without an error.
    if soundfile.info(path).frames != frames:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return frames / rate_hz


def _write_mp3(path: Path, programme: Programme, rate_hz: int) -> float:
    from pydub import AudioSegment
    from pydub.exceptions import CouldntEncodeError

    pcm = b"".join(samples.tobytes() for samples in _samples(programme, rate_hz))
    sound = AudioSegment(pcm, sample_width=2, frame_rate=rate_hz, channels=1)
    try:
        with path.open("wb+") as file:
            sound.export(file, format="mp3", bitrate=MP3_BITRATE)
    except CouldntEncodeError as error:
        raise FileUnwritable("ffmpeg 没有做成 MP3，请看磁盘有没有空位，或者改用 .wav 结尾。") from error
    return len(pcm) / 2 / rate_hz


def _samples(programme: Programme, rate_hz: int) -> Iterator[NDArray[np.int16]]:
    for item in programme.items:
        try:
            samples, _ = soundfile.read(item.clip.path, dtype="int16")
        except soundfile.LibsndfileError as error:
            raise FileUnwritable(f"做好的声音读不出来：{item.clip.path}。请再试一次。") from error
        yield samples
        yield np.zeros(round(item.pause_seconds * rate_hz), np.int16)


FORMATS = {".wav": _write_pcm, ".flac": _write_pcm, ".mp3": _write_mp3}
