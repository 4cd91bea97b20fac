"""`broadcaster cache`, alone and through the running box."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rig.village import RunningBox, Village

from broadcaster.audio.clip_key import SIGNAL_VERSIONS

SIGNALS = len(SIGNAL_VERSIONS)
WATER = "明天上午停水。"


@pytest.fixture
def box(village: Village) -> Iterator[RunningBox]:
    running = RunningBox(village)
    yield running
    running.end()


def told(village: Village, *arguments: str) -> list[dict[str, object]]:
    done = village.call("cache", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def clips(village: Village) -> list[Path]:
    return list((village.folder / "cache").glob("clips/*/*.flac"))


def test_a_cache_that_is_not_there_yet_is_empty(village: Village) -> None:
    (shown,) = told(village, "show")
    assert (shown["clips"], shown["megabytes"], shown["oldest"]) == (0, 0.0, None)
    assert "上限 2000 兆" in village.call("cache", "show").stdout
    assert told(village, "check") == [{"files": 0, "removed": []}]


def test_warm_makes_the_timetable_and_prune_leaves_it(village: Village) -> None:
    (warmed,) = told(village, "warm")
    assert warmed["title"] == "早安" and warmed["made"] is True
    village.render(WATER)
    (shown,) = told(village, "show")
    assert (shown["clips"], shown["programmes"]) == (SIGNALS + 2, 2), "the signals and two lines"
    (pruned,) = told(village, "prune", "--to", "0")
    assert (pruned["clips"], pruned["programmes"]) == (1, 1)
    again = village.call("cache", "warm")
    assert again.stdout.startswith("1/1  早安  已经有了，")
    assert "48 小时内要播的" in village.call("cache", "prune", "--to", "0").stdout


def test_check_removes_what_is_broken_and_names_it(village: Village) -> None:
    village.render(WATER)
    broken = max(clips(village), key=lambda path: path.stat().st_mtime)
    broken.write_bytes(broken.read_bytes()[:-100])
    done = village.call("cache", "check")
    assert done.returncode == 0
    assert f"坏了，已删掉：{broken}（读不出声音来）" in done.stdout
    assert not broken.exists()
    assert "都好" in village.call("cache", "check").stdout


def test_the_running_box_does_what_the_command_asks(village: Village, box: RunningBox) -> None:
    village.render(WATER)
    (warmed,) = told(village, "warm")
    assert warmed["of"] == 1 and warmed["problem"] == ""
    (pruned,) = told(village, "prune", "--to", "0")
    assert pruned["programmes"] == 1
    assert len(clips(village)) == SIGNALS + 1, "the signals, and what is due"
    assert told(village, "prune")[0]["clips"] == 0


def test_what_cannot_be_made_is_told_by_warm(village: Village) -> None:
    village.configure(station={"longest_text": 5})
    slots = (
        "slots: [{name: 早安, at: '07:30', text: 乡亲们早上好。},"
        " {name: 晚安, at: '17:30', text: 晚上好。}]"
    )
    (village.folder / "timetable.yaml").write_text(slots, encoding="utf-8")
    done = village.call("cache", "warm")
    assert done.returncode == 2
    first, second = done.stdout.splitlines()
    assert first.startswith("1/2  早安") and "文字太长" in first
    assert second.startswith("2/2  晚安  做好了，")


@pytest.mark.parametrize("amount", ["-1", "nan", "很多"])
def test_an_amount_that_is_none_is_refused(village: Village, amount: str) -> None:
    done = village.call("cache", "prune", "--to", amount)
    assert done.returncode == 2
    assert "命令写得不对" in done.stderr


def test_a_limit_in_the_settings_is_kept_by_every_command(village: Village) -> None:
    village.configure(cache={"limit_megabytes": 0})
    done = village.call("check")
    assert done.returncode == 2
    assert "cache.limit_megabytes：不能小于 10" in done.stderr
