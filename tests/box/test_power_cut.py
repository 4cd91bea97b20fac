"""The box that was killed: what it had promised is aired when it is up again, and nothing twice."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import soundfile
from rig.rig import FakeRig, wait_until
from rig.village import RunningBox, Village

from broadcaster.core.clock import Clock
from broadcaster.core.model import Airing, AiringKind
from broadcaster.core.notice import Notice
from broadcaster.core.piece import Piece, PieceKind
from broadcaster.station.persistent_controls import LOOPS_STOPPED_AT
from broadcaster.store.database import tables
from broadcaster.store.database.read_connection import ReadConnection
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.offline_journal import open_past
from broadcaster.store.store import open_store
from broadcaster.studio.sound_library import SoundLibrary

WATER = "明天上午八点停水。"
LONG = "明天上午八点到十一点停水，请大家提前储水。" * 5
RATE_HZ = 48_000
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


def place_noted(village: Village) -> float:
    with closing(ReadConnection(village.state / DATABASE)) as reader:
        return max((row.seconds_in_line for row in reader.read(tables.queue.select())), default=0.0)


@pytest.mark.slow
def test_a_sound_goes_on_from_its_place_when_the_box_was_killed(
    village: Village, fake_rig: FakeRig, start: Start
) -> None:
    moments = np.arange(14 * RATE_HZ) / RATE_HZ
    file = io.BytesIO()
    soundfile.write(file, 0.2 * np.sin(2 * np.pi * 500 * moments), RATE_HZ, "PCM_16", format="WAV")
    sound = SoundLibrary(village.state).take([file.getvalue()], "sent.wav", "大登殿")
    column = Notice("", title="戏曲", pieces=(Piece(PieceKind.AUDIO, sound.key),))
    now = CLOCK.now()
    with open_store(village.state / DATABASE, CLOCK) as store:
        store.queue.accept(Airing(column, now, now + timedelta(minutes=20), AiringKind.SCHEDULED))
    box = start()
    wait_until(lambda: place_noted(village) > 5, 120)
    box.process.kill()
    box.process.wait()
    place, before = place_noted(village), len(fake_rig.captured())
    start()
    wait_until(lambda: "" in ends(village), 120)
    assert ends(village) == {"": ("PLAYED", "停过电或者重启过，接着播完的")}
    heard = np.frombuffer(fake_rig.captured()[before:], np.int16)
    loud = np.flatnonzero(np.abs(heard) > 500)
    assert (loud[-1] - loud[0]) / RATE_HZ == pytest.approx(14 - place, abs=0.1)


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
