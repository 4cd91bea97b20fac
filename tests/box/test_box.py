"""The box as a person starts it: the command, the real voice, a sound card that does not exist."""

import json
import re
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import soundfile
from rig.rig import FakeRig, wait_until
from rig.village import FIRST, RunningBox, Village

from broadcaster.daemon.control_socket import ask, socket_path

WATER = "明天上午停水。"
LONG = "明天上午八点到十一点停水，请大家提前储水。" * 5
FLOOD = ("水库泄洪，请转移。", "--severity", "1", "--repeats", "1")


@pytest.fixture
def start(village: Village) -> Iterator[Callable[..., RunningBox]]:
    running: list[RunningBox] = []

    def started(*arguments: str) -> RunningBox:
        running.append(RunningBox(village, *arguments))
        return running[-1]

    yield started
    for box in running:
        box.end()


def outcomes(village: Village) -> list[str]:
    return [row["outcome"] for row in json.loads(village.call("journal", "--json").stdout)]


def test_the_box_greets_tells_its_page_and_code_and_goes_on(
    village: Village, fake_rig: FakeRig, start: Callable[..., RunningBox]
) -> None:
    first = village.render(FIRST)
    box = start("--greet")
    assert "早安" in box.lines[-1]
    code = next(line for line in box.lines if "一次性代码" in line)[-8:]
    assert code.isdigit()
    with urllib.request.urlopen(box.page) as answer:
        assert "一次性代码" in answer.read().decode()
    wait_until(lambda: first in fake_rig.captured())
    wait_until(lambda: outcomes(village) == ["PLAYED"])
    assert box.process.poll() is None


def test_a_greeting_that_was_cut_is_not_taken_up_nor_said_again(
    village: Village, fake_rig: FakeRig, start: Callable[..., RunningBox]
) -> None:
    box = start("--greet")
    wait_until(lambda: any(fake_rig.captured()))
    box.end()
    start("--greet")
    assert village.call("say", "村民你好。", "--no-chime").returncode == 0
    rows = json.loads(village.call("journal", "--json").stdout)
    assert [(row["title"], row["outcome"]) for row in rows] == [("", "PLAYED"), ("试音", "CUT_SHORT")]


def test_say_is_heard_sample_by_sample_as_rendered(
    village: Village, fake_rig: FakeRig, start: Callable[..., RunningBox]
) -> None:
    water = village.render(WATER)
    start()
    said = village.call("say", WATER, "--json")
    accepted, ended = map(json.loads, said.stdout.splitlines())
    assert said.returncode == 0
    assert accepted["accepted"]["text"] == WATER
    assert ended["ended"]["outcome"] == "PLAYED"
    assert ended["ended"]["seconds_played"] == pytest.approx(len(water) / 2 / 48_000, abs=0.001)
    wait_until(lambda: water in fake_rig.captured())


def test_a_text_never_seen_is_made_while_the_chime_sounds(
    village: Village, fake_rig: FakeRig, start: Callable[..., RunningBox]
) -> None:
    start()
    said = village.call("say", WATER)
    assert said.returncode == 0, said.stderr
    assert "播完" in said.stdout
    # Rendered from the cache now, it is what was heard: chime and lines without a gap.
    speech = village.render(WATER)
    wait_until(lambda: speech in fake_rig.captured())


def test_stop_silences_and_is_told_to_who_spoke(
    village: Village, fake_rig: FakeRig, start: Callable[..., RunningBox]
) -> None:
    whole = village.render(LONG)
    start()
    saying = subprocess.Popen(
        village.command("say", LONG), env=village.environment, stdout=subprocess.PIPE, text=True
    )
    wait_until(lambda: any(fake_rig.captured()))
    stopped = village.call("stop")
    told, _ = saying.communicate(timeout=30)
    assert "停下了 1 条" in stopped.stdout
    assert saying.returncode == 1
    assert "停播" in told
    assert whole not in fake_rig.captured()
    assert outcomes(village) == ["CUT_SHORT"]


def test_a_severer_notice_cuts_in_and_is_heard_whole(
    village: Village, fake_rig: FakeRig, start: Callable[..., RunningBox]
) -> None:
    flood = village.render(*FLOOD)
    start()
    village.call("say", LONG, "--no-wait")
    wait_until(lambda: any(fake_rig.captured()))
    urgent = village.call("say", *FLOOD)
    assert urgent.returncode == 0
    wait_until(lambda: flood in fake_rig.captured())
    assert outcomes(village) == ["PLAYED", "CUT_SHORT"]


def test_status_shows_what_sounds_and_what_comes(
    village: Village, start: Callable[..., RunningBox]
) -> None:
    start()
    village.call("say", LONG, "--no-wait")
    status = json.loads(village.call("status", "--json").stdout)
    assert status["on_air"]["text"] == LONG
    assert [airing["title"] for airing in status["next"]][:1] == ["早安"]
    assert status["fault"] == ""
    assert LONG[:10] in village.call("status").stdout


def test_a_signal_ends_the_box_and_all_its_children(
    village: Village, start: Callable[..., RunningBox]
) -> None:
    box = start("--greet")
    wait_until(lambda: len(psutil.Process(box.process.pid).children()) == 3)
    children = psutil.Process(box.process.pid).children()
    assert box.end() == 0
    assert not psutil.wait_procs(children, timeout=30)[1]
    assert not socket_path(village.state).exists()
    assert ask(village.state, {"do": "status"}) is None


def test_a_second_box_on_the_same_folder_is_refused(
    village: Village, start: Callable[..., RunningBox]
) -> None:
    start()
    second = village.call("run")
    assert second.returncode == 2
    assert "已经在运行" in second.stderr
    assert village.call("status").returncode == 0


def test_without_a_card_the_box_says_so_and_runs_on(
    village: Village, start: Callable[..., RunningBox]
) -> None:
    village.environment.pop("ALSA_CONFIG_PATH")
    village.configure(sound={"device": "auto"})
    if Path("/proc/asound/cards").exists():
        village.configure(sound={"device": "silent"})
    box = start()
    said = village.call("say", "村民你好。", "--no-chime")
    if Path("/proc/asound/cards").exists():
        assert said.returncode == 0
    else:
        assert said.returncode == 2
        assert "没有声卡，没有出声" in said.stderr
    assert Path("/proc/asound/cards").exists() or "没有找到声卡" in box.lines[0]


def test_say_without_a_box_speaks_by_itself_into_a_file(village: Village) -> None:
    heard = village.folder / "heard.wav"
    said = village.call("say", WATER, "--output-file", str(heard))
    assert said.returncode == 0, said.stderr
    assert village.render(WATER) in soundfile.read(heard, dtype="int16")[0].tobytes()
    assert outcomes(village) == ["PLAYED"]


def test_render_writes_each_format(village: Village) -> None:
    for ending in ("wav", "flac", "mp3"):
        path = village.folder / f"sound.{ending}"
        made = village.call("render", WATER, "-o", str(path), "--json")
        report = json.loads(made.stdout)
        assert made.returncode == 0
        assert soundfile.info(path).duration == pytest.approx(report["seconds"], abs=0.1)
        assert report["voice"] == "baker:female"


def test_spoken_prints_every_line_with_a_syllable_for_each_character(village: Village) -> None:
    lines = json.loads(village.call("spoken", "3月5日上午8:30，1组2组开会。", "--json").stdout)
    assert "".join(line["spoken"] for line in lines) == "三月五日上午八点半，一组二组开会。"
    for line in lines:
        assert set(line) == {"line", "spoken", "pinyin", "sounded"}
        characters = re.findall(r"[\u4e00-\u9fff]", line["spoken"])
        assert len(line["pinyin"]) == len(line["sounded"]) == len(characters)
    assert "san1 yue4 wu3 ri4" in village.call("spoken", "3月5日", "--pinyin").stdout


def test_a_text_comes_from_a_file_in_either_encoding(village: Village) -> None:
    for encoding in ("utf-8", "gb18030"):
        path = village.folder / "notice.txt"
        path.write_bytes("全体村民注意了".encode(encoding))
        assert "全体村民注意了" in village.call("spoken", "--file", str(path)).stdout


def test_a_running_box_is_reached_when_its_settings_are_damaged(
    village: Village, start: Callable[..., RunningBox]
) -> None:
    start()
    damaged = village.folder / "broadcaster.yaml"
    damaged.write_bytes(bytes(200))
    assert village.call("status").stdout.startswith("正在播出")
    damaged.unlink()
    assert "现在没有在播的" in village.call("stop").stdout
