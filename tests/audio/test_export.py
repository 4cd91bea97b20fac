"""A file made for people holds every clip and pause, and a failed one leaves the old file as it was."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from broadcaster.audio.clip_store import ClipStore
from broadcaster.audio.export import check_writable, write_sound
from broadcaster.audio.sound_file_writer import Pcm, write_clip
from broadcaster.core.errors import FileUnwritable
from broadcaster.core.model import Clip, Item, Programme

RATE_HZ = 24_000


@pytest.fixture
def sounds(noise: Callable[[int], Pcm]) -> list[Pcm]:
    return [noise(9_000), noise(100)]


@pytest.fixture
def programme(store: ClipStore, sounds: list[Pcm]) -> Programme:
    first, second = (write_clip(store, f"{n:040x}", pcm, RATE_HZ) for n, pcm in enumerate(sounds))
    return Programme("baker:female", (Item(first, 0.25), Item(second), Item(first, 0.5)))


@pytest.mark.parametrize("name", ["out.wav", "out.flac", "大喇叭 通知.WAV"])
def test_the_file_has_every_clip_and_pause(
    tmp_path: Path, programme: Programme, sounds: list[Pcm], name: str
) -> None:
    seconds = write_sound(tmp_path / name, programme, RATE_HZ)
    pauses = [np.zeros(length, np.int16) for length in (6_000, 12_000)]
    expected = np.concatenate([sounds[0], pauses[0], sounds[1], sounds[0], pauses[1]])
    read, rate_hz = soundfile.read(tmp_path / name, dtype="int16")
    assert rate_hz == RATE_HZ
    np.testing.assert_array_equal(read, expected)
    assert seconds == len(expected) / RATE_HZ == pytest.approx(programme.seconds)


def test_mp3_is_as_long_as_the_programme(tmp_path: Path, programme: Programme) -> None:
    seconds = write_sound(tmp_path / "out.mp3", programme, RATE_HZ)
    file = soundfile.info(tmp_path / "out.mp3")
    assert seconds == pytest.approx(programme.seconds)
    assert (file.format, file.samplerate, file.channels) == ("MP3", RATE_HZ, 1)
    assert file.duration == pytest.approx(programme.seconds, abs=0.1)


def test_nothing_but_the_file_is_left_beside_it(tmp_path: Path, programme: Programme) -> None:
    (tmp_path / "out").mkdir()
    for name in ("a.wav", "b.flac", "c.mp3"):
        write_sound(tmp_path / "out" / name, programme, RATE_HZ)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.wav", "b.flac", "c.mp3"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("out.ogg", r"\.wav、\.flac 或 \.mp3"),
        ("out", r"\.wav、\.flac 或 \.mp3"),
        ("nowhere/out.wav", "没有这个文件夹"),
        ("folder.wav", "是一个文件夹"),
    ],
)
def test_a_place_or_ending_that_will_not_do_is_said(
    tmp_path: Path, programme: Programme, name: str, said: str
) -> None:
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(FileUnwritable, match=said):
        check_writable(tmp_path / name)
    with pytest.raises(FileUnwritable, match=said):
        write_sound(tmp_path / name, programme, RATE_HZ)


@pytest.mark.parametrize("name", ["out.wav", "out.flac", "out.mp3"])
def test_a_full_disk_leaves_the_old_file_as_it_was(
    tmp_path: Path,
    programme: Programme,
    disk_with_room: Callable[[int], AbstractContextManager[None]],
    name: str,
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / name).write_bytes(b"yesterday")
    with pytest.raises(FileUnwritable, match="out"), disk_with_room(2_000):
        write_sound(folder / name, programme, RATE_HZ)
    assert (folder / name).read_bytes() == b"yesterday"
    assert len(list(folder.iterdir())) == 1


def test_the_end_that_a_full_disk_took_is_missed(
    tmp_path: Path,
    programme: Programme,
    disk_with_room: Callable[[int], AbstractContextManager[None]],
) -> None:
    whole = tmp_path / "whole.flac"
    write_sound(whole, programme, RATE_HZ)
    with pytest.raises(FileUnwritable), disk_with_room(whole.stat().st_size - 10):
        write_sound(tmp_path / "out.flac", programme, RATE_HZ)
    assert not (tmp_path / "out.flac").exists()


def test_a_clip_that_has_gone_is_said(tmp_path: Path, programme: Programme) -> None:
    gone = Clip("0" * 40, tmp_path / "gone.flac", 1.0)
    broken = replace(programme, items=(*programme.items, Item(gone)))
    with pytest.raises(FileUnwritable, match=r"gone\.flac"):
        write_sound(tmp_path / "out.wav", broken, RATE_HZ)
    assert not (tmp_path / "out.wav").exists()


def test_without_ffmpeg_mp3_is_refused_and_wav_works(
    tmp_path: Path, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileUnwritable, match="ffmpeg"):
        write_sound(tmp_path / "out.mp3", programme, RATE_HZ)
    assert write_sound(tmp_path / "out.wav", programme, RATE_HZ) > 0
