"""The box and its timetable: what is wrong in one place, what was due before it was, what it missed."""

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rig.damage import HARMS
from rig.rig import wait_until
from rig.village import RunningBox, Village

from broadcaster.store.database.tables import DATABASE

LOG_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0800 broadcaster\.[a-z_.]+: ")
EACH_MINUTE = "slots:\n  - {name: 每分钟, cron: '* * * * *', text: 停水。}\n"


def test_one_wrong_slot_does_not_keep_the_box_from_running_the_others(village: Village) -> None:
    good = "  - {name: 早安, at: '07:30', text: 早上好。}\n"
    wrong = f"slots:\n{good}  - {{name: 坏的, at: 早上, text: 停水。}}\n"
    (village.folder / "timetable.yaml").write_text(wrong, encoding="utf-8")
    box = RunningBox(village)
    try:
        status = json.loads(village.call("status", "--json").stdout)
    finally:
        assert box.end() == 0
    assert {airing["title"] for airing in status["next"]} == {"早安"}
    assert "timetable.yaml 第 3 行“坏的”" in status["fault"]
    assert "broadcaster check" in status["fault"]


def test_a_start_that_puts_a_backup_in_asks_for_no_start(village: Village, tmp_path: Path) -> None:
    RunningBox(village).end()
    HARMS["cut at half"](village.state / DATABASE)
    logged = tmp_path / "box.log"
    assert running_with_log(village, logged).end() == 0
    told = logged.read_text(encoding="utf-8")
    assert "数据库用不了，换上好的" in told and "请留意：数据库坏了" in told
    assert "重新启动广播站" not in told and "时间表读不出来" not in told, told


def test_a_new_box_airs_nothing_of_before_it_was_and_tells_of_what_it_missed_later(
    village: Village,
) -> None:
    (village.folder / "timetable.yaml").write_text(EACH_MINUTE, encoding="utf-8")
    began = datetime.now(UTC)
    run_until(village, lambda: ask(village, "SELECT 1 FROM station_state WHERE key = 'timetable_since'"))
    accepted = ask(village, "SELECT due_at FROM journal UNION SELECT airing ->> 'due_at' FROM queue")
    assert all(datetime.fromisoformat(due) > began for (due,) in accepted)
    off_since = (began - timedelta(minutes=30)).isoformat()
    ask(village, f"UPDATE station_state SET value = '{off_since}' WHERE key LIKE 'timetable_%'")
    missed = "SELECT title, reason FROM journal WHERE outcome = 'EXPIRED'"
    run_until(village, lambda: ask(village, missed))
    ((title, reason),) = ask(village, missed)
    assert title == "每分钟"
    assert reason.startswith(("关机错过了 19 次", "关机错过了 20 次", "关机错过了 21 次"))


def test_a_timetable_changed_by_hand_counts_at_once_and_a_wrong_one_or_other_settings_are_told(
    village: Village,
) -> None:
    timetable, logged = village.folder / "timetable.yaml", village.folder / "run.log"
    village.call("lexicon", "set", "石盆", "shi2 peng4")
    box = running_with_log(village, logged)
    try:
        timetable.write_text(EACH_MINUTE, encoding="utf-8")
        wait_until(lambda: titles(village) == {"每分钟"})
        assert not state(village)["fault"]
        timetable.write_text(
            EACH_MINUTE.replace("每分钟", "坏的") + "  - {name: 二}\n", encoding="utf-8"
        )
        wait_until(lambda: "timetable.yaml 改过，但是写错了，还按原来的播" in state(village)["fault"])
        assert "第 3 行“二”" in state(village)["fault"] and titles(village) == {"每分钟"}
        timetable.unlink()
        wait_until(lambda: "文件不见了" in state(village)["fault"])
        timetable.write_text(EACH_MINUTE, encoding="utf-8")
        wait_until(lambda: not state(village)["fault"])
        village.configure(station={"name": "李家沟"})
        for command in ("status", "check", "next"):
            said = village.call(command)
            assert "broadcaster.yaml 改过，重启广播站以后才算。" in said.stdout + said.stderr, command
        village.configure()
        assert not state(village)["fault"]
        village.configure(station={"name": "李家沟"})
        assert state(village)["fault"]
        assert village.call("lexicon", "set", "石盆", "shi2 pen2").returncode == 0
        wait_until(lambda: "读音表改过，照新的念了" in logged.read_text(encoding="utf-8"))
    finally:
        assert box.end() == 0
    log = logged.read_text(encoding="utf-8").splitlines()
    assert all(LOG_LINE.match(line) for line in log), log
    told = [line.partition(": ")[2] for line in log]
    assert told[0].startswith("广播站启动了，版本 ")
    assert told[-1] == "广播站按要求停下：收到 SIGTERM"
    timetable_told = [line for line in told if "timetable.yaml 改过" in line]
    assert timetable_told[0] == timetable_told[-1] == "timetable.yaml 改过，照新的播了"
    assert "第 3 行“二”" in timetable_told[1] and "文件不见了" in timetable_told[2]
    assert "请留意：broadcaster.yaml 改过，重启广播站以后才算。" in told
    assert "broadcaster.yaml 改好了，和正在用的一样" in told
    nothing_new = RunningBox(village)
    assert nothing_new.end() == 0
    assert not [line for line in nothing_new.lines if "和上次启动时不一样" in line]


def running_with_log(village: Village, path: Path) -> RunningBox:
    with path.open("wb") as log:
        return RunningBox(village, log=log)


def state(village: Village) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(village.call("status", "--json").stdout)
    return told


def titles(village: Village) -> set[str]:
    return {airing["title"] for airing in state(village)["next"]}


def run_until(village: Village, condition: Callable[[], object]) -> None:
    box = RunningBox(village)
    try:
        wait_until(condition)
    finally:
        assert box.end() == 0


def ask(village: Village, query: str) -> list[tuple[str, ...]]:
    database = sqlite3.connect(village.state / "broadcaster.db", isolation_level=None)
    with closing(database):
        return database.execute(query).fetchall()
