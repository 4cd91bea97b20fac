"""Decodes a phone's recording to plain samples, by ffmpeg within bounds: sound only, a limited length,
no other file.
"""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from broadcaster.core.errors import RecordingRefused

# As much as a horn gives again; half the memory of the station's own rate.
RATE_HZ = 24_000
# The first bytes of a file, from a place on, and the ffmpeg demuxer for it. It is named to ffmpeg, for
# left to guess it also opens play lists, which name other files.
CONTAINERS = [
    (0, (b"RIFF",), "wav"),
    (0, (b"OggS",), "ogg"),
    (0, (b"#!AMR",), "amr"),
    (0, (b"\x1a\x45\xdf\xa3",), "matroska"),
    (0, (b"fLaC",), "flac"),
    (4, (b"ftyp",), "mov"),
    (0, (b"\xff\xf1", b"\xff\xf9"), "aac"),
    # The last two are MPEG 2.5, of 8 to 12 kHz.
    (0, (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa", b"\xff\xe3", b"\xff\xe2"), "mp3"),
]
NOT_SOUND = "这不是录音，或者格式不认识。请用手机自带的录音机录（m4a、amr、mp3、wav 都行）。"


def decode(sent: Path, longest_seconds: float) -> NDArray[np.float32]:
    """Mono samples at RATE_HZ; writes beside the file. Raises `RecordingRefused`."""
    if shutil.which("ffmpeg") is None:
        raise RecordingRefused("没有装 ffmpeg，收不了录音。请先运行 scripts/setup。")
    plain = sent.with_suffix(".wav")
    limits = ["-t", str(longest_seconds + 1), "-fs", str(round(3 * RATE_HZ * longest_seconds))]
    source = ["-protocol_whitelist", "file", "-f", _container(sent), "-i", f"file:{sent}"]
    shape = ["-map", "0:a:0", "-vn", "-ac", "1", "-ar", str(RATE_HZ), "-c:a", "pcm_s16le", "-f", "wav"]
    command = ["ffmpeg", "-nostdin", "-v", "error", *source, *limits, *shape, str(plain)]
    # A file that is cut off gives what it has, and an error code.
    subprocess.run(command, capture_output=True, check=False)
    try:
        samples, _ = soundfile.read(plain, dtype="float32")
    except (OSError, soundfile.LibsndfileError) as error:
        raise RecordingRefused(NOT_SOUND) from error
    if len(samples) > longest_seconds * RATE_HZ:
        raise RecordingRefused(f"录音太长了，最多 {longest_seconds / 60:.0f} 分钟，请录短一点。")
    return np.asarray(samples, np.float32)


def _container(sent: Path) -> str:
    with sent.open("rb") as file:
        begin = file.read(16)
    for place, marks, demuxer in CONTAINERS:
        if begin.startswith(marks, place):
            return demuxer
    raise RecordingRefused(NOT_SOUND)
