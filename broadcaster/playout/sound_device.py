"""The box's side of the sound child: a device that outlives its process."""

import logging
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from broadcaster.child import Child
from broadcaster.playout.cards import choose_output, list_cards
from broadcaster.playout.device import Device, Ended, Started
from broadcaster.playout.sound_messages import (
    Begin,
    Command,
    Configure,
    FadeOut,
    Fault,
    FileOutput,
    Finish,
    Leaving,
    Message,
    Output,
    Play,
    Progress,
)
from broadcaster.playout.wav_file import start_wav_file
from broadcaster.settings import SoundSettings

logger = logging.getLogger(__name__)

FIRST_RESTART_SECONDS = 0.3
LONGEST_RESTART_SECONDS = 5.0
FADING_SECONDS = 1.0
CHILD_DIED = "声音进程意外退出，正在重新启动"
CLOSED = "程序正在退出"


class SoundDevice(Device):
    """Speaks through a sound child, and starts a new one 0.3 s after it dies; later each time it dies
    again without having played. What is asked meanwhile waits for the new child.

    `note` is a sentence for the person who starts the box, or "".
    """

    def __init__(self, configure: Configure, note: str = "") -> None:
        super().__init__()
        self.note = note
        self._configure = configure
        self._lock = threading.Lock()
        self._item_id = ""
        self._seconds_heard = 0.0
        self._item_over = threading.Event()
        self._fault = ""
        self._waiting: list[Command] = []
        self._child: Child | None = None
        self._closing = threading.Event()
        self._restart_seconds = FIRST_RESTART_SECONDS
        self._start_child()

    def begin(self, item_id: str) -> None:
        with self._lock:
            self._item_id, self._seconds_heard = item_id, 0.0
            self._item_over.clear()
            self._send(Begin(item_id))

    def play(self, sound: Path, pause_seconds: float = 0.0) -> None:
        with self._lock:
            self._send(Play(sound, pause_seconds))

    def finish(self) -> None:
        with self._lock:
            self._send(Finish())

    def fade_out(self) -> None:
        with self._lock:
            self._send(FadeOut())

    @property
    def fault(self) -> str:
        return self._fault

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
        self._closing.set()
        with self._lock:
            child, self._child = self._child, None
        if child:
            child.stop()
        with self._lock:
            unreported = self._end_item(CLOSED)
        if unreported:
            self.on_report(unreported)

    def _send(self, command: Command) -> None:
        """With the lock held, as for all that must fit together: the item and who knows of it."""
        if self._child:
            self._child.send(command)
        else:
            self._waiting.append(command)

    def _start_child(self) -> None:
        with self._lock:
            if self._closing.is_set():
                return
            module = "broadcaster.playout.sound_child"
            self._child = Child("sound", module, self._receive, self._child_ended)
            for message in (self._configure, *self._waiting):
                self._child.send(message)
            self._waiting.clear()

    def _receive(self, message: Message) -> None:
        match message:
            case Progress(item_id, seconds) if item_id == self._item_id:
                self._seconds_heard = seconds
            case Leaving(fault, ended):
                with self._lock:
                    self._child = None
                self._note_fault(fault)
                if ended:
                    self._receive(ended)
            case Fault(sentence):
                self._note_fault(sentence)
            case Ended(item_id):
                self._forget(item_id)
                self.on_report(message)
            case Started():
                self._restart_seconds = FIRST_RESTART_SECONDS
                self.on_report(message)

    def _child_ended(self) -> None:
        """On the dead child's reader thread, which has nothing else to do than wait and start one."""
        with self._lock:
            unreported = self._end_item(CHILD_DIED) if self._child else None
            self._child = None
        if not self._fault:
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

    def _end_item(self, reason: str) -> Ended | None:
        """The end that the child can no longer report, if an item is on; with the lock held."""
        if not self._item_id:
            return None
        ended = Ended(self._item_id, self._seconds_heard, False, reason)
        self._item_id = ""
        return ended

    def _forget(self, item_id: str) -> None:
        with self._lock:
            if self._item_id == item_id:
                self._item_id = ""
                self._item_over.set()

    def _note_fault(self, sentence: str) -> None:
        if sentence != self._fault:
            logger.warning("sound device: %s", sentence or "well again")
        self._fault = sentence


def open_device(
    settings: SoundSettings,
    state_folder: Path,
    output_file: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> SoundDevice:
    """The device that the settings mean, or a WAV file in its place.

    Raises `DeviceLost` for a card that is not there, `FileUnwritable` for the file.
    """
    output: Output
    note = ""
    if output_file:
        start_wav_file(output_file, settings.rate_hz)
        output = FileOutput(output_file.absolute())
    else:
        output, note = choose_output(settings.device, state_folder, environment, list_cards())
    configure = Configure(
        output, settings.rate_hz, settings.latency_seconds, settings.linger_seconds, settings.volume
    )
    return SoundDevice(configure, note)
