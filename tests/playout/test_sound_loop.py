"""How often the sound child tries its device while nothing sounds."""

from multiprocessing import Pipe

import pytest
from rig.fakes import ManualClock
from rig.rig import wait_until

from broadcaster.core.errors import DeviceLost
from broadcaster.playout.amplifier.amplifier import Amplifier
from broadcaster.playout.amplifier.base.wiring import Wiring
from broadcaster.playout.device.sink_contract import Sink
from broadcaster.playout.device.sound_loop import LOOKING_SECONDS, SoundLoop
from broadcaster.playout.device.sound_messages import Configure, FadeOut, Fault, SilentOutput


class PulledCard(Sink):
    """A card that cannot be opened; whether it is seen to be plugged in a test says."""

    latency_seconds = 0.1
    capacity_frames = queued_frames = 0

    def __init__(self, is_there: bool | None) -> None:
        self.plugged = is_there
        self.tries = 0

    def is_there(self) -> bool | None:
        return self.plugged

    def open(self) -> None:
        self.tries += 1
        raise DeviceLost("声卡打不开")

    def write(self, pcm: bytes, spoken: bool) -> None: ...

    def close(self) -> None: ...


class Bench:
    """A child's loop that looks round as often as it would, without the waiting."""

    def __init__(self, is_there: bool | None) -> None:
        self.clock = ManualClock()
        self.sink = PulledCard(is_there)
        self.box, child = Pipe()
        configure = Configure(SilentOutput(), 48_000, 0.1, 0.0, 100, Wiring())
        self.loop = SoundLoop(child, configure, self.sink, Amplifier(Wiring(), self.clock), self.clock)

    def look(self, for_seconds: float) -> None:
        for _ in range(round(for_seconds / LOOKING_SECONDS)):
            self.clock.advance(LOOKING_SECONDS)
            self.box.send(FadeOut())
            self.loop.step()

    def faults(self) -> list[str]:
        told = []
        while self.box.poll():
            message = self.box.recv()
            told += [message.sentence] if isinstance(message, Fault) and message.sentence else []
        return told


def test_a_card_that_is_seen_to_be_plugged_in_is_seldom_opened() -> None:
    bench = Bench(is_there=True)
    bench.look(for_seconds=290)
    assert bench.sink.tries == 0


@pytest.mark.parametrize("is_there", [None, False])
def test_one_that_is_gone_or_cannot_be_seen_is_tried_at_the_next_look(is_there: bool | None) -> None:
    bench = Bench(is_there)
    bench.look(for_seconds=5)
    wait_until(lambda: bench.sink.tries)

    def found() -> list[str]:
        bench.look(for_seconds=5)
        return bench.faults()

    wait_until(found)
