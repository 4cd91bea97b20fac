"""The sink that is a sound card; the home of sounddevice.

Blocks are written, not fetched by a callback: PortAudio's ALSA callback mode does not prime its buffer
but starts with one full of silence, first sample 126 ms after opening against 1 ms (latency 0.1 s, fake
card). Importing this module makes PortAudio look at the cards, by ALSA_CONFIG_PATH.
"""

import logging
import re
from contextlib import suppress
from pathlib import Path

import sounddevice

from broadcaster.core.errors import DeviceLost
from broadcaster.playout.device.sink_contract import LOST, Sink

logger = logging.getLogger(__name__)

DEVICE_UNAVAILABLE = -9985
# PortAudio adds a period, a quarter of the latency it is asked for, to its buffer.
PORTAUDIO_SHARE = 0.8
OPEN_FILES = Path("/proc/self/fd")
PLAYING = re.compile(r"/dev/snd/pcmC\d+D\d+p")


class SoundCard(Sink):
    """A PCM of ALSA, by its name in the configuration that the process was started with."""

    def __init__(self, name: str, rate_hz: int, latency_seconds: float) -> None:
        self.latency_seconds = latency_seconds
        self._name = name
        self._rate_hz = rate_hz
        self._stream: sounddevice.RawOutputStream | None = None
        self._capacity = 0
        self._underruns = 0
        self._plugged: list[Path] = []
        """Files of the kernel that stand while the cards behind the PCM are plugged in."""

    def is_there(self) -> bool | None:
        return all(file.exists() for file in self._plugged) if self._plugged else None

    def check(self) -> None:
        self._find()

    def open(self) -> None:
        try:
            self._stream = sounddevice.RawOutputStream(
                samplerate=self._rate_hz,
                device=self._find(),
                channels=1,
                dtype="int16",
                latency=self.latency_seconds * PORTAUDIO_SHARE,
            )
            self._stream.start()
            self._capacity = self._stream.write_available
            self._plugged = _cards_that_are_open()
        except sounddevice.PortAudioError as error:
            self.close()
            raise DeviceLost(_sentence(error)) from error

    def write(self, pcm: bytes, spoken: bool) -> None:
        assert self._stream
        try:
            ran_dry = self._stream.write(pcm)
        except sounddevice.PortAudioError as error:
            raise DeviceLost(LOST) from error
        self._underruns += ran_dry and spoken

    @property
    def capacity_frames(self) -> int:
        return self._capacity

    @property
    def queued_frames(self) -> int:
        """0 as well when the card cannot say."""
        assert self._stream
        with suppress(sounddevice.PortAudioError):
            return max(0, self._capacity - int(self._stream.write_available))
        return 0

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream:
            with suppress(sounddevice.PortAudioError):
                stream.abort()
            with suppress(sounddevice.PortAudioError):
                stream.close()
        if self._underruns:
            logger.warning("声卡 %s 断了 %s 次声：机器太忙，来不及送", self._name, self._underruns)
            self._underruns = 0

    def _find(self) -> int:
        """PortAudio lists what could be opened when it looked: look again before giving up."""
        index = self._listed()
        if index is None:
            sounddevice._terminate()
            sounddevice._initialize()
            index = self._listed()
        if index is None:
            raise DeviceLost("声卡打不开：没有插好，或者正被别的程序占用")
        return index

    def _listed(self) -> int | None:
        for index, device in enumerate(sounddevice.query_devices()):
            if device["name"] == self._name and device["max_output_channels"] > 0:
                return index
        return None


def _cards_that_are_open() -> list[Path]:
    """None of a sound server, or of a PCM that is no card's."""
    files = []
    for file in OPEN_FILES.iterdir():
        with suppress(OSError):
            files.append(file.readlink())
    return [file for file in files if PLAYING.fullmatch(str(file))]


def _sentence(error: sounddevice.PortAudioError) -> str:
    if DEVICE_UNAVAILABLE in error.args:
        return "声卡正被别的程序占用，请先关掉那个程序"
    return "声卡打不开，请检查插头"
