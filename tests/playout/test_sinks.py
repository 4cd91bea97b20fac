"""The sinks without a card, on a clock that stands still."""

import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from rig.fakes import ManualClock

from broadcaster.core.errors import DeviceLost, FileUnwritable
from broadcaster.playout.device.null_sink import SilentSink
from broadcaster.playout.device.wav_sink import WavFileSink, start_wav_file

RATE_HZ = 1000
BLOCK = bytes(range(1, 21))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def wav_file(tmp_path: Path, clock: ManualClock) -> Callable[[], WavFileSink]:
    path = tmp_path / "out.wav"
    return lambda: WavFileSink(path, RATE_HZ, 0.1, clock)


def read(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE_HZ, 1, 2)
        return bytes(file.readframes(file.getnframes()))


def test_what_was_written_is_queued_until_it_has_sounded(clock: ManualClock) -> None:
    sink = SilentSink(RATE_HZ, 0.1, clock)
    sink.open()
    assert (sink.capacity_frames, sink.queued_frames) == (100, 0)
    sink.write(BLOCK, True)
    sink.write(BLOCK, False)
    assert sink.queued_frames == 20
    clock.advance(0.004)
    assert sink.queued_frames == 16
    clock.advance(60)
    assert sink.queued_frames == 0


def test_silence_that_was_not_written_is_not_made_up_for(clock: ManualClock) -> None:
    sink = SilentSink(RATE_HZ, 0.1, clock)
    sink.open()
    clock.advance(60)
    sink.write(BLOCK, True)
    assert sink.queued_frames == 10


def test_a_started_file_is_a_wav_file_without_a_sample(tmp_path: Path) -> None:
    start_wav_file(tmp_path / "out.wav", RATE_HZ)
    assert read(tmp_path / "out.wav") == b""


def test_the_file_is_whole_after_every_block(
    tmp_path: Path, wav_file: Callable[[], WavFileSink]
) -> None:
    start_wav_file(tmp_path / "out.wav", RATE_HZ)
    sink = wav_file()
    sink.open()
    for count in range(1, 4):
        sink.write(BLOCK, True)
        assert read(tmp_path / "out.wav") == BLOCK * count
    sink.close()


def test_items_are_appended_without_the_silence_between(
    tmp_path: Path, wav_file: Callable[[], WavFileSink]
) -> None:
    start_wav_file(tmp_path / "out.wav", RATE_HZ)
    for _ in range(2):
        sink = wav_file()
        sink.open()
        sink.write(BLOCK, True)
        sink.write(bytes(20), False)
        sink.close()
    assert read(tmp_path / "out.wav") == BLOCK * 2


def test_a_file_that_has_gone_is_a_lost_device(
    tmp_path: Path, wav_file: Callable[[], WavFileSink]
) -> None:
    with pytest.raises(DeviceLost, match=r"out\.wav"):
        wav_file().open()


def test_only_wav_files_are_written(tmp_path: Path) -> None:
    with pytest.raises(FileUnwritable, match=r"\.wav"):
        start_wav_file(tmp_path / "out.mp3", RATE_HZ)
    assert not (tmp_path / "out.mp3").exists()


def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileUnwritable, match="写不进去"):
        start_wav_file(tmp_path / "none" / "out.wav", RATE_HZ)
