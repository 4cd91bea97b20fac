"""The rules of the house in the running box: quiet hours, and a stop that is remembered."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from rig.village import RunningBox, Village

from broadcaster.core.labels import COMMAND

Start = Callable[[], RunningBox]
ALWAYS = {"name": "总是", "windows": ["00:00-12:00", "12:00-24:00"]}


@pytest.fixture
def start(village: Village) -> Iterator[Start]:
    running: list[RunningBox] = []

    def started() -> RunningBox:
        running.append(RunningBox(village))
        return running[-1]

    yield started
    for box in running:
        box.end()


def loops_stopped(village: Village) -> bool:
    stopped: bool = json.loads(village.call("status", "--json").stdout)["loops_stopped"]
    return stopped


def where_it_is_morning() -> str:
    """Six o'clock, so that the day's loop comes once more, at noon. Etc/GMT+1 is west of Greenwich."""
    west = datetime.now(UTC).hour - 6
    west -= 24 * (west > 12)
    return f"Etc/GMT{west:+d}"


def test_in_quiet_hours_a_person_is_told_so_and_only_red_is_heard(
    village: Village, start: Start
) -> None:
    village.configure(quiet={"hours": [ALWAYS]})
    start()
    refused = village.call("say", "明天上午停水。")
    assert refused.returncode == 2
    assert "现在是静音时段：总是不播" in refused.stderr and "红色" in refused.stderr
    assert village.call("say", "洪水来了，快上山。", "--severity", "1", "--repeats", "1").returncode == 0
    rows = json.loads(village.call("journal", "--json").stdout)
    assert [row["outcome"] for row in rows] == ["PLAYED"], "what was refused was never accepted"


@pytest.mark.parametrize("into_file", [False, True])
def test_a_box_that_comes_up_at_night_says_why_it_does_not_greet(
    village: Village, into_file: bool
) -> None:
    village.configure(quiet={"hours": [ALWAYS]})
    sink = ["--output-file", str(village.folder / "heard.wav")] if into_file else []
    box = RunningBox(village, "--greet", *sink)
    try:
        assert any(line.startswith("没有试音：现在是静音时段") for line in box.lines)
    finally:
        box.end()


def test_a_stop_is_remembered_over_a_restart_until_somebody_resumes(
    village: Village, start: Start
) -> None:
    village.configure(station={"timezone": where_it_is_morning()})
    (village.folder / "timetable.yaml").write_text(
        "slots: [{name: 防火, every_minutes: 720, windows: ['00:00-24:00'], text: 注意防火。}]",
        encoding="utf-8",
    )
    box = start()
    assert not loops_stopped(village)
    stopped = village.call("stop").stdout
    assert "现在没有在播的。循环停了，要到 " in stopped and "broadcaster resume" in stopped
    assert loops_stopped(village)
    box.end()
    start()
    assert loops_stopped(village)
    assert f"循环停了（{COMMAND} " in village.call("status").stdout
    assert village.call("resume").returncode == 0
    assert not loops_stopped(village)
