"""The box that was killed: what it had promised is aired when it is up again, and nothing twice."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from rig.rig import FakeRig, wait_until
from rig.village import RunningBox, Village

from broadcaster.core.clock import Clock
from broadcaster.core.model import Airing, AiringKind
from broadcaster.core.notice import Notice
from broadcaster.station.persistent_controls import LOOPS_STOPPED_AT
from broadcaster.store.database import tables
from broadcaster.store.database.read_connection import ReadConnection
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.offline_journal import open_past
from broadcaster.store.store import open_store

WATER = "明天上午八点停水。"
LONG = "明天上午八点到十一点停水，请大家提前储水。" * 5
CLOCK = Clock(ZoneInfo("Asia/Shanghai"))

Start = Callable[[], RunningBox]


@pytest.fixture
def start(village: Village) -> Iterator[Start]:
    running: list[RunningBox] = []

    def started() -> RunningBox:
        running.append(RunningBox(village))
        return running[-1]

    yield started
    for box in running:
        box.end()


def ends(village: Village) -> dict[str, tuple[str, str]]:
    """Outcome and reason by text; each text ended once."""
    with open_past(village.state, CLOCK) as past:
        rows = past.recent(99) if past else []
    assert len({row.text for row in rows}) == len(rows)
    return {row.text: (row.outcome.value, row.reason) for row in rows}


def progress_noted(village: Village) -> bool:
    """Whether the running box has noted that more than a signal was heard."""
    with closing(ReadConnection(village.state / DATABASE)) as reader:
        return any(row.next_line > 0 for row in reader.read(tables.queue.select()))


def test_what_was_promised_ends_by_its_kind_and_its_time(village: Village, start: Start) -> None:
    now = CLOCK.now()
    soon, past = now + timedelta(minutes=20), now - timedelta(minutes=1)
    accepted = [
        Airing(Notice("等着的通知。"), now, soon),
        Airing(Notice("过时的通知。"), past, past),
        Airing(Notice("说了一半。"), now, soon),
        Airing(Notice("循环一半。"), now, soon, AiringKind.LOOP),
        Airing(Notice("定时一半。"), now, soon, AiringKind.SCHEDULED),
        Airing(Notice("定时过时。"), past, past, AiringKind.SCHEDULED),
    ]
    with open_store(village.state / DATABASE, CLOCK) as store:
        for airing in accepted:
            store.queue.accept(airing)
            if airing.notice.text not in ("等着的通知。", "过时的通知。"):
                store.queue.progress(airing.id, 1, 4.5)
    start()
    wait_until(lambda: len(ends(village)) == len(accepted), 60)
    expired = ("EXPIRED", "关机错过了")
    assert ends(village) == {
        "等着的通知。": ("PLAYED", ""),
        "过时的通知。": expired,
        "说了一半。": ("CUT_SHORT", "停电"),
        "循环一半。": ("CUT_SHORT", "停电"),
        "定时一半。": ("PLAYED", "停过电或者重启过，接着播完的"),
        "定时过时。": ("CUT_SHORT", "停电"),
    }
    rows = json.loads(village.call("journal", "--json", "--text", "说了一半").stdout)
    assert rows[0]["seconds_played"] == 4.5
    with open_store(village.state / DATABASE, CLOCK) as store:
        assert store.queue.unfinished() == []


def test_a_box_that_is_killed_takes_up_what_waited(
    village: Village, fake_rig: FakeRig, start: Start
) -> None:
    water = village.render(WATER)
    box = start()
    village.call("say", LONG, "--no-wait")
    village.call("say", WATER, "--no-wait")
    wait_until(lambda: fake_rig.captured())
    wait_until(lambda: progress_noted(village))
    box.process.kill()
    box.process.wait()
    start()
    wait_until(lambda: WATER in ends(village), 60)
    assert ends(village) == {LONG[:60]: ("CUT_SHORT", "停电"), WATER: ("PLAYED", "")}
    assert fake_rig.captured().count(water) == 1


@pytest.mark.slow
def test_a_box_that_is_stopped_and_started_goes_on_with_what_waited(
    village: Village, fake_rig: FakeRig, start: Start
) -> None:
    village.render(WATER)
    village.render(LONG)
    box = start()
    village.call("say", LONG, "--no-wait")
    village.call("say", WATER, "--no-wait")
    wait_until(lambda: fake_rig.captured())
    assert box.end() == 0
    assert ends(village) == {LONG[:60]: ("CUT_SHORT", "广播站关闭")}
    start()
    wait_until(lambda: WATER in ends(village), 60)
    assert ends(village)[WATER] == ("PLAYED", "")


def test_a_stop_by_a_clock_that_ran_ahead_silences_no_window_to_come(
    village: Village, start: Start
) -> None:
    ahead = CLOCK.now() + timedelta(days=3650)
    with open_store(village.state / DATABASE, CLOCK) as store:
        store.state.put(LOOPS_STOPPED_AT, ahead.isoformat())
    start()
    with open_store(village.state / DATABASE, CLOCK) as store:
        assert datetime.fromisoformat(store.state.get(LOOPS_STOPPED_AT)) <= CLOCK.now()
