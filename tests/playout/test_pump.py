"""What the pump knows of the sound it has passed on, step by step on a clock that stands still."""

import pytest
from rig.fakes import ManualClock

from broadcaster.core.errors import DeviceLost
from broadcaster.playout.device.pcm_buffer import Feed
from broadcaster.playout.device.sink_contract import Sink
from broadcaster.playout.device.sink_pump import Pump

RATE_HZ = 1000
BLOCK = b"\1\1" * 10


class ScriptedSink(Sink):
    """Keeps what is written; a test says how much of it is still queued, and what fails."""

    latency_seconds = 0.05

    def __init__(self) -> None:
        self.written: list[tuple[bytes, bool]] = []
        self.queued = 0
        self.closed = False
        self.fail_at = ""

    def open(self) -> None:
        self._fail_if_told("open")

    def write(self, pcm: bytes, spoken: bool) -> None:
        self._fail_if_told("write")
        self.written.append((pcm, spoken))

    @property
    def capacity_frames(self) -> int:
        return 50

    @property
    def queued_frames(self) -> int:
        return self.queued

    def close(self) -> None:
        self.closed = True

    def _fail_if_told(self, step: str) -> None:
        if step == self.fail_at:
            raise DeviceLost(f"坏在 {step}")


class Bench:
    """A pump, and all that is around it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.sink = ScriptedSink()
        self.feed = Feed(block_frames=10)
        self.pump = Pump(self.sink, self.feed, RATE_HZ, self.clock)

    def pass_on(self, *blocks: bytes, queued: int) -> None:
        self.sink.queued = queued
        for block in blocks:
            self.feed.add(block)
            self.pump.step()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_what_is_still_queued_has_not_been_heard(bench: Bench) -> None:
    bench.pass_on(BLOCK, BLOCK, queued=15)
    assert bench.pump.given == 20
    assert bench.pump.heard() == 5


def test_the_queue_is_heard_as_time_goes_on(bench: Bench) -> None:
    bench.pass_on(BLOCK, BLOCK, queued=15)
    bench.clock.advance(0.008)
    assert bench.pump.heard() == 13
    bench.clock.advance(60)
    assert bench.pump.heard() == 20


def test_a_lost_device_is_not_trusted_to_have_played_on(bench: Bench) -> None:
    bench.pass_on(BLOCK, BLOCK, queued=15)
    bench.clock.advance(60)
    assert bench.pump.heard_for_sure() == 5


def test_silence_fills_an_empty_feed_and_does_not_count(bench: Bench) -> None:
    bench.pass_on(BLOCK, queued=10)
    bench.sink.queued = 20
    bench.pump.step()
    assert bench.sink.written == [(BLOCK, True), (bytes(20), False)]
    assert bench.pump.heard() == 0
    bench.clock.advance(0.012)
    assert bench.pump.heard() == 10


def test_no_more_is_written_than_there_is_room_for(bench: Bench) -> None:
    for _ in range(7):
        bench.feed.add(BLOCK)
    bench.pump.step()
    bench.sink.queued = 25
    bench.pump.step()
    assert [len(pcm) for pcm, _ in bench.sink.written] == [100, 40]


def test_what_was_heard_before_this_pump_stays_heard(bench: Bench) -> None:
    bench.pass_on(BLOCK, queued=0)
    assert Pump(bench.sink, bench.feed, RATE_HZ, bench.clock).heard() == 10


def test_every_write_has_its_deadline(bench: Bench) -> None:
    bench.clock.advance(100)
    bench.pass_on(BLOCK, queued=0)
    assert bench.pump.deadline == pytest.approx(bench.clock.monotonic() + 0.55)


@pytest.mark.parametrize(("step", "opened"), [("open", False), ("write", True)])
def test_a_sink_that_fails_ends_the_thread_with_its_reason(
    bench: Bench, step: str, opened: bool
) -> None:
    bench.sink.fail_at = step
    bench.pump.start()
    bench.pump.join(60)
    assert not bench.pump.is_alive()
    assert (bench.pump.failure, bench.pump.opened) == (f"坏在 {step}", opened)


def test_a_pump_that_is_to_end_closes_the_sink(bench: Bench) -> None:
    bench.pump.end()
    bench.pump.start()
    bench.pump.join(60)
    assert bench.sink.closed
    assert bench.pump.failure == ""
