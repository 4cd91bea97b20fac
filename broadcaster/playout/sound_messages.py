"""What the box and its sound child say to each other."""

from dataclasses import dataclass
from pathlib import Path

from broadcaster.playout.device import Ended, Started


@dataclass(frozen=True)
class CardOutput:
    """A PCM of ALSA, `name`, as defined by the configuration file `alsa_config`."""

    name: str
    alsa_config: Path


@dataclass(frozen=True)
class SilentOutput:
    """No sound, at the pace of sound."""


@dataclass(frozen=True)
class FileOutput:
    """A WAV file that grows at the pace of sound."""

    path: Path


Output = CardOutput | SilentOutput | FileOutput


@dataclass(frozen=True)
class Configure:
    """The first message to a child: where the sound goes, and how."""

    output: Output
    rate_hz: int
    latency_seconds: float
    linger_seconds: float
    volume: int


@dataclass(frozen=True)
class Begin:
    """Start an item."""

    item_id: str


@dataclass(frozen=True)
class Play:
    """Append a sound file to the item, and a silence."""

    sound: Path
    pause_seconds: float


@dataclass(frozen=True)
class Finish:
    """Nothing more comes for the item."""


@dataclass(frozen=True)
class FadeOut:
    """End the item now."""


Command = Begin | Play | Finish | FadeOut


@dataclass(frozen=True)
class Progress:
    """How much of the item has been heard so far; what is known of it if the child dies."""

    item_id: str
    seconds_played: float


@dataclass(frozen=True)
class Fault:
    """What is wrong with the device, in Chinese; "" when it is well."""

    sentence: str


@dataclass(frozen=True)
class Leaving:
    """This child ends itself at once, and with it an item; what is asked next is for another child."""

    fault: str
    ended: Ended | None


Message = Started | Ended | Progress | Fault | Leaving
