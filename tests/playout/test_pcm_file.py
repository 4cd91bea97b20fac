"""A sound file is read whole and in the station's format, and anything else is refused."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from rig.listening import make_sound

from broadcaster.audio.pcm_file import SoundUnreadable, read_pcm

RATE_HZ = 48_000


@pytest.mark.parametrize("name", ["a.flac", "a.wav"])
def test_a_file_is_read_whole_in_blocks(tmp_path: Path, name: str) -> None:
    sound = make_sound(tmp_path / name, 0.1)
    blocks = list(read_pcm(sound.path, RATE_HZ, 1000))
    assert b"".join(blocks) == sound.pcm
    assert [len(block) for block in blocks] == [2000] * 4 + [1600]


def test_a_file_of_24_bits_is_read_in_16(tmp_path: Path) -> None:
    samples = np.array([0, 1 << 28, -(1 << 28)], dtype=np.int32)
    soundfile.write(tmp_path / "a.flac", samples, RATE_HZ, subtype="PCM_24")
    (block,) = read_pcm(tmp_path / "a.flac", RATE_HZ, 100)
    assert np.frombuffer(block, dtype=np.int16).tolist() == [0, 4096, -4096]


def test_a_name_in_chinese_is_no_obstacle(tmp_path: Path) -> None:
    sound = make_sound(tmp_path / "村歌.flac", 0.01)
    assert b"".join(read_pcm(sound.path, RATE_HZ, 1000)) == sound.pcm


def test_another_rate_is_refused(tmp_path: Path) -> None:
    sound = make_sound(tmp_path / "a.flac", 0.1, rate_hz=24_000)
    with pytest.raises(SoundUnreadable, match=r"a\.flac.*要 48000 赫兹单声道，它是 24000 赫兹 1 声道"):
        list(read_pcm(sound.path, RATE_HZ, 1000))


def test_stereo_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((10, 2), dtype=np.int16), RATE_HZ)
    with pytest.raises(SoundUnreadable, match="2 声道"):
        list(read_pcm(tmp_path / "a.wav", RATE_HZ, 1000))


def test_floating_samples_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(10, dtype=np.float32), RATE_HZ, subtype="FLOAT")
    with pytest.raises(SoundUnreadable, match="浮点"):
        list(read_pcm(tmp_path / "a.wav", RATE_HZ, 1000))


@pytest.mark.parametrize("content", [b"", b"fLaC", b"RIFF\0\0\0\0WAVE", bytes(1000)])
def test_a_file_that_is_no_sound_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.flac").write_bytes(content)
    with pytest.raises(SoundUnreadable, match=r"读不出来：a\.flac"):
        list(read_pcm(tmp_path / "a.flac", RATE_HZ, 1000))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SoundUnreadable, match=r"读不出来：none\.flac"):
        list(read_pcm(tmp_path / "none.flac", RATE_HZ, 1000))


def test_half_a_file_gives_its_beginning_and_then_an_error(tmp_path: Path) -> None:
    sound = make_sound(tmp_path / "a.flac", 1.0)
    sound.path.write_bytes(sound.path.read_bytes()[: sound.path.stat().st_size // 2])
    heard = b""
    with pytest.raises(SoundUnreadable, match=r"不完整：a\.flac"):
        for block in read_pcm(sound.path, RATE_HZ, 1000):
            heard += block
    assert sound.pcm.startswith(heard[: len(sound.pcm) // 4])
    assert len(heard) > len(sound.pcm) // 4
