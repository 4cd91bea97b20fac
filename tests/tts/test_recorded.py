"""A person's recordings as a voice, and the alarm phrases that are made at install."""

import os
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from rig.spoken import baker_folder, joined, record

from broadcaster.core.errors import LineRefused, VoiceUnavailable
from broadcaster.core.model import Line, Syllable
from broadcaster.tts.catalogue import Catalogue
from broadcaster.tts.recorded.phrases import PHRASES
from broadcaster.tts.recorded.voice import RecordedVoice


def said(text: str) -> Line:
    return Line(text, text, tuple(Syllable(sign, "a1", "a1") for sign in text), 0.5)


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    """A voices folder with the real offline voice."""
    folder = tmp_path / "voices"
    folder.mkdir()
    (folder / "baker").symlink_to(baker_folder())
    return folder


@pytest.fixture
def grandma(voices: Path) -> Path:
    folder = voices / "recorded" / "奶奶"
    folder.mkdir(parents=True)
    return folder


def test_a_recording_is_said_under_the_name_of_its_file(grandma: Path) -> None:
    record(grandma / "收工了！都回家吃饭.wav", 1.5)
    voice = RecordedVoice(grandma)
    assert voice.name == "recorded:奶奶"
    for text in ("收工了！都回家吃饭", "收工了，都回家吃饭。"):
        assert joined(voice.speak(said(text))).any()


def test_a_text_beside_a_recording_says_what_it_is(grandma: Path) -> None:
    record(grandma / "001.flac", 1.0)
    (grandma / "001.txt").write_text("\ufeff几点了？\n八点。", encoding="utf-8")
    assert joined(RecordedVoice(grandma).speak(said("几点了？八点。"))).any()


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "ogg"])
@pytest.mark.parametrize("rate_hz", [8_000, 44_100])
def test_recordings_of_any_kind_come_at_one_rate_and_level(
    grandma: Path, ending: str, rate_hz: int
) -> None:
    record(grandma / f"开会了.{ending}", 1.5, rate_hz)
    voice = RecordedVoice(grandma)
    sound = joined(voice.speak(said("开会了"))).astype(float)
    assert len(sound) / voice.rate_hz == pytest.approx(1.6, abs=0.15), "the silence around it is cut"
    level = pyloudnorm.Meter(voice.rate_hz).integrated_loudness(sound)
    assert level == pytest.approx(voice.level_lufs, abs=1.5)


def test_a_recording_in_stereo_is_heard_whole(grandma: Path) -> None:
    tone = np.sin(np.arange(16_000) / 10) * 0.2
    soundfile.write(grandma / "开会了.wav", np.stack([tone, np.zeros(16_000)], axis=1), 16_000)
    assert len(joined(RecordedVoice(grandma).speak(said("开会了")))) > 40_000


def test_what_was_not_recorded_is_refused_with_a_sentence(grandma: Path) -> None:
    record(grandma / "开会了.wav", 1.0)
    with pytest.raises(LineRefused, match="没有录过这一句：明天停水。请换"):
        joined(RecordedVoice(grandma).speak(said("明天停水。")))


@pytest.mark.parametrize("content", [b"", b"no sound at all"])
def test_a_broken_recording_is_told(grandma: Path, content: bytes) -> None:
    (grandma / "开会了.wav").write_bytes(content)
    with pytest.raises(VoiceUnavailable, match="重新录一遍"):
        joined(RecordedVoice(grandma).speak(said("开会了")))


def test_a_silent_recording_is_refused(grandma: Path) -> None:
    soundfile.write(grandma / "开会了.wav", np.zeros(16_000), 16_000)
    with pytest.raises(LineRefused, match="没有声音"):
        joined(RecordedVoice(grandma).speak(said("开会了")))


def test_lines_recorded_together_are_said_together(grandma: Path) -> None:
    for text in ("火灾！请立即撤离", "请立即撤离", "开会了"):
        record(grandma / f"{text}.wav", 1.0)
    voice = RecordedVoice(grandma)
    lines = [said(text) for text in ("火灾！", "请立即撤离！", "开会了。", "火灾！", "明天停水。")]
    arranged = [line.written for line in voice.arrange(lines)]
    assert arranged == ["火灾！请立即撤离！", "开会了。", "火灾！", "明天停水。"]


def test_a_folder_is_listed_with_what_it_says_and_what_it_cannot_read(grandma: Path) -> None:
    catalogue = Catalogue(grandma.parent.parent, threads=1)
    entry = catalogue.entry("recorded:奶奶")
    assert entry and not entry.ready and "文件名写录的话" in entry.remedy
    record(grandma / "开会了.wav", 1.0)
    (grandma / "散会.m4a").write_bytes(b"a phone's format")
    entry = catalogue.entry("recorded:奶奶")
    assert entry and entry.ready
    assert "开会了" in entry.note and "散会.m4a" in entry.note


def test_the_version_changes_with_the_recordings_and_their_texts(grandma: Path) -> None:
    catalogue = Catalogue(grandma.parent.parent, threads=1)
    record(grandma / "开会了.wav", 1.0)
    versions = [catalogue.version("recorded:奶奶")]
    assert catalogue.open("recorded:奶奶").version == versions[0]
    (grandma / "开会了.txt").write_text("散会了", encoding="utf-8")
    versions.append(catalogue.version("recorded:奶奶"))
    os.utime(grandma / "开会了.wav", (1, 1))
    versions.append(catalogue.version("recorded:奶奶"))
    assert len(set(versions)) == 3


def test_the_alarm_phrases_are_made_by_the_offline_voice(voices: Path) -> None:
    catalogue = Catalogue(voices, threads=1)
    catalogue.install("recorded", lambda step: None)
    voice = catalogue.open("recorded:alarm")
    for text, pinyin in PHRASES.items():
        count = sum(sign.isdigit() for sign in pinyin)
        sound = joined(voice.speak(said(text)))
        assert 0.08 * count < len(sound) / voice.rate_hz < 0.6 * count, text
    assert sorted(path.name for path in voices.iterdir()) == ["baker", "recorded"]


def test_without_the_offline_voice_the_alarm_phrases_are_not_half_made(tmp_path: Path) -> None:
    with pytest.raises(VoiceUnavailable, match="baker"):
        Catalogue(tmp_path, threads=1).install("recorded", lambda step: None)
    assert not list(tmp_path.glob("recorded/alarm"))
