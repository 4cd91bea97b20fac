"""People's own voices as their phones send them, through the real ffmpeg and the real child."""

import os
import random
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from broadcaster.core.errors import RecordingRefused
from broadcaster.studio.recordings import Recordings, recording_path

ENCODERS = {
    "m4a": ["-c:a", "aac"],
    "mp3": ["-c:a", "libmp3lame"],
    "8-kHz.mp3": ["-c:a", "libmp3lame", "-ar", "8000", "-id3v2_version", "0"],
    "ogg": ["-c:a", "libopus", "-f", "ogg"],
    "webm": ["-c:a", "libopus"],
    "wav": ["-c:a", "pcm_s16le"],
    "flac": ["-c:a", "flac"],
    "aac": ["-c:a", "aac", "-f", "adts"],
}
SPEECH = "aevalsrc=0.3*sin(2*PI*440*t)*between(t\\,1\\,2.5)|0:duration=4.5:sample_rate=48000"


def encoded(folder: Path, ending: str, sound: str = SPEECH) -> bytes:
    path = folder / f"sent.{ending}"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", sound, *ENCODERS[ending], str(path)]
    subprocess.run(command, check=True)
    return path.read_bytes()


@pytest.fixture
def recordings(tmp_path: Path) -> Recordings:
    return Recordings(tmp_path / "state")


def take(recordings: Recordings, content: bytes) -> float:
    return recordings.take([content[:1000], content[1000:]], "村长讲话").seconds


@pytest.mark.parametrize("ending", ENCODERS)
def test_each_format_is_taken_and_trimmed_of_silence(
    recordings: Recordings, tmp_path: Path, ending: str
) -> None:
    assert take(recordings, encoded(tmp_path, ending)) == pytest.approx(1.6, abs=0.15)
    (kept,) = recordings.all()
    sound, rate_hz = soundfile.read(recording_path(tmp_path / "state", kept.key))
    assert kept.title == "村长讲话" and len(sound) / rate_hz == pytest.approx(kept.seconds, abs=0.01)
    assert 0.05 < np.abs(sound).max() <= 1.0


def test_what_old_phones_record_is_taken(recordings: Recordings) -> None:
    """AMR: no encoder is at hand, so a second and a half of frames at 12.2 kbit/s with noise in them."""
    noise = random.Random(1)
    frames = b"".join(b"\x3c" + noise.randbytes(31) for _ in range(75))
    assert 0.3 < take(recordings, b"#!AMR\n" + frames) < 1.7


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "没有收到录音"),
        (b"x" * 5000, "不是录音"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:1\nfile:///etc/passwd\n", "不是录音"),
        (b"RIFF" + b"\0" * 5000, "不是录音"),
        (b"\xff\xd8\xff\xe0 a picture", "不是录音"),
    ],
)
def test_what_is_no_recording_is_refused_and_leaves_nothing(
    recordings: Recordings, tmp_path: Path, content: bytes, reason: str
) -> None:
    with pytest.raises(RecordingRefused, match=reason):
        recordings.take([content], "")
    assert recordings.all() == [] and list((tmp_path / "state" / "recordings").iterdir()) == []


@pytest.mark.parametrize(
    ("sound", "reason"),
    [
        ("anullsrc=duration=3", "没有声音"),
        ("sine=duration=0.1", "太短"),
        ("sine=duration=605:sample_rate=8000", "太长"),
    ],
)
def test_silence_and_hours_are_refused(
    recordings: Recordings, tmp_path: Path, sound: str, reason: str
) -> None:
    with pytest.raises(RecordingRefused, match=reason):
        recordings.take([encoded(tmp_path, "wav", sound)], "")
    assert recordings.all() == []


def test_more_than_thirty_megabytes_are_not_even_kept(recordings: Recordings, tmp_path: Path) -> None:
    with pytest.raises(RecordingRefused, match="太大"):
        recordings.take((bytes(1_000_000) for _ in range(40)), "")
    assert list((tmp_path / "state" / "recordings").iterdir()) == []


def test_a_recording_can_be_removed(recordings: Recordings, tmp_path: Path) -> None:
    recordings.take([encoded(tmp_path, "wav")], "村长讲话")
    (kept,) = recordings.all()
    assert recordings.find(kept.key) == kept
    assert recordings.remove(kept.key) and not recordings.remove(kept.key)
    assert recordings.all() == [] and list((tmp_path / "state" / "recordings").iterdir()) == []


def test_what_a_power_cut_left_of_an_upload_goes(recordings: Recordings, tmp_path: Path) -> None:
    take(recordings, encoded(tmp_path, "wav"))
    kept = next(tmp_path.rglob("*.flac")).parent
    left, fresh = kept / ".kxd6ie91", kept / ".being_read"
    for folder in (left, fresh):
        folder.mkdir()
        (folder / "sent").write_bytes(b"0" * 1000)
    os.utime(left, (time.time() - 7200,) * 2)
    recordings.sweep()
    assert (left.exists(), fresh.exists(), any(kept.glob("*.flac"))) == (False, True, True)
