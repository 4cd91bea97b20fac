"""The pump: a thread of the sound child that keeps the sink full."""

import logging
import threading
from typing import NamedTuple

from broadcaster.audio.pcm import SAMPLE_BYTES
from broadcaster.core.clock import Clock
from broadcaster.core.errors import DeviceLost
from broadcaster.playout.device.pcm_buffer import Feed
from broadcaster.playout.device.sink_contract import Sink

logger = logging.getLogger(__name__)

# A loss is to be found within 2 s; a card of our own list opens in some 10 ms.
OPENING_SECONDS = 1.7
CLOSING_SECONDS = 3.0
# There is room for what is written, so it takes no time; a pulled card keeps it for ever.
WRITING_SECONDS = 0.5
# It is asked to end within that, also while it waits for the first sound.
WAITING_SECONDS = 0.05
# Refilled from here on: 25 times a second with a buffer of 0.1 s, and 60 ms to spare on a busy board.
LOW_SHARE = 0.6
# A device that takes samples faster than they can sound throws them away.
FASTEST_AHEAD_SECONDS = 1.0
TOO_FAST = "声卡不出声：它收声音比放得出来的快，请检查 sound.device 是不是真的声卡"


class Mark(NamedTuple):
    """Known after a write: when; frames written and of them still queued; frames taken from the feed,
    and where among those written the last of them is."""

    at: float
    written: int
    queued: int
    taken: int
    last_spoken: int


class Pump(threading.Thread):
    """Opens a sink, copies the feed into it with silence where that is empty, and closes it.

    Only its own thread touches the sink, for any of these steps can hang for good. `deadline` says,
    on the monotonic clock, when the present step has hung. What is opened ahead of its first sound waits
    for it as long as `patience_seconds`: silence would only stand before it.
    """

    def __init__(
        self, sink: Sink, feed: Feed, rate_hz: int, clock: Clock, patience_seconds: float = 0.0
    ) -> None:
        super().__init__(name="sound-pump", daemon=True)
        self.failure = ""
        self.opened = False
        self._sink = sink
        self._feed = feed
        self._rate_hz = rate_hz
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._opened_at = 0.0
        self._silence = bytes(feed.block_frames * SAMPLE_BYTES)
        self._mark = Mark(clock.monotonic(), 0, 0, feed.taken, 0)
        self.deadline = clock.monotonic() + OPENING_SECONDS
        self._ending = threading.Event()

    def end(self) -> None:
        """Ask it to close the sink, throwing away what is queued there."""
        self._ending.set()

    @property
    def ending(self) -> bool:
        """True if the samples that this pump still takes are not heard."""
        return self._ending.is_set()

    @property
    def given(self) -> int:
        """Frames of the feed that the sink has accepted."""
        return self._mark.taken

    @property
    def proven(self) -> bool:
        """True if the sink takes samples as fast as they sound: two full buffers are more than a device
        that stands still would swallow.
        """
        return self.opened and self._mark.written - self._mark.queued > 2 * self._sink.capacity_frames

    def heard(self) -> int:
        """Frames of the feed that have sounded by now, as the sink's queue and the clock tell."""
        return self._heard_after(self._clock.monotonic() - self._mark.at)

    def heard_for_sure(self) -> int:
        """The same as it was after the last write: what a lost device can be trusted to have played."""
        return self._heard_after(0.0)

    def _heard_after(self, seconds: float) -> int:
        mark = self._mark
        sounded = mark.written - mark.queued + int(seconds * self._rate_hz)
        return mark.taken - min(max(mark.last_spoken - sounded, 0), mark.taken)

    def run(self) -> None:
        try:
            self._sink.open()
            self.opened = True
            self._wait_for_sound()
            self._opened_at = self._clock.monotonic()
            while not self._ending.is_set():
                self.step()
            self._allow(CLOSING_SECONDS)
            self._sink.close()
        except DeviceLost as error:
            self.failure = str(error)
        except Exception as error:
            logger.exception("声音输出出错，错误在下面")
            self.failure = f"声音输出出错：{error}"

    def _wait_for_sound(self) -> None:
        until = self._clock.monotonic() + self._patience_seconds
        while not self._ending.is_set() and self._clock.monotonic() < until:
            self._allow(WAITING_SECONDS + WRITING_SECONDS)
            if self._feed.offered.wait(WAITING_SECONDS):
                return

    def step(self) -> None:
        """Wait until the sink runs low; fill it from the feed, or with a little silence; count."""
        low = LOW_SHARE * self._sink.capacity_frames
        self._allow(WRITING_SECONDS + self._sink.latency_seconds)
        if self._ending.wait(max(0.0, (self._mark.queued - low) / self._rate_hz)):
            return  # what is added from now on is for the next pump
        room = max(1, (self._sink.capacity_frames - self._sink.queued_frames) // self._feed.block_frames)
        pcm = self._feed.take(room)
        self._write(pcm or self._silence, bool(pcm))

    def _write(self, pcm: bytes, spoken: bool) -> None:
        self._sink.write(pcm, spoken)
        written = self._mark.written + len(pcm) // SAMPLE_BYTES
        last_spoken = written if spoken else self._mark.last_spoken
        queued = self._sink.queued_frames
        now = self._clock.monotonic()
        self._mark = Mark(now, written, queued, self._feed.taken, last_spoken)
        if (written - queued) / self._rate_hz > now - self._opened_at + FASTEST_AHEAD_SECONDS:
            raise DeviceLost(TOO_FAST)

    def _allow(self, seconds: float) -> None:
        self.deadline = self._clock.monotonic() + seconds
