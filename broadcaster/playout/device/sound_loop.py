"""The loop of the sound child: takes items from the box, keeps them sounding, reports what was heard."""

import os
import time
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection

from broadcaster.audio.pcm import volume_of
from broadcaster.core.clock import Clock
from broadcaster.playout.amplifier.amplifier import Amplifier
from broadcaster.playout.device.device_contract import Damaged, Ended, Started
from broadcaster.playout.device.pcm_buffer import Feed
from broadcaster.playout.device.playing_item import PlayingItem
from broadcaster.playout.device.sink_contract import LOST, Sink
from broadcaster.playout.device.sink_pump import CLOSING_SECONDS, Pump
from broadcaster.playout.device.sound_messages import (
    AmplifierState,
    Begin,
    Command,
    Configure,
    Expect,
    FadeOut,
    Fault,
    Finish,
    Leave,
    Leaving,
    Mend,
    Message,
    Play,
    Power,
    Progress,
)

TICK_SECONDS = 0.05
# At each look: what was heard before a kill is known to 0.1 s, and no line that was out is said again.
PROGRESS_SECONDS = 0.04
# Beyond a full sink; the rest is read while that sounds.
BEGINNING_AHEAD_SECONDS = 0.05
AHEAD_SECONDS = 0.75
# After a full buffer of 0.1 s: silence comes 130 ms after the order.
RAMP_SECONDS = 0.03
BLOCKS_A_SECOND = 50
# A device that is lost is tried this often; one that is well, now and then, lest its loss be found out
# by the next notice. A trial is 0.2 s of silence: a card that is opened may crack in the loudspeaker, so
# what is seen to be plugged in is seldom tried.
TRYING_SECONDS = 1.0
UNSEEN_TRYING_SECONDS = 4.0
SEEN_TRYING_SECONDS = 300.0
LOOKING_SECONDS = 5.0
# So long a device that is open waits for the first sound of what was announced to it; then it is tried.
PATIENCE_SECONDS = 5.0
LOST_EXIT_CODE = 75


class SoundLoop:
    """Everything in the child but the pump's thread: commands in, PCM ahead, reports out.

    Looks round every 50 ms while anything is on, every second while something is wrong, else every five.
    `fault` is what is known to be wrong at the start.
    """

    def __init__(
        self,
        connection: Connection,
        configure: Configure,
        sink: Sink,
        amplifier: Amplifier,
        clock: Clock,
        fault: str = "",
    ) -> None:
        self._connection = connection
        self._configure = configure
        self._sink = sink
        self._amplifier = amplifier
        self._clock = clock
        self._fault = fault
        self._feed = Feed(configure.rate_hz // BLOCKS_A_SECOND)
        self._pump: Pump | None = None
        self._item: PlayingItem | None = None
        self._power = ExitStack()
        self._amplifier_state: AmplifierState | None = AmplifierState((), "")
        self._ticked_at = self._ended_at = self._progress_at = clock.monotonic()
        self._tried_at = self._ended_at - TRYING_SECONDS if configure.suspicion else self._ended_at
        self._send(Fault(fault))

    def run(self) -> None:
        """Until the box closes the pipe or dies; then fade out, switch off and end."""
        with suppress(EOFError, ConnectionError):
            self._tick()
            while True:
                self.step()
        self._leave()

    def step(self) -> None:
        """Take the commands that have come, and see to the sound."""
        wait = self._seconds_to_wait()
        while self._connection.poll(wait):
            self._obey(self._connection.recv())
            wait = 0.0
        self._tick()

    def _seconds_to_wait(self) -> float:
        if self._pump or self._item or self._amplifier.busy:
            return TICK_SECONDS
        return TRYING_SECONDS if self._fault or self._amplifier.fault else LOOKING_SECONDS

    def _obey(self, command: Command) -> None:
        match command, self._item:
            case Expect(), _:
                self._expect()
            case Begin(), _:
                self._begin(command)
            case Play(sound, pause_seconds, start_seconds), PlayingItem() as item:
                item.append(sound, pause_seconds, start_seconds)
            case Finish(), PlayingItem() as item:
                item.finish()
            case Mend(), PlayingItem() as item:
                item.mend()
            case FadeOut(), PlayingItem() as item:
                self._fade_out(item, "播放被中断")
            case Power(names, seconds), _:
                self._amplifier.power(names, seconds)
                self._amplifier_state = None
            case Leave(), _:
                raise EOFError

    def _expect(self) -> None:
        if self._pump is None:
            self._start_pump(PATIENCE_SECONDS)

    def _begin(self, command: Begin) -> None:
        percent = self._configure.volume if command.volume is None else command.volume
        rate_hz, block_frames = self._configure.rate_hz, self._feed.block_frames
        self._item = PlayingItem(
            command.item_id, self._feed.added, rate_hz, block_frames, volume_of(percent)
        )
        self._power.enter_context(self._amplifier.on(command.zones))

    def _fade_out(self, item: PlayingItem, reason: str) -> None:
        all_read = item.all_read
        if self._feed.fade(round(RAMP_SECONDS * self._configure.rate_hz)) or not all_read:
            item.end_here(reason)

    def _tick(self) -> None:
        now = self._clock.monotonic()
        self._watch_pump(now)
        self._watch_amplifier()
        if self._item:
            self._feed_ahead(self._item)
            self._look_ahead(self._item)
            self._report(self._item, now)
        else:
            self._try_device(now)
        self._rest(now)
        self._show_life(now)
        self._ticked_at = now

    def _feed_ahead(self, item: PlayingItem) -> None:
        """First what fills the sink and a little more, to begin soon; then enough for a slow disk.

        While the amplifier warms up the device is open, and waits.
        """
        if self._pump and self._pump.ending:
            return
        self._expect()
        if self._amplifier.warm:
            self._read(item, self._sink.latency_seconds + BEGINNING_AHEAD_SECONDS)
            if self._feed.ahead:
                self._feed.offered.set()
            self._read(item, AHEAD_SECONDS)

    def _look_ahead(self, item: PlayingItem) -> None:
        """One file a tick, so that what is damaged is made again before its turn comes."""
        item.check_one()
        if item.damage:
            number, sound, frames = item.damage
            item.damage = None
            self._send(Damaged(item.item_id, number, sound, frames / self._configure.rate_hz))

    def _start_pump(self, patience_seconds: float = 0.0) -> None:
        self._feed.offered.clear()
        self._pump = Pump(self._sink, self._feed, self._configure.rate_hz, self._clock, patience_seconds)
        self._pump.start()

    def _read(self, item: PlayingItem, seconds: float) -> None:
        while self._feed.ahead < seconds * self._configure.rate_hz:
            block = item.next_block()
            if not block:
                break
            self._feed.add(block)

    def _report(self, item: PlayingItem, now: float) -> None:
        if not item.started and self._pump and self._pump.given > item.first_frame:
            item.started = True
            self._send(Started(item.item_id))
        # An end is told only when the device has really taken the last sample.
        if item.all_read and not self._feed.ahead and self._heard_for_sure() >= self._feed.added:
            self._end(item)
        elif now - self._progress_at >= PROGRESS_SECONDS:
            self._progress_at = now
            heard = self._pump.heard() if self._pump else self._feed.taken
            self._send(Progress(item.item_id, self._seconds(item, heard)))

    def _heard_for_sure(self) -> int:
        return self._pump.heard_for_sure() if self._pump else self._feed.taken

    def _end(self, item: PlayingItem) -> None:
        self._item = None
        self._power.close()
        self._ended_at = self._clock.monotonic()
        seconds = self._seconds(item, self._feed.added)
        if not item.reason and seconds:
            self._note("")
        self._send(Ended(item.item_id, seconds, not item.reason, item.reason))

    def _seconds(self, item: PlayingItem, heard: int) -> float:
        return max(0, heard - item.first_frame) / self._configure.rate_hz

    def _try_device(self, now: float) -> None:
        if self._pump is None and now - self._tried_at >= self._trying_seconds():
            self._start_pump()

    def _trying_seconds(self) -> float:
        if self._fault:
            return TRYING_SECONDS
        match self._sink.is_there():
            case None:
                return UNSEEN_TRYING_SECONDS
            case True:
                return SEEN_TRYING_SECONDS
        return TRYING_SECONDS

    def _rest(self, now: float) -> None:
        """Close the sink after a while, and never before its last sample has sounded."""
        while_open = max(self._configure.linger_seconds, self._sink.latency_seconds)
        if self._pump is None or self._item:
            return
        if self._pump.proven and now - self._ended_at > while_open:
            self._pump.end()

    def _watch_pump(self, now: float) -> None:
        if self._pump is None:
            return
        self._tried_at = now
        if self._pump.proven:
            self._note("")
        # A process that was itself held up cannot tell whether its card was.
        overdue = now > self._pump.deadline and now - self._ticked_at < 0.25
        if self._pump.failure or (overdue and self._pump.is_alive()):
            self._lose(self._pump, self._pump.failure or LOST)
        elif not self._pump.is_alive():
            self._pump = None

    def _lose(self, pump: Pump, reason: str) -> None:
        """A device that could not be opened is tried again; one that went while it sounded, or that
        hangs, leaves PortAudio unusable: a new child is quicker than any repair."""
        item, self._item, self._pump = self._item, None, None
        self._power.close()
        self._feed.clear()
        seconds = self._seconds(item, pump.heard_for_sure()) if item else 0.0
        ended = Ended(item.item_id, seconds, False, reason, lost=True) if item else None
        if pump.opened or pump.is_alive():
            self._amplifier.close()
            self._send(Leaving(reason, ended))
            os._exit(LOST_EXIT_CODE)
        self._note(reason)
        if ended:
            self._send(ended)

    def _watch_amplifier(self) -> None:
        in_time = self._amplifier.step()
        if self._item and not in_time:
            self._fade_out(self._item, self._amplifier.fault)
        state = AmplifierState(self._amplifier.names, self._amplifier.fault)
        if state != self._amplifier_state:
            self._amplifier_state = state
            self._send(state)

    def _show_life(self, now: float) -> None:
        if self._amplifier.names and not self._item and now - self._progress_at >= PROGRESS_SECONDS:
            self._progress_at = now
            self._send(Progress("", 0.0))

    def _note(self, fault: str) -> None:
        if fault != self._fault:
            self._fault = fault
            self._send(Fault(fault))

    def _send(self, message: Message) -> None:
        with suppress(ConnectionError):
            self._connection.send(message)

    def _leave(self) -> None:
        if self._item:
            self._fade_out(self._item, "播放被中断")
        while self._item:
            time.sleep(TICK_SECONDS)
            self._tick()
        self._amplifier.close()
        if self._pump:
            self._pump.end()
            self._pump.join(CLOSING_SECONDS)
            if self._pump.is_alive():
                os._exit(LOST_EXIT_CODE)
