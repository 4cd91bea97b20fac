"""A stream is taken in by a child of its own: what it gives is the stream, levelled and in time; what
goes wrong is told in a sentence, and tried again.
"""

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile
from numpy.typing import NDArray
from rig.radio import LOOP_SECONDS, RATE_HZ, Radio, RadioLoop, likeness
from rig.rig import PulseRig

from broadcaster.studio.incoming_sound import (
    Block,
    IncomingMessage,
    IncomingRequest,
    IncomingSound,
    Over,
    Trouble,
)
from broadcaster.system.temporary_sounds import Spool

PATIENCE_SECONDS = 60.0


class Ear:
    """Hears what a child gives."""

    def __init__(self) -> None:
        self._told: queue.SimpleQueue[IncomingMessage] = queue.SimpleQueue()
        self.blocks: list[Block] = []
        self.troubles: list[str] = []
        self.samples: NDArray[np.int16] = np.zeros(0, np.int16)
        self.over = False

    def tell(self, message: IncomingMessage) -> None:
        self._told.put(message)

    def until(self, is_so: Callable[["Ear"], bool]) -> None:
        while not is_so(self):
            match self._told.get(timeout=PATIENCE_SECONDS):
                case Block() as block:
                    self.blocks.append(block)
                    samples = soundfile.read(block.path, dtype="int16")[0]
                    self.samples = np.concatenate([self.samples, samples])
                case Trouble(reason):
                    self.troubles.append(reason)
                case Over():
                    self.over = True

    @property
    def seconds(self) -> float:
        return sum(block.seconds for block in self.blocks)


@contextmanager
def taking_in(tmp_path: Path, url: str, seconds: float = 600.0, pcm: str = "") -> Iterator[Ear]:
    ear, now = Ear(), time.monotonic()
    incoming = IncomingRequest(
        url, pcm, now, now + seconds, 0.0, RATE_HZ, "horn", Spool((tmp_path / "spool",)), 1
    )
    source = IncomingSound(incoming, ear.tell)
    try:
        yield ear
    finally:
        ffmpegs = psutil.Process(source.pid).children() if psutil.pid_exists(source.pid) else []
        source.close()
        source.forget()
    assert not psutil.wait_procs(ffmpegs, timeout=15)[1], "ffmpeg went with it"
    assert not list((tmp_path / "spool").glob("*"))


@pytest.fixture
def radio(radio_loop: RadioLoop) -> Iterator[Radio]:
    radio = Radio(radio_loop.folder)
    yield radio
    radio.close()


@pytest.mark.parametrize("path", ["/live.mp3", "/list.pls", "/loop.m3u8", "/loop.ogg"])
def test_what_is_given_is_the_stream_at_the_loudness_of_the_notices(
    radio: Radio, radio_loop: RadioLoop, tmp_path: Path, path: str
) -> None:
    with taking_in(tmp_path, radio.url + path) as ear:
        ear.until(lambda ear: ear.seconds > 3.0)
    assert not ear.troubles
    assert likeness(ear.samples, radio_loop.samples) > 0.8
    level = np.sqrt(np.mean((ear.samples[RATE_HZ:] / 32768) ** 2))
    assert -22.0 < 20 * np.log10(level) < -12.0
    places = [block.place for block in ear.blocks]
    assert places == sorted(places) and not ear.blocks[-1].silent


def test_it_ends_with_its_time_and_fades_out(radio: Radio, tmp_path: Path) -> None:
    with taking_in(tmp_path, radio.url + "/loop.mp3", 7.0) as ear:
        ear.until(lambda ear: ear.over)
    last = ear.blocks[-1]
    assert last.place + last.seconds == pytest.approx(7.0, abs=0.01)
    assert abs(int(ear.samples[-1])) < 100 < np.abs(ear.samples[-4800:]).max()


def test_a_file_is_heard_once_and_no_faster_than_it_sounds(radio: Radio, tmp_path: Path) -> None:
    began = time.monotonic()
    with taking_in(tmp_path, radio.url + "/loop.mp3") as ear:
        ear.until(lambda ear: ear.over)
    assert ear.seconds == pytest.approx(LOOP_SECONDS, abs=0.3) and not ear.troubles
    assert time.monotonic() - began > LOOP_SECONDS - 8.5


def test_what_breaks_off_is_told_and_begun_anew(radio: Radio, tmp_path: Path) -> None:
    with taking_in(tmp_path, radio.url + "/live.mp3") as ear:
        ear.until(lambda ear: ear.seconds > 3.0)
        radio.dies.set()
        ear.until(lambda ear: bool(ear.troubles))
        ended = len(ear.samples)
        assert abs(int(ear.samples[-1])) < 100, "it faded out"
        radio.dies.clear()
        ear.until(lambda ear: len(ear.samples) > ended + RATE_HZ)
    assert ear.troubles[0] == "对方停了"
    assert np.abs(ear.samples[ended : ended + 100]).max() < 400, "and comes up again"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/page", "这个地址打开的是网页，不是声音"),
        ("/none", "对方说没有（404）"),
        ("/cover.jpg", "对方给的不是能放的声音"),
    ],
)
def test_what_is_no_sound_is_told(radio: Radio, tmp_path: Path, path: str, sentence: str) -> None:
    (radio.folder / "cover.jpg").write_bytes(bytes(range(256)) * 40)
    with taking_in(tmp_path, radio.url + path) as ear:
        ear.until(lambda ear: bool(ear.troubles))
    assert ear.troubles == [sentence] and not ear.blocks


@pytest.mark.slow
def test_a_stream_that_stalls_goes_on_where_it_comes_again(radio: Radio, tmp_path: Path) -> None:
    with taking_in(tmp_path, radio.url + "/live.mp3") as ear:
        ear.until(lambda ear: ear.seconds > 3.0)
        radio.stalls.set()
        ear.until(lambda ear: bool(np.abs(ear.samples[-30:]).max() < 60))
        dried_up = ear.seconds
        radio.stalls.clear()
        ear.until(lambda ear: ear.seconds > dried_up + 1.0)
    gaps = np.diff([block.place for block in ear.blocks]) - [block.seconds for block in ear.blocks[:-1]]
    assert gaps.max() > 0.2, "its place goes on with the clock"


@pytest.mark.slow
def test_an_input_is_captured(pulse_rig: PulseRig, radio_loop: RadioLoop, tmp_path: Path) -> None:
    with (
        pulse_rig.tuner(radio_loop.folder / "loop.wav") as name,
        pytest.MonkeyPatch.context() as patched,
    ):
        for key, value in pulse_rig.environment.items():
            patched.setenv(key, value)
        with taking_in(tmp_path, "", pcm=name) as ear:
            ear.until(lambda ear: ear.seconds > 3.0)
    assert likeness(ear.samples, radio_loop.samples) > 0.8 and not ear.troubles
