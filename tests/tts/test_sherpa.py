"""Packages of sherpa-onnx: what a folder is, who speaks in it, and that readings are ours."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rig.spoken import CHARACTERS, first_words, joined, line
from rig.tiny_sherpa import make_kokoro, make_matcha, make_vits

from broadcaster.core.errors import LineRefused, VoiceUnavailable
from broadcaster.tts.catalogue import Catalogue
from broadcaster.tts.sherpa.lexicon import PinyinLexicon
from broadcaster.tts.sherpa.package import ModelFamily, PackageIncomplete, read_package
from broadcaster.tts.sherpa.voice import SherpaVoice


def catalogue(folder: Path) -> Catalogue:
    return Catalogue(folder, threads=1)


def voices(folder: Path) -> dict[str, str]:
    """Name and state of each."""
    found = {entry.name: entry.state for entry in catalogue(folder).entries()}
    return {name: state for name, state in found.items() if name.startswith("sherpa:")}


@pytest.mark.parametrize(
    ("make", "kind", "speakers"),
    [
        (make_vits, ModelFamily.VITS, 1),
        (make_matcha, ModelFamily.MATCHA, 1),
        (make_kokoro, ModelFamily.KOKORO, 2),
    ],
)
def test_a_folder_tells_what_it_is(
    tmp_path: Path, make: Callable[[Path], Path], kind: ModelFamily, speakers: int
) -> None:
    package = read_package(make(tmp_path / "mine"))
    assert (package.kind, package.speakers, package.rate_hz) == (kind, speakers, 22_050)


def test_a_folder_put_into_voices_is_a_voice(tmp_path: Path) -> None:
    make_vits(tmp_path / "village")
    (tmp_path / "holiday-pictures").mkdir()
    assert voices(tmp_path) == {"sherpa:village": "可用"}
    assert catalogue(tmp_path).open("sherpa:village").name == "sherpa:village"


@pytest.mark.parametrize(
    ("missing", "state"),
    [
        ("tokens.txt", "不能用：缺 tokens.txt"),
        ("lexicon.txt", "不能用：缺 lexicon.txt"),
        ("vocos-tiny.onnx", "不能用：缺声码器（vocos-….onnx 或 hifigan_v….onnx）"),
    ],
)
def test_what_a_package_lacks_is_said_and_not_found_out_by_a_crash(
    tmp_path: Path, missing: str, state: str
) -> None:
    (make_matcha(tmp_path / "mine") / missing).unlink()
    assert voices(tmp_path) == {"sherpa:mine": state}
    with pytest.raises(VoiceUnavailable, match="补上缺的文件"):
        catalogue(tmp_path).version("sherpa:mine")


@pytest.mark.parametrize("content", [b"", b"not a model", b"\xff" * 100, b"\x72\xff\xff\xff\xff\x0f"])
def test_a_file_that_is_no_model_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (make_vits(tmp_path / "mine") / "model.onnx").write_bytes(content)
    assert voices(tmp_path) == {"sherpa:mine": "不能用：model.onnx 不是 sherpa-onnx 用的模型"}


def test_a_model_cut_short_is_a_damaged_voice(tmp_path: Path) -> None:
    model = make_vits(tmp_path / "mine") / "model.onnx"
    whole = model.read_bytes()
    about = whole.index(b"sample_rate") - 20
    model.write_bytes(whole[:10] + b"\x00" * 50 + whole[60:])
    assert about > 60
    with pytest.raises((VoiceUnavailable, PackageIncomplete)):
        SherpaVoice(read_package(tmp_path / "mine"), 0, threads=1)


def test_of_several_models_the_one_of_full_precision_is_taken(tmp_path: Path) -> None:
    folder = make_vits(tmp_path / "mine")
    (folder / "model.int8.onnx").write_bytes((folder / "model.onnx").read_bytes())
    assert read_package(folder).model.name == "model.onnx"
    (folder / "other.onnx").write_bytes(b"")
    assert read_package(folder).model.name == "model.onnx"


def test_models_that_copy_a_voice_are_not_taken(tmp_path: Path) -> None:
    folder = tmp_path / "clone"
    folder.mkdir()
    (folder / "encoder.int8.onnx").write_bytes(b"")
    assert voices(tmp_path) == {"sherpa:clone": "不能用：这是克隆声音的模型，不支持"}


def test_each_speaker_of_a_model_is_a_voice_of_its_own(tmp_path: Path) -> None:
    make_vits(tmp_path / "many", speakers=3)
    found = catalogue(tmp_path)
    sounds = {
        name: joined(found.open(name).speak(first_words(7))).tobytes()
        for name in ("sherpa:many", "sherpa:many/0", "sherpa:many/1", "sherpa:many/2")
    }
    assert sounds["sherpa:many"] == sounds["sherpa:many/0"]
    assert len(set(sounds.values())) == 3
    assert found.open("sherpa:many/2").name == "sherpa:many/2"


@pytest.mark.parametrize("speaker", ["3", "-1", "x", "", "1/2", "²"])
def test_a_speaker_who_is_not_there_is_refused(tmp_path: Path, speaker: str) -> None:
    make_vits(tmp_path / "many", speakers=3)
    with pytest.raises(VoiceUnavailable, match="没有语音"):
        catalogue(tmp_path).version(f"sherpa:many/{speaker}")


@pytest.mark.parametrize("name", ["..", ".", "../other", "baker", "/", ""])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    make_vits(tmp_path / "other")
    inside = tmp_path / "voices"
    inside.mkdir()
    with pytest.raises(VoiceUnavailable, match="没有语音"):
        catalogue(inside).version(f"sherpa:{name}")


def test_the_reading_is_ours_and_not_that_of_the_models_lexicon(tmp_path: Path) -> None:
    """Its lexicon has 重 zhong4 and 重庆 zhong4 qing4; the line wants chong2."""
    folder = make_vits(tmp_path / "mine")
    lexicon = PinyinLexicon(folder / "lexicon.txt", folder / "tokens.txt")
    wanted = line("chong2 qing4")
    assert lexicon.text(wanted) == "虫庆。"
    voice = SherpaVoice(read_package(folder), 0, threads=1)
    right, wrong = (joined(voice.speak(line(said))) for said in ("chong2 qing4", "zhong4 qing4"))
    assert len(right) == len(wrong) and not np.allclose(right, wrong, atol=0.01)


def test_words_are_taken_out_of_the_lexicon_that_the_engine_sees(tmp_path: Path) -> None:
    folder = make_vits(tmp_path / "mine")
    lexicon = PinyinLexicon(folder / "lexicon.txt", folder / "tokens.txt")
    lexicon.write_characters(tmp_path / "characters.txt")
    words = {each.split()[0] for each in (tmp_path / "characters.txt").read_text().splitlines()}
    assert words == set(CHARACTERS.values())


@pytest.mark.parametrize(
    ("spelled", "reading"),
    [("l v4", "lv4"), ("lü4", "lv4"), ("l u:4 #0", "lv4"), ("d e0", "de5"), ("ZH ONG1", "zhong1")],
)
def test_lexicons_spell_pinyin_in_their_own_ways(tmp_path: Path, spelled: str, reading: str) -> None:
    (tmp_path / "lexicon.txt").write_text(f"字 {spelled}\n", encoding="utf-8")
    (tmp_path / "tokens.txt").write_text("_ 0\n", encoding="utf-8")
    lexicon = PinyinLexicon(tmp_path / "lexicon.txt", tmp_path / "tokens.txt")
    assert lexicon.spells_pinyin
    assert lexicon.text(line(reading)) == "字"


def test_a_syllable_that_the_model_never_learned_refuses_the_line(tmp_path: Path) -> None:
    voice = SherpaVoice(read_package(make_vits(tmp_path / "mine")), 0, threads=1)
    with pytest.raises(LineRefused, match="zhei4"):
        joined(voice.speak(line("zhei4 ge4")))


def test_digits_never_reach_the_model(tmp_path: Path) -> None:
    voice = SherpaVoice(read_package(make_kokoro(tmp_path / "mine")), 0, threads=1)
    with pytest.raises(LineRefused, match="数字"):
        joined(voice.speak(replace(first_words(2), spoken="村民12人")))


def test_a_model_that_wants_more_memory_than_there_is_refuses_the_line(tmp_path: Path) -> None:
    folder = make_vits(tmp_path / "greedy", token_seconds=1e12)
    voice = SherpaVoice(read_package(folder), 0, threads=1)
    with pytest.raises(VoiceUnavailable, match="内部出错"):
        joined(voice.speak(first_words(7)))


def test_the_version_changes_with_the_files(tmp_path: Path) -> None:
    folder = make_vits(tmp_path / "mine")
    before = catalogue(tmp_path).version("sherpa:mine")
    assert before == catalogue(tmp_path).version("sherpa:mine")
    assert before == catalogue(tmp_path).open("sherpa:mine").version
    found = (folder / "lexicon.txt").stat()
    os.utime(folder / "lexicon.txt", ns=(found.st_atime_ns, found.st_mtime_ns + 1_000_000_000))
    assert catalogue(tmp_path).version("sherpa:mine") != before
