"""Sounds to play, and an ear for what a device reports of them."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import psutil
import soundfile
from rig.rig import wait_until

from broadcaster.core.model import Airing
from broadcaster.playout.device.child_device import SoundDevice
from broadcaster.playout.device.device_contract import Device, Ended, Report, Started
from broadcaster.rules.quiet_hours import PASSES, Verdict

RATE_HZ = 48_000
LEVEL = 12_000


@dataclass(frozen=True)
class Sound:
    """A sound file and its samples."""

    path: Path
    pcm: bytes

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / RATE_HZ


class NoRules:
    """Lets everything pass at full volume."""

    def verdict(self, airing: Airing, moment: datetime) -> Verdict:
        return PASSES

    def volume(self, airing: Airing, moment: datetime) -> int:
        return 100


def make_sound(path: Path, seconds: float, rate_hz: int = RATE_HZ) -> Sound:
    """Noise that is the same every run, other for each name, and never zero: silence stays tellable."""
    generator = np.random.default_rng(list(path.name.encode()))
    count = round(seconds * rate_hz)
    samples = generator.integers(1, LEVEL, count, np.int16) * generator.choice((-1, 1), count)
    soundfile.write(path, samples.astype(np.int16), rate_hz)
    return Sound(path, samples.astype(np.int16).tobytes())


def without_silence(pcm: bytes) -> bytes:
    """Less the zero samples at either end."""
    samples = np.trim_zeros(np.frombuffer(pcm, dtype=np.int16))
    return samples.tobytes()


def silence(seconds: float) -> bytes:
    return bytes(2 * round(seconds * RATE_HZ))


def child_of(listener: "Listener") -> int:
    """The process behind the device."""
    assert isinstance(listener.device, SoundDevice)
    assert listener.device.pid
    return listener.device.pid


def wait_until_closed(listener: "Listener") -> None:
    """Until the child has no thread but its own: the sink is closed."""
    wait_until(lambda: psutil.Process(child_of(listener)).num_threads() == 1)


class Listener:
    """Keeps a device's reports, and waits for those that a test needs."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.reports: list[Report] = []
        device.on_report = self.reports.append

    def has_started(self, item_id: str) -> bool:
        return Started(item_id) in self.reports

    def ended(self, item_id: str, limit_seconds: float = 15.0) -> Ended:
        """The only end of an item, as soon as it has come."""
        wait_until(lambda: self._ends(item_id), limit_seconds)
        (end,) = self._ends(item_id)
        return end

    def speak(self, item_id: str, *sounds: Sound, pause_seconds: float = 0.0) -> Ended:
        """Play a whole item, with a pause after each of its sounds."""
        self.device.begin(item_id)
        for sound in sounds:
            self.device.play(sound.path, pause_seconds)
        self.device.finish()
        return self.ended(item_id)

    def _ends(self, item_id: str) -> list[Ended]:
        return [each for each in self.reports if isinstance(each, Ended) and each.item_id == item_id]
