import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fakes import FakeDevice, ManualClock
from rig.rig import wait_until

from broadcaster.model import (
    Airing,
    Clip,
    Delivery,
    Item,
    JournalEntry,
    Made,
    Notice,
    Outcome,
    Programme,
    Ready,
    Refused,
    Severity,
)
from broadcaster.playout.player import Player

RATE_HZ = 48_000


class Maker:
    """Makes every notice of two clips of 1 s and 2 s, as the studio does; can refuse or hold back."""

    def __init__(self, folder: Path) -> None:
        self.items = tuple(self._item(folder, seconds) for seconds in (1, 2))
        self.refuse_next = ""
        self.break_next = False
        self.closed = 0

    @contextmanager
    def make(self, notice: Notice, deliver: Callable[[Delivery], None]) -> Iterator[None]:
        if self.break_next:
            self.break_next = False
            raise RuntimeError("a fault of our own")
        deliver(Ready(self.items[0]))
        if self.refuse_next:
            deliver(Refused(self.refuse_next))
        else:
            deliver(Ready(self.items[1]))
            deliver(Made(Programme("fake:beep", self.items)))
        yield
        self.closed += 1

    def _item(self, folder: Path, seconds: int) -> Item:
        path = folder / f"{seconds}.wav"
        soundfile.write(path, np.full(seconds * RATE_HZ, 100, np.int16), RATE_HZ)
        return Item(Clip(path.stem, path, seconds))


class Air:
    """A player on a fake device; `step` airs one airing, `start` does so on another thread."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.device = FakeDevice()
        self.maker = Maker(folder)
        self.journal: list[JournalEntry] = []
        self.player = Player(self.maker.make, self.device, self.journal.append, self.clock)

    def airing(self, name: str, severity: Severity = Severity.DAILY) -> Airing:
        now = self.clock.now()
        return Airing(Notice(name, severity=severity), now, now + timedelta(minutes=10), id=name)

    def put(self, name: str, severity: Severity = Severity.DAILY) -> None:
        self.player.put(self.airing(name, severity))

    def start(self) -> threading.Thread:
        """Begin the next airing, which goes on until it is cut or released."""
        self.device.holds = True
        thread = threading.Thread(target=self.player.step, name="player")
        thread.start()
        wait_until(lambda: self.player.on_air and self.player.on_air.voice)
        return thread

    def endings(self) -> list[tuple[str, Outcome]]:
        return [(entry.airing.id, entry.outcome) for entry in self.journal]


@pytest.fixture
def air(tmp_path: Path) -> Air:
    return Air(tmp_path)


def test_an_airing_is_played_to_its_end_and_journaled_once(air: Air) -> None:
    air.put("a")
    air.player.step()
    (entry,) = air.journal
    assert (entry.airing.id, entry.outcome, entry.reason) == ("a", Outcome.PLAYED, "")
    assert (entry.seconds_played, entry.seconds_due, entry.voice) == (3.0, 3.0, "fake:beep")
    assert entry.started_at == air.clock.now()
    assert air.device.played == [item.clip.path for item in air.maker.items]
    assert air.player.on_air is None
    assert air.maker.closed == 1


def test_an_expired_airing_is_not_played(air: Air) -> None:
    air.put("a")
    air.clock.advance(601)
    air.player.step()
    assert air.endings() == [("a", Outcome.EXPIRED)]
    assert air.device.played == []


def test_a_severer_newcomer_cuts_what_sounds_and_goes_next(air: Air) -> None:
    air.put("daily")
    thread = air.start()
    air.put("equal")
    air.put("flood", Severity.RED)
    thread.join(10)
    air.device.holds = False
    air.player.step()
    air.player.step()
    assert air.endings() == [
        ("daily", Outcome.CUT_SHORT),
        ("flood", Outcome.PLAYED),
        ("equal", Outcome.PLAYED),
    ]
    assert "更紧急" in air.journal[0].reason


def test_an_equal_newcomer_waits(air: Air) -> None:
    air.put("first", Severity.RED)
    thread = air.start()
    air.put("second", Severity.RED)
    assert [airing.id for airing in air.player.waiting()] == ["second"]
    air.device.release()
    thread.join(10)
    assert air.endings() == [("first", Outcome.PLAYED)]


def test_stop_all_ends_what_sounds_and_what_waits(air: Air) -> None:
    air.put("sounding")
    thread = air.start()
    air.put("waiting")
    assert air.player.stop_all("停播") == 2
    thread.join(10)
    assert sorted(air.endings()) == [("sounding", Outcome.CUT_SHORT), ("waiting", Outcome.CANCELLED)]
    assert air.player.stop_all("停播") == 0


def test_one_airing_is_cancelled_while_it_waits_or_sounds(air: Air) -> None:
    air.put("sounding")
    thread = air.start()
    air.put("waiting")
    assert air.player.cancel("waiting", "取消")
    assert air.player.cancel("sounding", "取消")
    thread.join(10)
    assert air.endings() == [("waiting", Outcome.CANCELLED), ("sounding", Outcome.CUT_SHORT)]
    assert not air.player.cancel("nobody", "取消")


def test_a_programme_that_cannot_be_made_to_its_end_has_failed(air: Air) -> None:
    air.maker.refuse_next = "语音引擎坏了"
    air.put("a")
    air.player.step()
    (entry,) = air.journal
    assert (entry.outcome, entry.reason) == (Outcome.FAILED, "语音引擎坏了")
    assert entry.seconds_played == 1.0


def test_a_lost_device_is_a_failure_with_the_seconds_really_heard(air: Air) -> None:
    air.device.fail_next = "声卡掉线"
    air.put("a")
    air.put("b")
    air.player.step()
    assert air.player.fault == "声卡掉线"
    air.player.step()
    assert air.endings() == [("a", Outcome.FAILED), ("b", Outcome.PLAYED)]
    assert (air.journal[0].reason, air.journal[0].seconds_played) == ("声卡掉线", 0.0)


def test_a_fault_of_our_own_costs_one_airing(air: Air) -> None:
    air.maker.break_next = True
    air.put("a")
    air.put("b")
    air.player.step()
    air.player.step()
    assert air.endings() == [("a", Outcome.FAILED), ("b", Outcome.PLAYED)]


def test_waking_a_player_with_nothing_to_do_returns(air: Air) -> None:
    thread = threading.Thread(target=air.player.step)
    thread.start()
    wait_until(lambda: (air.player.wake(), not thread.is_alive())[1])
    assert air.journal == []


def test_a_higher_office_waits_for_its_equal_in_severity(air: Air) -> None:
    air.put("village")
    thread = air.start()
    county = air.airing("county")
    air.player.put(replace(county, notice=replace(county.notice, office=2)))
    air.device.release()
    thread.join(10)
    assert air.endings() == [("village", Outcome.PLAYED)]
