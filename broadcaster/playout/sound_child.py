"""The sound child: takes items from the box, keeps them sounding, reports what was heard.

Started as `python -m broadcaster.playout.sound_child FD`.
"""

import os
import sys
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from zoneinfo import ZoneInfo

from broadcaster.child import connect_to_parent
from broadcaster.clock import Clock
from broadcaster.errors import DeviceLost
from broadcaster.playout.device import Ended, Started
from broadcaster.playout.feed import Feed
from broadcaster.playout.pcm import Volume
from broadcaster.playout.pump import CLOSING_SECONDS, Pump
from broadcaster.playout.silent import SilentSink
from broadcaster.playout.sink import LOST, Sink
from broadcaster.playout.sound_messages import (
    Begin,
    CardOutput,
    Command,
    Configure,
    FadeOut,
    Fault,
    FileOutput,
    Finish,
    Leaving,
    Message,
    Play,
    Progress,
)
from broadcaster.playout.sounding import Sounding
from broadcaster.playout.wav_file import WavFileSink

TICK_SECONDS = 0.05
PROGRESS_SECONDS = 0.2
OPENING_AHEAD_SECONDS = 0.1
AHEAD_SECONDS = 0.75
# After a full buffer of 0.1 s: silence comes 130 ms after the order.
RAMP_SECONDS = 0.03
BLOCKS_A_SECOND = 50
# A stopped sound server keeps PortAudio from ever starting; a slow board needs 4 s for fifteen cards.
STARTING_SECONDS = 10.0
LOST_EXIT_CODE = 75
PRIORITY = -10


class SoundLoop:
    """Everything in the child but the pump's thread: commands in, PCM ahead, reports out.

    Waits for ever when nothing sounds and the sink is closed, else looks round every 50 ms.
    """

    def __init__(self, connection: Connection, configure: Configure, sink: Sink, clock: Clock) -> None:
        self._connection = connection
        self._configure = configure
        self._sink = sink
        self._clock = clock
        self._volume = Volume(configure.volume)
        self._feed = Feed(configure.rate_hz // BLOCKS_A_SECOND)
        self._pump: Pump | None = None
        self._item: Sounding | None = None
        self._ticked_at = self._ended_at = self._progress_at = clock.monotonic()

    def run(self) -> None:
        """Until the box closes the pipe or dies; then fade out and end."""
        with suppress(EOFError, ConnectionError):
            while True:
                self.step()
        self._leave()

    def step(self) -> None:
        """Take the commands that have come, and see to the sound."""
        wait = TICK_SECONDS if self._pump else None
        while self._connection.poll(wait):
            self._obey(self._connection.recv())
            wait = 0.0
        self._tick()

    def _obey(self, command: Command) -> None:
        match command, self._item:
            case Begin(item_id), _:
                rate_hz, block_frames = self._configure.rate_hz, self._feed.block_frames
                self._item = Sounding(item_id, self._feed.added, rate_hz, block_frames)
            case Play(sound, pause_seconds), Sounding() as item:
                item.append(sound, pause_seconds)
            case Finish(), Sounding() as item:
                item.finish()
            case FadeOut(), Sounding() as item:
                self._fade_out(item)

    def _fade_out(self, item: Sounding) -> None:
        all_read = item.all_read
        if self._feed.fade(round(RAMP_SECONDS * self._configure.rate_hz)) or not all_read:
            item.end_here("播放被中断")

    def _tick(self) -> None:
        now = self._clock.monotonic()
        self._watch_pump(now)
        if self._item:
            self._feed_ahead(self._item)
            self._report(self._item, now)
        self._rest(now)
        self._ticked_at = now

    def _feed_ahead(self, item: Sounding) -> None:
        """First what fills the sink and a little more, to open it soon; then enough for a slow disk."""
        self._read(item, self._sink.latency_seconds + OPENING_AHEAD_SECONDS)
        if self._feed.ahead and self._pump is None:
            self._pump = Pump(self._sink, self._feed, self._configure.rate_hz, self._clock)
            self._pump.start()
        self._read(item, AHEAD_SECONDS)

    def _read(self, item: Sounding, seconds: float) -> None:
        while self._feed.ahead < seconds * self._configure.rate_hz:
            block = item.next_block(self._volume)
            if not block:
                break
            self._feed.add(block)

    def _report(self, item: Sounding, now: float) -> None:
        if not item.started and self._pump and self._pump.given > item.first_frame:
            item.started = True
            self._send(Fault(""))
            self._send(Started(item.item_id))
        heard = self._pump.heard() if self._pump else self._feed.taken
        if item.all_read and not self._feed.ahead and heard >= self._feed.added:
            self._end(item, heard)
        elif self._pump and now - self._progress_at >= PROGRESS_SECONDS:
            self._progress_at = now
            self._send(Progress(item.item_id, self._seconds(item, heard)))

    def _end(self, item: Sounding, heard: int) -> None:
        self._item = None
        self._ended_at = self._clock.monotonic()
        self._send(Ended(item.item_id, self._seconds(item, heard), not item.reason, item.reason))

    def _seconds(self, item: Sounding, heard: int) -> float:
        return max(0, heard - item.first_frame) / self._configure.rate_hz

    def _rest(self, now: float) -> None:
        """Close the sink after a while, and never before its last sample has sounded."""
        while_open = max(self._configure.linger_seconds, self._sink.latency_seconds)
        if self._pump and self._item is None and now - self._ended_at > while_open:
            self._pump.end()

    def _watch_pump(self, now: float) -> None:
        if self._pump is None:
            return
        # A process that was itself held up cannot tell whether its card was.
        overdue = now > self._pump.deadline and now - self._ticked_at < 0.25
        if self._pump.failure or (overdue and self._pump.alive):
            self._lose(self._pump, self._pump.failure or LOST)
        elif not self._pump.alive:
            self._pump = None

    def _lose(self, pump: Pump, reason: str) -> None:
        """A device that could not be opened is tried again at the next item; one that went while it
        sounded, or that hangs, leaves PortAudio unusable: a new child is quicker than any repair."""
        item, self._item, self._pump = self._item, None, None
        self._feed.clear()
        seconds = self._seconds(item, pump.heard_for_sure()) if item else 0.0
        ended = Ended(item.item_id, seconds, False, reason) if item else None
        if pump.opened or pump.alive:
            self._send(Leaving(reason, ended))
            os._exit(LOST_EXIT_CODE)
        self._send(Fault(reason))
        if ended:
            self._send(ended)

    def _send(self, message: Message) -> None:
        with suppress(ConnectionError):
            self._connection.send(message)

    def _leave(self) -> None:
        if self._item:
            self._fade_out(self._item)
        while self._item:
            time.sleep(TICK_SECONDS)
            self._tick()
        if self._pump:
            self._pump.end()
            self._pump.join(CLOSING_SECONDS)
            if self._pump.alive:
                os._exit(LOST_EXIT_CODE)


def make_sink(configure: Configure, clock: Clock) -> Sink:
    """The sink that is asked for; PortAudio is loaded only for a card."""
    output, rate_hz, latency_seconds = configure.output, configure.rate_hz, configure.latency_seconds
    if isinstance(output, FileOutput):
        return WavFileSink(output.path, rate_hz, latency_seconds, clock)
    if isinstance(output, CardOutput):
        os.environ["ALSA_CONFIG_PATH"] = str(output.alsa_config)
        from broadcaster.playout.sound_card import SoundCard

        return SoundCard(output.name, rate_hz, latency_seconds)
    return SilentSink(rate_hz, latency_seconds, clock)


def main() -> None:
    connection = connect_to_parent(sys.argv)
    # A box that ends while its child is starting has closed the pipe already.
    with suppress(EOFError, ConnectionError):
        serve(connection, Clock(ZoneInfo("UTC")))


def serve(connection: Connection, clock: Clock) -> None:
    """Make the sink that the box asks for, and play what it sends."""
    # Above everything else on a busy board; where that is not allowed, the buffer has to do.
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
    configure: Configure = connection.recv()
    watchdog = threading.Timer(STARTING_SECONDS, os._exit, (LOST_EXIT_CODE,))
    watchdog.daemon = True
    watchdog.start()
    sink = make_sink(configure, clock)
    connection.send(Fault(_what_is_wrong_with(sink)))
    watchdog.cancel()
    SoundLoop(connection, configure, sink, clock).run()


def _what_is_wrong_with(sink: Sink) -> str:
    try:
        sink.check()
    except DeviceLost as error:
        return str(error)
    return ""


if __name__ == "__main__":
    main()
