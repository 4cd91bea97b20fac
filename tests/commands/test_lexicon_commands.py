"""`broadcaster lexicon`, alone and beside the running box."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from rig.rig import FakeRig
from rig.village import RunningBox, Village

LEXICON = "# 怎么念\nplaces:\n  石盆: shi2 peng4  # 村东\n"
FAIR = "石盆的瓜果明天进村。"


@pytest.fixture
def lexicon(village: Village) -> Path:
    path = village.folder / "lexicon.yaml"
    path.write_text(LEXICON, encoding="utf-8")
    return path


@pytest.fixture
def box(village: Village, lexicon: Path) -> Iterator[RunningBox]:
    running = RunningBox(village)
    yield running
    running.end()


def pinyin(village: Village, text: str) -> str:
    return village.call("spoken", "--pinyin", text).stdout


def refused(village: Village, *arguments: str) -> str:
    done = village.call("lexicon", *arguments)
    assert done.returncode == 2, done
    assert "\n" not in done.stderr.strip()
    return done.stderr


def test_what_is_set_is_listed_and_said_so_and_comments_stay(village: Village, lexicon: Path) -> None:
    done = village.call("lexicon", "set", "乐亭", "lao4 ting5", "--section", "places")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("记下了：乐亭 念 lao4 ting5（地名）。")
    assert lexicon.read_text(encoding="utf-8") == LEXICON + "  乐亭: lao4 ting5\n"
    listed = json.loads(village.call("lexicon", "list", "--json").stdout)
    assert listed[-1] == {"section": "places", "word": "乐亭", "said": "lao4 ting5"}
    assert village.call("lexicon", "list", "石盆").stdout == "石盆  shi2 peng4  （地名）\n"
    assert "lao4 ting5" in pinyin(village, "乐亭县")


def test_what_is_removed_is_said_as_before(village: Village, lexicon: Path) -> None:
    assert "shi2 peng4" in pinyin(village, FAIR)
    done = village.call("lexicon", "remove", "石盆", "--json")
    assert json.loads(done.stdout)["removed"]["said"] == "shi2 peng4"
    assert "shi2 pen2" in pinyin(village, FAIR)
    assert "读音表是空的" in village.call("lexicon", "list").stdout


def test_wrong_entries_are_told_in_one_sentence(village: Village, lexicon: Path) -> None:
    assert "有 2 个字，读音却有 1 个" in refused(village, "set", "乐亭", "lao4")
    for said in ("lao4 ting", "lao ting2", "lao ting"):
        assert "没写声调" in refused(village, "set", "乐亭", said)
    assert "“ting”没写声调，请写成 ting1 到 ting4，轻声写 ting5" in refused(
        village, "set", "乐亭", "lao4 ting"
    )
    assert "没有“乐亭”" in refused(village, "remove", "乐亭")
    assert "没有“乐亭”" in refused(village, "list", "乐亭")
    assert "--section 不能是" in refused(village, "set", "乐亭", "烙亭", "--section", "towns")
    assert "-o 文件名.wav" in refused(village, "listen", "乐亭", "烙亭")
    assert lexicon.read_text(encoding="utf-8") == LEXICON


def test_beside_a_tone_mark_a_bare_syllable_is_the_light_tone(village: Village, lexicon: Path) -> None:
    assert village.call("lexicon", "set", "李子", "lǐ zi").returncode == 0
    assert "zi5" in pinyin(village, "李子熟了")


def test_a_reading_is_heard_from_a_file_before_it_is_kept(village: Village, lexicon: Path) -> None:
    sounds = []
    for number, said in enumerate(([], ["shi2 peng4"], ["十棚"])):
        path = village.folder / f"{number}.wav"
        done = village.call("lexicon", "listen", "石盆", *said, "-o", str(path), "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["seconds"] > 0.2
        sounds.append(soundfile.read(path, dtype="int16")[0].tobytes())
    assert sounds[0] == sounds[1] != sounds[2]
    assert lexicon.read_text(encoding="utf-8") == LEXICON


def test_a_surname_is_heard_before_a_title(village: Village) -> None:
    heard, said = village.folder / "heard.flac", village.folder / "said.flac"
    call = village.call("lexicon", "listen", "黑", "he4", "--section", "surnames", "-o", str(heard))
    assert call.returncode == 0, call.stderr
    village.call("lexicon", "set", "黑", "he4", "--section", "surnames")
    village.call("render", "黑书记", "--no-chime", "-o", str(said))
    assert heard.read_bytes() == said.read_bytes()


@pytest.mark.slow
def test_the_running_box_says_it_the_new_way_at_once(
    village: Village, fake_rig: FakeRig, box: RunningBox
) -> None:
    old = village.render(FAIR)
    told = village.call("lexicon", "set", "石盆", "shi2 peng2")
    assert "广播站已经照这样念了" in told.stdout
    new = village.render(FAIR)
    assert new != old
    assert village.call("say", FAIR).returncode == 0
    assert new in fake_rig.captured()
    assert old not in fake_rig.captured()


def test_a_word_is_heard_on_the_air_alone(village: Village, fake_rig: FakeRig, box: RunningBox) -> None:
    path = village.folder / "word.wav"
    village.call("lexicon", "listen", "石盆", "-o", str(path))
    assert village.call("lexicon", "listen", "石盆").returncode == 0
    word = soundfile.read(path, dtype="int16")[0].tobytes()
    assert fake_rig.captured().strip(b"\0") == word.strip(b"\0")


def test_a_file_that_somebody_breaks_by_hand_is_told_and_not_read_by(
    village: Village, lexicon: Path, box: RunningBox
) -> None:
    lexicon.write_text("places: {石盆: shi2}", encoding="utf-8")

    def fault() -> str:
        return str(json.loads(village.call("status", "--json").stdout)["fault"])

    village.call("say", "村民你好。", "--no-chime")
    assert "读音表写错了，还按原来的念" in fault() and "石盆" in fault()
    lexicon.write_text(LEXICON, encoding="utf-8")
    assert fault() == ""
