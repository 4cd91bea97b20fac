"""`broadcaster check`: 0 for a box that runs well, 1 for one that runs, 2 for one that would not."""

import json
import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rig.fakes import FakeStudio
from rig.village import Village

from broadcaster.commands.console import load_config_to_run
from broadcaster.core.clock import Clock
from broadcaster.station.lexicon_file import LexiconFile
from broadcaster.station.village_lexicon import Wordbook
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.page_slots import StoredSlot
from broadcaster.store.store import open_store

TIGHT = "{name: 防火, every_minutes: 3, windows: ['08:00-09:00'], text: 注意防火。}"
TWICE = {
    "broadcaster.yaml": "quiet: {hours: []}\n",
    "timetable.yaml": "slots: []\n",
    "lexicon.yaml": "words: {}\n",
}


def check(village: Village, code: int) -> list[str]:
    """The problems that it tells."""
    done = village.call("check", "--json")
    assert done.returncode == code, done
    problems = done.stderr.splitlines()
    if code < 2:
        assert json.loads(done.stdout)["problems"] == problems
    return problems


def append(village: Village, name: str, text: str) -> None:
    with (village.folder / name).open("a", encoding="utf-8") as file:
        file.write(text)


def make_on_the_page(village: Village, **written: object) -> None:
    clock = Clock(ZoneInfo("Asia/Shanghai"))
    with open_store(village.state / DATABASE, clock) as store:
        store.slots.put(StoredSlot(str(written["name"]), written, "王秀英", clock.now()))


def test_settings_without_a_fault_are_right(village: Village) -> None:
    assert check(village, 0) == []
    assert "0 能启动" in village.call("check", "--help").stdout


def test_what_will_not_come_as_it_is_written_runs_and_is_told(village: Village) -> None:
    village.configure(station={"voice": "baker:male"})
    (village.folder / "timetable.yaml").write_text(f"slots: [{TIGHT}]\n", encoding="utf-8")
    make_on_the_page(village, name="早安", at=["06:30"], text="早安。", voice="baker:nobody")
    no_voice, page_voice, tight = check(village, 1)
    assert no_voice.startswith("station.voice：没有语音 baker:male")
    assert page_voice.startswith("页面上加的“早安”的 voice：没有语音 baker:nobody")
    assert tight.startswith("时间表“防火”每隔 3 分钟")


@pytest.mark.parametrize("name", TWICE)
def test_a_key_that_stands_twice_runs_and_is_told(village: Village, name: str) -> None:
    before = (village.folder / name).read_text() if name == "broadcaster.yaml" else TWICE[name]
    (village.folder / name).write_text(before + TWICE[name], encoding="utf-8")
    (problem,) = check(village, 1)
    assert problem.startswith(f"{name} 第 ") and problem.endswith("写了两次，现在按后面的，请去掉一个")


def test_sounds_that_slots_name_and_nobody_has_are_told_with_their_line(village: Village) -> None:
    (village.folder / "timetable.yaml").write_text(
        "slots:\n"
        "- {name: 单曲, at: '10:00', audio: 大登殿, stand_in: 备用}\n"
        "- {name: 早戏, at: '11:00', folder: 戏曲}\n"
        "- {name: 转播, at: '12:00', relay: 'http://tai.cn', minutes: 5, stand_in: 今天没有。}\n",
        encoding="utf-8",
    )
    sound, spare, folder = check(village, 1)
    assert sound.startswith("timetable.yaml 第 2 行“单曲”：没有“大登殿”这个声音，请改成")
    assert spare.startswith("timetable.yaml 第 2 行“单曲”：stand_in：没有“备用”这个声音")
    assert folder.startswith("timetable.yaml 第 3 行“早戏”：文件夹“戏曲”里没有声音，请传几个进去")
    done = village.call("simulate", "--days", "1")
    assert done.returncode == 1 and done.stderr.splitlines() == [sound, spare, folder]


def test_a_bad_slot_runs_without_it(village: Village) -> None:
    (village.folder / "timetable.yaml").write_text("slots: [{name: 坏}]\n", encoding="utf-8")
    assert all(problem.startswith("timetable.yaml 第 1 行“坏”") for problem in check(village, 1))


def test_wrong_settings_start_only_where_they_were_right_before(village: Village) -> None:
    right = (village.folder / "broadcaster.yaml").read_bytes()
    append(village, "broadcaster.yaml", "station: {pacee: 1}\n")
    twice, unknown = check(village, 2)
    assert "station：写了两次" in twice
    assert unknown == "broadcaster.yaml station.pacee：没有这一项（是不是 pace？）"
    kept = village.folder / ".last-good"
    kept.mkdir()
    (kept / "broadcaster.yaml").write_bytes(right)
    twice, unknown = check(village, 1)
    assert "station：写了两次" in twice and "station.pacee" in unknown
    assert "能启动，改好以前按上次能用的设置播" in village.call("check").stdout
    shutil.rmtree(kept)


def test_who_only_looks_goes_by_the_last_good_settings_and_is_told(village: Village) -> None:
    path = village.folder / "broadcaster.yaml"
    kept = village.folder / ".last-good"
    kept.mkdir()
    (kept / path.name).write_bytes(path.read_bytes())
    path.write_bytes(b"")
    for command in (["journal"], ["next"], ["devices"], ["cache", "show"], ["voices", "list"]):
        done = village.call(*command)
        assert done.returncode == 0, (command, done.stderr)
        assert "先按上次能用的" in done.stderr and "broadcaster.yaml 是空的" in done.stderr, command
    shutil.rmtree(kept)
    assert village.call("journal").returncode == 2


def test_the_box_that_starts_by_a_key_written_twice_says_so(village: Village) -> None:
    assert load_config_to_run(village.folder).fault == ""
    append(village, "broadcaster.yaml", TWICE["broadcaster.yaml"])
    config = load_config_to_run(village.folder)
    assert "quiet：写了两次" in config.fault
    assert config.settings.quiet.hours == (), "the second counts, as ever"
    (village.folder / "timetable.yaml").write_text(2 * TWICE["timetable.yaml"], encoding="utf-8")
    assert "slots：写了两次" in load_config_to_run(village.folder).timetable.problems[0]


def test_the_running_box_says_so_of_its_words_until_it_is_mended(tmp_path: Path) -> None:
    file = LexiconFile(tmp_path)
    words = Wordbook(file, file.load(), FakeStudio(tmp_path / "cache"))
    assert words.fault == ""
    written = tmp_path / "lexicon.yaml"
    written.write_text("places: {石盆: shi2 peng4, 石盆: shi2 pen2}\n", encoding="utf-8")
    words.refresh()
    assert "lexicon.yaml 第 1 行 石盆：写了两次" in words.fault
    assert [entry.said for entry in words.entries()] == ["shi2 pen2"]
    written.write_text("places: {石盆: shi2 pen2}\n", encoding="utf-8")
    assert words.fault == ""
