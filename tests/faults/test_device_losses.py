"""The device lost again and again, in every way that there is, under an item that sounds.

Each loss must be found, told as one, and made good: no item without its one end, none whole that was not
heard, the device back by itself, the next item heard to its last sample, relays off in between.
"""

import os
import signal
from array import array
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from time import monotonic

import pytest
from faults.figures import Figures
from rig.listening import RATE_HZ, Listener, child_of, make_sound, wait_until_closed
from rig.relay_board import RelayBoard, plugged_in
from rig.rig import FakeRig, wait_until

from broadcaster.playout.device.child_device import open_device
from broadcaster.playout.device.device_contract import Back
from broadcaster.settings.schema import AmplifierSettings, SoundSettings

CARD_FAULTS = ("unplug", "stall", "deaf", "rush")
EVERY_DAY = ("unplug", "stall", "killed", "hung", "relays")
LOSSES = (*CARD_FAULTS, "gone", "busy", "killed", "hung", "relays")


class Village:
    """A device on a card and a relay board that can fail, and what has been heard of it."""

    def __init__(self, folder: Path, rig: FakeRig, board: RelayBoard, listener: Listener) -> None:
        self.rig = rig
        self.board = board
        self.listener = listener
        self.long = make_sound(folder / "long.flac", 20.0)
        self.short = make_sound(folder / "short.flac", 0.3)
        self.number = 0

    def begin(self) -> str:
        self.number += 1
        item_id = str(self.number)
        self.listener.device.begin(item_id)
        self.listener.device.play(self.long.path)
        self.listener.device.finish()
        return item_id

    def sound_until(self, seconds: float) -> str:
        """Begin an item and let so much of it be heard."""
        before = len(self.rig.captured())
        item_id = self.begin()
        wait_until(lambda: len(self.rig.captured()) - before > 2 * RATE_HZ * seconds)
        return item_id

    def speak(self) -> None:
        """An item that must be heard whole."""
        self.number += 1
        before = len(self.rig.captured())
        ended = self.listener.speak(str(self.number), self.short)
        assert ended.whole, ended
        wait_until(lambda: self.short.pcm in self.heard_since(before))

    def heard_since(self, place: int) -> bytes:
        """Less all silence: a machine with too much to do may let the card run dry for a moment."""
        samples = array("h", self.rig.captured()[place:])
        return array("h", filter(None, samples)).tobytes()


@pytest.fixture
def village(tmp_path: Path, fake_rig: FakeRig) -> Iterator[Village]:
    with plugged_in(tmp_path) as board:
        amplifier = AmplifierSettings(
            kind="serial", port=str(board.port), power=1, warm_up_seconds=0.1, hold_seconds=0.1
        )
        sound = SoundSettings(linger_seconds=0.0)
        environment = fake_rig.environment
        device = open_device(sound, tmp_path / "s", environment=environment, amplifier=amplifier)
        with closing(device):
            yield Village(tmp_path, fake_rig, board, Listener(device))
        wait_until(lambda: not board.on)


def lose_card(what: str, village: Village, random: Random, figures: Figures) -> None:
    """The card goes under an item, and comes back after a while."""
    item_id = village.sound_until(random.uniform(0.0, 0.5))
    village.rig.village.tell(what, True)
    lost_at = monotonic()
    ended = village.listener.ended(item_id)
    figures.add("noticed", monotonic() - lost_at)
    assert (ended.whole, ended.lost) == (False, True)
    assert ended.seconds_played < 5
    assert village.listener.device.fault
    wait_until(lambda: not village.board.on)
    village.rig.village.tell(what, False)


def find_card_away(village: Village, what: str, random: Random, figures: Figures) -> None:
    """The card is away, or taken, when an item begins."""
    wait_until_closed(village.listener)
    village.rig.village.tell(what, True)
    begun_at = monotonic()
    ended = village.listener.ended(village.begin())
    figures.add("noticed", monotonic() - begun_at)
    assert (ended.whole, ended.lost, ended.seconds_played) == (False, True, 0.0)
    village.rig.village.tell(what, False)


def lose_child(village: Village, number: signal.Signals, random: Random, figures: Figures) -> None:
    item_id = village.sound_until(random.uniform(0.0, 0.5))
    os.kill(child_of(village.listener), number)
    lost_at = monotonic()
    ended = village.listener.ended(item_id)
    figures.add("noticed", monotonic() - lost_at)
    assert (ended.whole, ended.lost) == (False, True)
    wait_until(lambda: not village.board.on)


def lose_relays(village: Village, random: Random, figures: Figures) -> None:
    """The sound goes on; the fault is told until the board is back."""
    item_id = village.sound_until(random.uniform(0.0, 0.5))
    village.board.pull_out()
    lost_at = monotonic()
    wait_until(lambda: village.listener.device.fault)
    figures.add("noticed", monotonic() - lost_at)
    assert village.listener.device.ready
    village.board.plug_in()
    back_at = monotonic()
    wait_until(lambda: village.board.on and not village.listener.device.fault)
    figures.add("made good", monotonic() - back_at)
    village.listener.device.fade_out()
    assert not village.listener.ended(item_id).lost


LOSE: dict[str, Callable[[Village, Random, Figures], None]] = {
    **{what: partial(lose_card, what) for what in CARD_FAULTS},
    "gone": lambda village, random, figures: find_card_away(village, "unplug", random, figures),
    "busy": lambda village, random, figures: find_card_away(village, "busy", random, figures),
    "killed": lambda village, random, figures: lose_child(village, signal.SIGKILL, random, figures),
    "hung": lambda village, random, figures: lose_child(village, signal.SIGSTOP, random, figures),
    "relays": lose_relays,
}


@pytest.mark.parametrize(
    "what",
    [pytest.param(what, marks=[] if what in EVERY_DAY else pytest.mark.slow) for what in LOSSES],
)
def test_the_device_is_lost_and_found(
    village: Village, what: str, device_losses: int, figures: Figures
) -> None:
    random = Random(what)
    for _ in range(device_losses):
        village.speak()
        village.listener.reports.clear()
        LOSE[what](village, random, figures)
        if what != "relays":
            gone_at = monotonic()
            wait_until(lambda: Back() in village.listener.reports)
            figures.add("made good", monotonic() - gone_at)
        assert village.listener.device.ready
    village.speak()
    assert village.listener.device.fault == ""
