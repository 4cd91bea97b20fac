"""The parts of a sound file are one pass over it, as loud as notices, and end where it is damaged."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile

from broadcaster.audio.clip_key import sound_key
from broadcaster.audio.mastering_preset import COLUMN, HORN, PRESETS
from broadcaster.audio.sound_files import parts as cut
from broadcaster.audio.sound_files.facts import SoundFacts
from broadcaster.audio.sound_files.loudness_meter import SILENT_LUFS, LoudnessMeter
from broadcaster.audio.sound_files.measure import measure
from broadcaster.audio.sound_files.parts import Pcm, sound_parts
from broadcaster.audio.sound_files.title import title_of
from broadcaster.core.errors import LineRefused

SOURCE_HZ, RATE_HZ = 44_100, 48_000
SECONDS = 25.0


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SoundFacts]:
    """Bass, a tune and strokes far above both, in two channels that differ."""
    path = tmp_path_factory.mktemp("music") / "music.wav"
    moments = np.arange(round(SECONDS * SOURCE_HZ)) / SOURCE_HZ
    bass = 0.25 * np.sin(2 * np.pi * 80 * moments)
    tune = 0.05 * np.sin(2 * np.pi * (400 + 200 * np.floor(moments % 4)) * moments)
    strokes = np.random.default_rng(2).standard_normal(len(moments)) * 0.2 * (moments % 1 < 0.02)
    soundfile.write(path, np.stack([bass + tune + strokes, bass + tune], 1), SOURCE_HZ, "PCM_16")
    return path, measure(path)


def whole(path: Path, facts: SoundFacts, preset: str = "horn", rate_hz: int = RATE_HZ) -> list[Pcm]:
    return [part for part in sound_parts(path, facts, rate_hz, PRESETS[preset]) if part is not None]


def test_parts_join_to_the_same_samples_wherever_they_are_cut(
    music: tuple[Path, SoundFacts], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = whole(*music)
    assert [len(part) / RATE_HZ for part in parts] == [2.0, 20.0, 3.0]
    monkeypatch.setattr(cut, "FIRST_SECONDS", 0.3)
    monkeypatch.setattr(cut, "PART_SECONDS", 7.77)
    others = whole(*music)
    assert len(others) == 5
    np.testing.assert_array_equal(np.concatenate(others), np.concatenate(parts))


@pytest.mark.parametrize("name", PRESETS)
def test_music_leaves_as_loud_as_the_notices_and_within_the_ceiling(
    music: tuple[Path, SoundFacts], name: str
) -> None:
    pcm = np.concatenate(whole(*music, name)) / 32768
    heard = pyloudnorm.Meter(RATE_HZ).integrated_loudness(pcm)
    assert heard == pytest.approx(PRESETS[name].target_lufs, abs=1.0)
    assert np.abs(pcm).max() <= 10 ** (PRESETS[name].ceiling_dbtp / 20)
    assert pcm[0] == 0 and abs(pcm[-1]) < 0.001


def test_the_last_second_is_there(music: tuple[Path, SoundFacts]) -> None:
    assert np.abs(whole(*music)[-1][-RATE_HZ:].astype(int)).max() > 2000


def test_a_file_that_is_gone_or_shorter_than_it_was_says_so(
    music: tuple[Path, SoundFacts], tmp_path: Path
) -> None:
    path, facts = music
    with pytest.raises(LineRefused, match="删掉"):
        whole(tmp_path / "gone", facts)
    with pytest.raises(LineRefused, match="坏了"):
        whole(path, dataclasses.replace(facts, seconds=SECONDS + 1))


def test_making_can_be_given_up(music: tuple[Path, SoundFacts]) -> None:
    making = sound_parts(*music, RATE_HZ, HORN)
    assert next(part for part in making if part is not None).any()
    making.close()
    assert list(making) == []


def test_the_meter_agrees_with_bs_1770(music: tuple[Path, SoundFacts]) -> None:
    samples, rate_hz = soundfile.read(music[0], dtype="float32")
    heard = pyloudnorm.Meter(rate_hz).integrated_loudness(samples.mean(axis=1).astype(np.float64))
    assert music[1].lufs == pytest.approx(heard, abs=0.3)
    assert music[1].lufs_above(300.0) < music[1].lufs - 3


def test_silence_has_no_loudness() -> None:
    meter = LoudnessMeter(24_000, (0.0, 300.0))
    meter.take(np.zeros(50_000, np.float32))
    assert meter.loudness() == [SILENT_LUFS, SILENT_LUFS]


def test_facts_pass_through_json(music: tuple[Path, SoundFacts]) -> None:
    assert SoundFacts.of(dataclasses.asdict(music[1])) == music[1]


@pytest.mark.parametrize(
    ("tag", "title"),
    [
        ("春 天".encode(), "春 天"),
        ("春天".encode("gbk").decode("latin-1").encode(), "春天"),
        ("春天".encode("gbk"), "春天"),
        ("Für Elise".encode(), "Für Elise"),
        ("a\0\n b\u202e".encode(), "a b\u202e"),
        (b"\xff\xff", ""),
        (("长" * 500).encode(), "长" * 80),
    ],
)
def test_a_title_is_read_in_any_coding(tag: bytes, title: str) -> None:
    assert title_of(tag) == title


LONG_SECONDS = 2 * 3600
IN_A_CHILD = """
import sys
from pathlib import Path
from broadcaster.audio.mastering_preset import HORN
from broadcaster.audio.sound_files.measure import measure
from broadcaster.audio.sound_files.parts import sound_parts
path = Path(sys.argv[1])
facts = measure(path)
parts = (part for part in sound_parts(path, facts, 24_000, HORN) if part is not None)
made = sum(map(len, parts)) / 24_000
print(facts.seconds, made, Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.slow
def test_two_hours_are_made_whole_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.mp3"
    source = ["-f", "lavfi", "-i", f"sine=frequency=500:sample_rate=8000:duration={LONG_SECONDS}"]
    subprocess.run(["ffmpeg", "-v", "error", *source, "-b:a", "8k", str(path)], check=True)
    child = subprocess.run(
        [sys.executable, "-c", IN_A_CHILD, str(path)], check=True, capture_output=True, text=True
    )
    measured, made, kilobytes = map(float, child.stdout.split())
    assert measured == pytest.approx(LONG_SECONDS, abs=0.5) and made == pytest.approx(measured, abs=0.01)
    assert kilobytes < 90_000


def test_a_key_names_all_that_changes_the_sound() -> None:
    keys = {
        sound_key(digest, part, rate_hz, preset)
        for digest in ("a", "b")
        for part in (1, 2)
        for rate_hz in (24_000, 48_000)
        for preset in (HORN, COLUMN)
    }
    assert len(keys) == 16
