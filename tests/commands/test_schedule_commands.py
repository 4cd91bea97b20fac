"""`simulate`, `next` and `check` on a timetable, by the command itself."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rig.stored import airing, entry
from rig.village import Village

from broadcaster.core.clock import Clock
from broadcaster.core.model import AiringKind
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.store import open_store

TIMETABLE = """
slots:
  - {name: 早间, at: '07:30', text: 乡亲们早上好。}
  - {name: 午间, at: '13:00', text: 午间新闻。}
  - {name: 防火, every_minutes: 30, windows: '09:00-11:00', text: 防火防盗。}
  - {name: 除夕, lunar: 除夕, at: '18:00', text: 过年好。}
"""
WRONG = "  - {name: 坏的, at: 早上, text: 停水。}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "timetable.yaml").write_text(TIMETABLE, encoding="utf-8")
    return tmp_path


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "broadcaster.commands.cli", "--config", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_simulate_prints_each_airing_in_order_and_the_minutes_of_the_day(folder: Path) -> None:
    done = call(folder, "simulate", "--from", "2027-02-05", "--days", "1")
    assert done.returncode == 0
    lines = [line.split()[:2] for line in done.stdout.splitlines() if line.startswith("  ")]
    assert lines == [
        ["07:30", "早间"],
        *(["09:00", "防火"], ["09:30", "防火"], ["10:00", "防火"], ["10:30", "防火"]),
        *(["13:00", "午间"], ["18:00", "除夕"]),
    ]
    assert "午休不播" in done.stdout
    assert done.stdout.startswith("2027-02-05 周五  播 6 条")


def test_simulate_in_json_holds_days_and_airings(folder: Path) -> None:
    report = json.loads(call(folder, "simulate", "--from", "2026-12-01", "--days", "3", "--json").stdout)
    assert [day["date"] for day in report["days"]] == ["2026-12-01", "2026-12-02", "2026-12-03"]
    assert [one["fate"] for one in report["airings"]].count("suppressed") == 3
    assert report["problems"] == []


def test_next_shows_the_coming_hours_only(folder: Path) -> None:
    report = json.loads(call(folder, "next", "--hours", "24", "--json").stdout)
    assert sorted(one["slot"] for one in report["airings"])[:2] == ["午间", "早间"]


def test_next_knows_what_loops_have_had_of_the_day(village: Village) -> None:
    village.configure(loops={"most_minutes_a_day": 5})
    slot = "slots: [{name: 防火, every_minutes: 30, windows: '00:00-24:00', text: 防火防盗。}]"
    (village.folder / "timetable.yaml").write_text(slot, encoding="utf-8")
    clock = Clock(ZoneInfo("Asia/Shanghai"))
    loop = airing("l1", kind=AiringKind.LOOP, due_at=clock.now(), asked_by="防火")
    with open_store(village.state / DATABASE, clock) as store:
        store.journal.record(replace(entry(loop), seconds_played=300))
    coming = json.loads(village.call("next", "--json").stdout)["airings"]
    today = [one for one in coming if one["due_at"].startswith(f"{loop.due_at:%Y-%m-%d}")]
    # The second where the next of it is due within five minutes of now.
    had = {"今天循环已经播了 5 分钟，最多 5 分钟", "离上一遍不到 5 分钟"}
    assert {one["reason"] for one in today} <= had
    assert any(one["fate"] == "plays" for one in coming if one not in today)


def test_the_sum_of_a_day_is_no_mean_over_the_two_dates_that_it_touches(folder: Path) -> None:
    report = json.loads(call(folder, "next", "--hours", "24", "--json").stdout)
    minutes = sum(day["minutes"] for day in report["days"])
    (summary,) = [
        line
        for line in call(folder, "next", "--hours", "24").stdout.splitlines()
        if line.startswith("一共")
    ]
    assert summary.startswith("一共 1 天") and "平均" not in summary
    assert abs(float(summary.split("；共 ")[1].split()[0]) - minutes) < 0.2


def test_another_file_can_be_tried_and_its_mistakes_are_told_beside(folder: Path) -> None:
    other = folder / "夏天.yaml"
    other.write_text(TIMETABLE + WRONG, encoding="utf-8")
    done = call(folder, "simulate", "--timetable", str(other), "--days", "1", "--from", "2026-12-01")
    assert done.returncode == 1 and "早间" in done.stdout
    assert "夏天.yaml 第 7 行“坏的”" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["simulate", "--from", "明天"], "没有这样的日期：明天"),
        (["simulate", "--from", "2026-02-30"], "没有这样的日期"),
        (["simulate", "--days", "0"], "--days 要写 1 到"),
        (["simulate", "--days", "很多"], "--days 要写数字"),
        (["simulate", "--timetable", "nowhere.yaml"], "打不开"),
        (["next", "--hours", "0"], "--hours 要大于 0"),
    ],
)
def test_what_is_asked_wrongly_is_one_sentence(folder: Path, arguments: list[str], said: str) -> None:
    done = call(folder, *arguments)
    assert done.returncode == 2
    assert said in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_check_tells_every_mistake_of_the_timetable(folder: Path) -> None:
    assert call(folder, "check").returncode == 0
    (folder / "timetable.yaml").write_text(TIMETABLE + WRONG * 2, encoding="utf-8")
    done = call(folder, "check")
    assert done.returncode == 1
    assert [line.split("：")[0] for line in done.stderr.splitlines()] == [
        f"timetable.yaml 第 {line} 行“坏的”" for line in (7, 8)
    ]
