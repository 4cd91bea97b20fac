"""The offline voice itself, as installed."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from rig.spoken import baker_folder, first_words, joined, line

from broadcaster.core.errors import LineRefused, VoiceUnavailable
from broadcaster.tts.baker.fixed_vocoder import fix_frames
from broadcaster.tts.baker.install import VOCODER
from broadcaster.tts.baker.tflite_graph import Graph
from broadcaster.tts.baker.voice import (
    LEAD_FRAMES,
    OVERLAP_FRAMES,
    WINDOWS,
    BakerVoice,
    Vocoder,
    Window,
    plan_windows,
    vocoder_file,
)

AFTER_ODD_ENDINGS = ["hui4", "shi4", "ting2 dian4 tong1 zhi1", "fang2 huo3", "an1 quan2", "wan2 le5"]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return shutil.copytree(baker_folder(), tmp_path / "baker")


def level_db(samples: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.mean(np.square(samples)) + 1e-12))


@pytest.mark.parametrize("count", [1, 2, 5, 12, 20, 30])
def test_lines_of_all_lengths_last_about_as_long_as_their_syllables(
    baker: BakerVoice, count: int
) -> None:
    seconds = len(joined(baker.speak(first_words(count)))) / baker.rate_hz
    assert 0.1 * count < seconds < 0.3 * count + 0.5


def test_a_line_sounds_the_same_each_time(baker: BakerVoice) -> None:
    first = joined(baker.speak(first_words(9)))
    joined(baker.speak(first_words(4)))
    assert np.array_equal(joined(baker.speak(first_words(9))), first)


def test_pieces_join_as_if_the_line_had_been_made_whole(
    baker: BakerVoice, wheel: Path, tmp_path: Path
) -> None:
    mel = baker.frames(first_words(30))
    graph = Graph(zipfile.ZipFile(wheel).read(VOCODER))
    fix_frames(graph, len(mel))
    (tmp_path / "whole").write_bytes(graph.packed())
    whole = Vocoder(tmp_path / "whole", threads=2).sound(mel)
    pieces = list(baker.speak(first_words(30)))
    assert len(pieces) > 2
    assert level_db(joined(pieces) - whole) < level_db(whole) - 60


@pytest.mark.parametrize("words", AFTER_ODD_ENDINGS)
def test_a_line_ends_in_silence_not_in_the_sound_of_the_end_mark(baker: BakerVoice, words: str) -> None:
    samples = joined(baker.speak(line(words)))
    assert level_db(samples[-baker.rate_hz // 25 :]) < -55


@pytest.mark.parametrize("words", AFTER_ODD_ENDINGS)
def test_a_line_does_not_begin_with_a_long_silence(baker: BakerVoice, words: str) -> None:
    samples = joined(baker.speak(line(words)))
    opening = samples[: baker.rate_hz * 3 // 10]
    assert level_db(opening) > -50


@pytest.mark.parametrize("pace", [0.7, 0.9, 1.2, 1.4])
def test_pace_multiplies_the_speed(baker: BakerVoice, pace: float) -> None:
    lead = LEAD_FRAMES
    at_one, at_pace = (len(baker.frames(first_words(20), each)) - lead for each in (1.0, pace))
    assert at_pace == pytest.approx(at_one / pace, rel=0.05)


def test_syllables_differ_in_sound(baker: BakerVoice) -> None:
    ma, mi = (baker.frames(line(f"{each} {each}")).mean(axis=0) for each in ("ma1", "mi1"))
    assert np.abs(ma - mi).max() > 0.5


def test_a_line_without_syllables_is_refused(baker: BakerVoice) -> None:
    with pytest.raises(LineRefused, match="没有可读的字"):
        joined(baker.speak(line("")))


@pytest.mark.parametrize("count", [200, 5_000])
def test_a_line_too_long_is_refused_and_the_next_one_spoken(baker: BakerVoice, count: int) -> None:
    before = joined(baker.speak(first_words(3)))
    with pytest.raises(LineRefused, match="用标点分开"):
        joined(baker.speak(line("ge4 " * count)))
    assert np.array_equal(joined(baker.speak(first_words(3))), before)


@pytest.mark.parametrize("name", ["decoder.tflite", vocoder_file(40), "symbols.json", "voice.json"])
def test_a_damaged_file_asks_for_a_new_installation(copied: Path, name: str) -> None:
    content = (copied / name).read_bytes()
    (copied / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(VoiceUnavailable, match="broadcaster voices install baker"):
        BakerVoice(copied, threads=1)


def test_a_missing_file_asks_for_a_new_installation(copied: Path) -> None:
    (copied / "symbols.json").unlink()
    with pytest.raises(VoiceUnavailable, match="broadcaster voices install baker"):
        BakerVoice(copied, threads=1)


def kept(windows: list[Window]) -> list[int]:
    return [frame for window in windows for frame in range(window.first, window.end)]


@pytest.mark.parametrize("frames", [1, 20, 39, 40, 41, 96, 97, 104, 105, 160, 161, 500, 2048])
def test_windows_cover_every_frame_once_and_see_what_lies_beside_it(frames: int) -> None:
    windows = list(plan_windows(frames))
    assert kept(windows) == list(range(frames))
    assert windows[0].size == WINDOWS[0]
    for window in windows:
        assert window.size in WINDOWS
        assert window.start <= max(0, window.first - OVERLAP_FRAMES)
        assert window.start + window.size >= min(frames, window.end + OVERLAP_FRAMES)
