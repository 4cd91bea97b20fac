"""What scripts/setup asks: which voices are to be installed."""

import shutil
from pathlib import Path

import pytest
from rig.spoken import baker_folder

from broadcaster.core.errors import VoiceUnavailable
from broadcaster.tts.baker.engine import BakerEngine
from broadcaster.tts.baker.release import MODEL_VERSION, RECIPE
from broadcaster.tts.base.voice_folder import new_voice
from broadcaster.tts.missing_voices import lacking


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    shutil.copytree(baker_folder(), tmp_path / "baker")
    shutil.copytree(baker_folder().parent / "recorded", tmp_path / "recorded")
    return tmp_path


def describe(voices: Path, made_as: str) -> None:
    description = voices / "baker" / "voice.json"
    description.write_text(description.read_text().replace(MODEL_VERSION, made_as))


def test_what_is_installed_is_not_wanted(voices: Path) -> None:
    assert list(lacking(voices)) == []


def test_what_is_missing_or_empty_is_wanted(voices: Path, tmp_path: Path) -> None:
    assert list(lacking(tmp_path / "nowhere")) == ["baker none", "recorded none"]
    for recording in (voices / "recorded" / "alarm").iterdir():
        recording.unlink()
    (voices / "baker" / "voice.json").write_text("")
    assert list(lacking(voices)) == ["baker none", "recorded none"]


def test_a_voice_of_another_recipe_speaks_on_until_the_one_of_this_release_is_there(
    voices: Path,
) -> None:
    describe(voices, f"{MODEL_VERSION.partition('.')[0]}.{RECIPE + 1}")
    assert list(lacking(voices)) == ["baker old"]
    engine = BakerEngine(voices, threads=1)
    assert engine.open("baker:female").version == engine.version("baker:female")


def test_a_voice_of_a_recipe_that_this_release_cannot_speak_with_is_missing(voices: Path) -> None:
    describe(voices, f"{MODEL_VERSION.partition('.')[0]}.1")
    assert list(lacking(voices)) == ["baker none"]


def test_a_voice_put_aside_by_an_install_that_was_killed_is_put_back(voices: Path) -> None:
    aside = voices / ".baker-killed"
    aside.mkdir()
    (voices / "baker").rename(aside / "old")
    with pytest.raises(VoiceUnavailable), new_voice(voices, "baker"):
        raise VoiceUnavailable("离线语音下载不了")
    assert list(lacking(voices)) == [] and not aside.exists()
