"""What a person can get wrong, and what can be broken: one sentence, exit code 2, nothing half-made."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rig.village import Village

from broadcaster.core.model import Outcome
from broadcaster.core.project_folders import PROJECT_FOLDER

WATER = "明天上午停水。"


def refused(village: Village, *arguments: str) -> str:
    """Call a command that must be refused; returns its one sentence."""
    done = village.call(*arguments)
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr
    sentence = done.stderr.strip()
    assert "\n" not in sentence
    assert re.search(r"[\u4e00-\u9fff]", sentence)
    return sentence


def render(village: Village, text: str, *arguments: str) -> str:
    output = village.folder / "out" / "sound.wav"
    output.parent.mkdir(exist_ok=True)
    sentence = refused(village, "render", text, "-o", str(output), *arguments)
    assert list(output.parent.iterdir()) == []
    return sentence


@pytest.mark.parametrize(
    ("command", "text", "said"),
    [
        ("say", "", "没有要说的话"),
        ("spoken", "   \n\t ", "没有要说的话"),
        ("render", "😀🎉👍", "只有标点或表情"),
        ("spoken", "……！！——", "只有标点或表情"),
        ("say", "Hello village, please boil water", "没有汉字"),
    ],
)
def test_a_text_that_nobody_could_read_aloud(
    village: Village, command: str, text: str, said: str
) -> None:
    sentence = render(village, text) if command == "render" else refused(village, command, text)
    assert said in sentence


@pytest.mark.parametrize(
    ("command", "option", "given", "said"),
    [
        ("say", "--pace", "9", "0.7 到 1.4"),
        ("render", "--pace", "-1", "0.7 到 1.4"),
        ("say", "--pace", "nan", "0.7 到 1.4"),
        ("render", "--repeats", "0", "1 到 20 遍"),
        ("say", "--repeats", "100000", "1 到 20 遍"),
    ],
)
def test_a_pace_or_repeats_out_of_range(
    village: Village, command: str, option: str, given: str, said: str
) -> None:
    arguments = (WATER, option, given)
    sentence = (
        render(village, *arguments) if command == "render" else refused(village, "say", *arguments)
    )
    assert said in sentence


def test_a_hundred_thousand_characters(village: Village) -> None:
    path = village.folder / "long.txt"
    path.write_text("村" * 100_000, encoding="utf-8")
    assert "100000 个字" in refused(village, "say", "--file", str(path))


def test_a_file_with_a_nul_byte(village: Village) -> None:
    path = village.folder / "program"
    path.write_bytes("全体村民\0注意".encode())
    assert "是不是选错了文件" in refused(village, "say", "--file", str(path))


def test_a_file_that_is_not_there(village: Village) -> None:
    assert "打不开" in refused(village, "say", "--file", str(village.folder / "nowhere.txt"))


def test_neither_text_nor_file_and_both(village: Village) -> None:
    assert "两样选一样" in refused(village, "say")
    assert "两样选一样" in refused(village, "say", WATER, "--file", "x.txt")


def test_a_voice_that_nobody_knows(village: Village) -> None:
    assert "是不是 baker:female" in render(village, WATER, "--voice", "baker:femal")


def test_a_voice_that_is_not_installed(village: Village) -> None:
    village.configure(paths={"voices": str(village.folder / "empty")})
    assert "broadcaster voices install baker" in render(village, WATER)
    assert "broadcaster voices install baker" in refused(village, "say", WATER)


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


@pytest.mark.parametrize("harm", [damage, cut, Path.unlink])
def test_a_damaged_model(village: Village, harm: Callable[[Path], object]) -> None:
    voices = village.folder / "voices"
    shutil.copytree(PROJECT_FOLDER / "voices" / "baker", voices / "baker")
    harm(max((voices / "baker").iterdir(), key=lambda path: path.stat().st_size))
    village.configure(paths={"voices": str(voices)})
    assert "broadcaster voices install baker" in render(village, WATER)


def test_a_cache_that_cannot_be_written(village: Village) -> None:
    (village.folder / "cache").write_text("a file where the folder should be")
    assert "写不进去" in refused(village, "say", WATER)
    assert village.call("render", WATER, "-o", str(village.folder / "sound.wav")).returncode == 0


def test_a_card_that_does_not_exist(village: Village) -> None:
    del village.environment["ALSA_CONFIG_PATH"]
    village.configure(sound={"device": "NoSuchCard"})
    assert "没有叫 NoSuchCard 的声卡" in refused(village, "say", WATER)


def test_a_card_that_cannot_be_opened(village: Village) -> None:
    village.configure(sound={"device": "nowhere"})
    assert re.search("声卡|声音设备", refused(village, "say", WATER))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sound.ogg", "请用 .wav、.flac 或 .mp3 结尾"),
        ("nowhere/sound.wav", "没有这个文件夹"),
        (".", "文件"),
    ],
)
def test_a_file_that_cannot_be_rendered_to(village: Village, name: str, said: str) -> None:
    assert said in refused(village, "render", WATER, "-o", str(village.folder / name))


def test_wrong_settings_are_all_told_and_nothing_starts(village: Village) -> None:
    village.configure(station={"pacee": 1, "pace": 9})
    done = village.call("check")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 2
    assert "是不是 pace？" in done.stderr
    assert village.call("run").returncode == 2
    assert not village.state.exists()


def test_check_tells_every_problem_of_every_file_at_once(village: Village) -> None:
    settings = (
        "station: {name: 李庄, name: 王庄}\nsound: {volume: 190}\nweb: {port: 1}\nweb: {port: 2}\n"
    )
    (village.folder / "broadcaster.yaml").write_text(settings, encoding="utf-8")
    (village.folder / "lexicon.yaml").write_text("places: {乐亭: lao4}", encoding="utf-8")
    (village.folder / "timetable.yaml").write_text("slots: [{name: 坏的}]", encoding="utf-8")
    told = village.call("check").stderr.splitlines()
    problems = (
        "第 1 行 name：写了两次",
        "第 4 行 web：写了两次",
        "volume：不能大于 100",
        "乐亭",
        "“坏的”",
    )
    for problem in problems:
        assert len([line for line in told if problem in line]) == 1, (problem, told)
    assert len(told) == len(problems), "two blocks of one name are one fault"


def test_check_tells_of_a_tone_that_was_forgotten_and_the_box_speaks_all_the_same(
    village: Village,
) -> None:
    (village.folder / "lexicon.yaml").write_text("places: {李家沟: li3 jia1 gou}", encoding="utf-8")
    done = village.call("check")
    assert done.returncode == 1, "it starts all the same"
    assert "places.李家沟：“gou”没写声调，请写成 gou1 到 gou4，轻声写 gou5" in done.stderr
    assert village.call("spoken", WATER).returncode == 0


@pytest.mark.parametrize("command", ["status", "check", "say"])
def test_a_folder_without_any_settings_is_not_a_box_of_defaults(village: Village, command: str) -> None:
    empty = village.folder / "empty"
    empty.mkdir()
    arguments = ["--config", str(empty), command, *([WATER] if command == "say" else [])]
    told = subprocess.run(
        [sys.executable, "-m", "broadcaster.commands.cli", *arguments],
        env=village.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert told.stderr.startswith(f"{empty} 里没有设置文件") and "--config" in told.stderr


def test_check_tells_of_a_file_that_was_there(village: Village) -> None:
    kept = village.folder / ".last-good"
    kept.mkdir()
    (kept / "lexicon.yaml").write_text("words: {}", encoding="utf-8")
    assert "lexicon.yaml 不见了" in refused(village, "check")


def test_a_wrong_lexicon_is_told(village: Village) -> None:
    (village.folder / "lexicon.yaml").write_text("places: {乐亭: lao4}", encoding="utf-8")
    assert "乐亭" in refused(village, "check")
    assert "乐亭" in refused(village, "say", WATER)


def test_commands_for_a_running_box_say_when_there_is_none(village: Village) -> None:
    for command in ("stop", "status"):
        assert "没有在运行" in refused(village, command)


@pytest.mark.parametrize(
    "arguments", [["saay", WATER], ["say", WATER, "--pace", "快"], ["render", WATER]]
)
def test_a_command_written_wrongly_is_told_in_chinese(village: Village, arguments: list[str]) -> None:
    done = village.call(*arguments)
    assert done.returncode == 2
    assert "命令写得不对" in done.stderr


def test_unknown_option_is_told_with_the_one_that_was_meant_and_its_own_help(village: Village) -> None:
    told = refused(village, "say", "--severty", "1", "hi")
    assert "不认识：--severty（是不是 --severity？）。看用法：broadcaster say --help" in told


def test_help_breaks_no_name_over_two_lines(village: Village) -> None:
    village.environment["COLUMNS"] = "80"
    told = village.call("journal", "--help").stdout
    for outcome in Outcome:
        assert outcome.value in told
