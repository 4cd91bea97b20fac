"""The device that plays through the sound child; it starts the child again when that dies."""

import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from math import inf
from pathlib import Path
from zoneinfo import ZoneInfo

from broadcaster.core.clock import Clock
from broadcaster.playout.amplifier.amplifier import Amplifier
from broadcaster.playout.amplifier.base.wiring import Wiring
from broadcaster.playout.device.alsa_cards import CardChoice
from broadcaster.playout.device.device_contract import Back, Damaged, Device, Ended, Started
from broadcaster.playout.device.sound_messages import (
    AmplifierState,
    Begin,
    CardOutput,
    Command,
    Configure,
    Expect,
    FadeOut,
    Fault,
    FileOutput,
    Finish,
    Leave,
    Leaving,
    Mend,
    Message,
    Output,
    Play,
    Power,
    Progress,
    SilentOutput,
)
from broadcaster.playout.device.wav_sink import start_wav_file
from broadcaster.settings.schema import AmplifierSettings, SoundSettings
from broadcaster.system.child_process import Child
from broadcaster.system.thread_loop import ThreadLoop

logger = logging.getLogger(__name__)

FIRST_RESTART_SECONDS = 0.3
LONGEST_RESTART_SECONDS = 5.0
FADING_SECONDS = 1.0
POWER_SECONDS = 3.0
WATCH_SECONDS, LONGEST_LOOK_SECONDS = 1.0, 60.0
# While an item sounds the child reports twenty times a second.
HUNG_SECONDS = 3.0
CHILD_DIED = "声音进程意外退出，正在重新启动"
CLOSED = "程序正在退出"
# What PortAudio and ALSA write at each try, in English: the fault has been told in a sentence.
LIBRARY_WORDS = re.compile(r"Expression '|ALSA lib |PaAlsa|.*\b[Jj]ack|.*connect to server")
# A line of its log, which is Chinese, and not one of a traceback.
OWN_WORDS = re.compile("[\u4e00-\u9fff]")
ALWAYS_ON = AmplifierSettings()
NO_AMPLIFIER = Wiring()
NOTHING_ON = AmplifierState((), "")


class SoundDevice(Device):
    """Speaks through a sound child, and starts a new one 0.3 s after it dies; later each time it dies
    again without a device that works. What is asked meanwhile waits for the new child.

    `choose` says where the sound should go, with a sentence of warning or ""; it is asked once a second,
    and where the answer changes a new child takes over between two items. A child that hangs is ended.
    """

    def __init__(
        self,
        choose: Callable[[], tuple[Output, str]],
        settings: SoundSettings,
        wiring: Wiring = NO_AMPLIFIER,
    ) -> None:
        super().__init__()
        self._choose = choose
        output, self._note = choose()
        self._configure = Configure(
            output,
            settings.rate_hz,
            settings.latency_seconds,
            settings.linger_seconds,
            settings.volume,
            wiring,
        )
        self._clock = Clock(ZoneInfo("UTC"))
        self._amplifier = NOTHING_ON
        self._word_at = inf
        self._lock = threading.RLock()
        self._item_id = ""
        self._seconds_heard = 0.0
        self._item_over = threading.Event()
        self._relays_told = threading.Event()
        self._fault = ""
        self.fault_since: datetime | None = None
        self._waiting: list[Command] = []
        self._child: Child | None = None
        self._closing = threading.Event()
        self._restart_seconds = FIRST_RESTART_SECONDS
        self._start_child()
        self.watch = ThreadLoop("sound-watch", self.step, self._closing.set, LONGEST_LOOK_SECONDS)
        self.watch.start()

    def expect(self) -> None:
        with self._lock:
            if self._child and not self._item_id:
                self._child.send(Expect())

    def begin(self, item_id: str, volume: int | None = None, zones: tuple[str, ...] = ()) -> None:
        with self._lock:
            self._item_id, self._seconds_heard = item_id, 0.0
            self._item_over.clear()
            self._word_at = max(self._word_at, self._clock.monotonic())
            self._send(Begin(item_id, volume, zones))

    def play(self, sound: Path, pause_seconds: float = 0.0, start_seconds: float = 0.0) -> None:
        self._send(Play(sound, pause_seconds, start_seconds))

    def finish(self) -> None:
        self._send(Finish())

    def mend(self) -> None:
        self._send(Mend())

    def fade_out(self) -> None:
        self._send(FadeOut())

    def power(self, names: tuple[str, ...], seconds: float) -> None:
        self._relays_told.clear()
        self._send(Power(names, seconds))
        until = self._clock.monotonic() + POWER_SECONDS
        # What is told first may be the end of what was wanted before.
        while self._relays_told.wait(max(0.0, until - self._clock.monotonic())):
            self._relays_told.clear()
            if set(self._amplifier.on) == set(names) or self._amplifier.fault:
                break

    @property
    def ready(self) -> bool:
        return not self._fault

    @property
    def fault(self) -> str:
        return "；".join(filter(None, (self._fault or self._note, self._amplifier.fault)))

    @property
    def note(self) -> str:
        """A sentence for the person who starts the box, or ""."""
        return self._note

    @property
    def card(self) -> str:
        output = self._configure.output
        return (output.card or output.name) if isinstance(output, CardOutput) else ""

    @property
    def relays_on(self) -> tuple[str, ...]:
        return self._amplifier.on

    @property
    def pid(self) -> int | None:
        """The child's process, while there is one."""
        child = self._child
        return child.pid if child else None

    def close(self) -> None:
        """An item on the air fades, and its end is reported, before this returns."""
        with self._lock:
            sounding = bool(self._item_id)
        if sounding and self._child:
            self.fade_out()
            self._item_over.wait(FADING_SECONDS)
        self.watch.stop()
        with self._lock:
            child, self._child = self._child, None
        if child:
            child.stop()
        with self._lock:
            unreported = self._end_item(CLOSED, lost=False)
        if unreported:
            self.on_report(unreported)
        self._make_sure_of_power()

    def step(self) -> None:
        """Look once whether the child hangs, and whether another output is there."""
        self._closing.wait(WATCH_SECONDS)
        output, self._note = self._choose()
        with self._lock:
            if self._closing.is_set() or self._child is None:
                return
            sounding = bool(self._item_id)
            silent_for = self._clock.monotonic() - self._word_at
            if (sounding or self._amplifier.on) and silent_for > HUNG_SECONDS:
                logger.error("声音进程没有反应，正在重新启动")
                self._child.break_off()
            elif output != self._configure.output and not sounding:
                logger.info("声音改送到 %s", output)
                self._configure = replace(self._configure, output=output)
                self._child.send(Leave())
                self._child = None

    def _make_sure_of_power(self) -> None:
        """A child that had to be killed left its relays as they were."""
        if self._amplifier.on:
            Amplifier(self._configure.wiring, self._clock).close()

    def _send(self, command: Command) -> None:
        """With the lock held, as for all that must fit together: the item and who knows of it."""
        with self._lock:
            if self._child:
                self._child.send(command)
            else:
                self._waiting.append(command)

    def _start_child(self) -> None:
        with self._lock:
            if self._closing.is_set():
                return
            module = "broadcaster.playout.device.sound_child"
            self._child = Child("sound", module, self._receive, self._child_ended, _pass_on)
            self._amplifier, self._word_at = NOTHING_ON, inf
            for message in (replace(self._configure, suspicion=self._fault), *self._waiting):
                self._child.send(message)
            self._waiting.clear()

    def _receive(self, message: Message) -> None:
        self._word_at = self._clock.monotonic()
        match message:
            case Progress(item_id, seconds) if item_id == self._item_id:
                self._seconds_heard = seconds
            case AmplifierState():
                self._amplifier = message
                self._relays_told.set()
            case Leaving(fault, ended):
                with self._lock:
                    self._child = None
                self._amplifier = NOTHING_ON
                self._note_fault(fault)
                if ended:
                    self._receive(ended)
            case Fault(sentence):
                self._note_fault(sentence)
            case Ended(item_id):
                output = self._configure.output
                unheard = output.unheard if isinstance(output, CardOutput | SilentOutput) else ""
                self._forget(item_id)
                self.on_report(replace(message, unheard=unheard))
            case Started() | Damaged():
                self.on_report(message)

    def _child_ended(self) -> None:
        """On the dead child's reader thread, which has nothing else to do than wait and start one."""
        with self._lock:
            died = self._child is not None
            unreported = self._end_item(CHILD_DIED, lost=True) if died else None
            self._child = None
        if died and not self._fault:
            self._note_fault(CHILD_DIED)
        if unreported:
            self.on_report(unreported)
        while not self._closing.wait(self._take_restart_seconds()):
            with suppress(OSError):
                return self._start_child()

    def _take_restart_seconds(self) -> float:
        seconds = self._restart_seconds
        self._restart_seconds = min(2 * seconds, LONGEST_RESTART_SECONDS)
        return seconds

    def _end_item(self, reason: str, lost: bool) -> Ended | None:
        """The end that the child can no longer report, if an item is on; with the lock held."""
        if not self._item_id:
            return None
        ended = Ended(self._item_id, self._seconds_heard, False, reason, lost)
        self._item_id = ""
        return ended

    def _forget(self, item_id: str) -> None:
        with self._lock:
            if self._item_id == item_id:
                self._item_id = ""
                self._item_over.set()

    def _note_fault(self, sentence: str) -> None:
        was, self._fault = self._fault, sentence
        if bool(sentence) != bool(was):
            self.fault_since = self._clock.now() if sentence else None
        if not sentence:
            self._restart_seconds = FIRST_RESTART_SECONDS
        if bool(sentence) != bool(was):
            of = f"声卡 {self.card}" if self.card else "声音输出"
            logger.warning("%s：%s", of, sentence or "恢复正常了")
        if was and not sentence:
            self.on_report(Back())


def _pass_on(words: str) -> None:
    if LIBRARY_WORDS.match(words):
        logger.info("声卡的程序库说：%s", words)
    elif OWN_WORDS.match(words):
        logger.warning("声音进程：%s", words)
    else:
        sys.stderr.write(f"{words}\n")


def open_device(
    settings: SoundSettings,
    state_folder: Path,
    output_file: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    amplifier: AmplifierSettings = ALWAYS_ON,
    cards: CardChoice | None = None,
) -> SoundDevice:
    """The device that the settings mean, there or not, or a WAV file in its place.

    Raises `FileUnwritable` for the file.
    """
    wiring = Wiring.of(amplifier)
    if output_file:
        start_wav_file(output_file, settings.rate_hz)
        file = FileOutput(output_file.absolute())
        return SoundDevice(lambda: (file, ""), settings)
    choice = cards or CardChoice(settings.device, state_folder, environment)
    return SoundDevice(choice.look, settings, wiring)
