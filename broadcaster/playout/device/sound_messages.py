"""The messages between the box and its sound child."""

from dataclasses import dataclass
from pathlib import Path

from broadcaster.playout.amplifier.base.wiring import Wiring
from broadcaster.playout.device.device_contract import Damaged, Ended, Started


@dataclass(frozen=True)
class CardOutput:
    """A PCM of ALSA, `name`, as defined by the configuration file `alsa_config`; `card` is what a person
    calls it. `unheard` says why what sounds there cannot be taken as heard, or ""."""

    name: str
    alsa_config: Path
    card: str = ""
    unheard: str = ""


@dataclass(frozen=True)
class SilentOutput:
    """No sound, at the pace of sound; `unheard` says why, unless a person wants it so."""

    unheard: str = ""


@dataclass(frozen=True)
class FileOutput:
    """A WAV file that grows at the pace of sound."""

    path: Path


@dataclass(frozen=True)
class NoOutput:
    """The device is not there, for `reason`: every item fails with it."""

    reason: str


Output = CardOutput | SilentOutput | FileOutput | NoOutput


@dataclass(frozen=True)
class Configure:
    """The first message to a child: where the sound goes, and how.

    `suspicion` is the fault that its predecessor left: the device is well only when it has been tried.
    """

    output: Output
    rate_hz: int
    latency_seconds: float
    linger_seconds: float
    volume: int
    wiring: Wiring
    suspicion: str = ""


@dataclass(frozen=True)
class Expect:
    """An item is about to begin: open the device, which takes some milliseconds."""


@dataclass(frozen=True)
class Begin:
    """Start an item."""

    item_id: str
    volume: int | None = None
    zones: tuple[str, ...] = ()


@dataclass(frozen=True)
class Play:
    """Append a sound file to the item, from some place in it on, and a silence."""

    sound: Path
    pause_seconds: float
    start_seconds: float = 0.0


@dataclass(frozen=True)
class Finish:
    """Nothing more comes for the item."""


@dataclass(frozen=True)
class Mend:
    """The box knows of the damage: what it says from now on holds again."""


@dataclass(frozen=True)
class FadeOut:
    """End the item now."""


@dataclass(frozen=True)
class Power:
    """Somebody at the amplifier wants these relays on, by name, for so long; none are all off."""

    names: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Leave:
    """End: another child is to take over."""


Command = Expect | Begin | Play | Finish | Mend | FadeOut | Power | Leave


@dataclass(frozen=True)
class Progress:
    """The seconds of the item that were heard so far; known even if the child dies. Also a sign of life:
    sent twenty times a second while an item or a relay is on, with an empty `item_id` if there is no
    item.
    """

    item_id: str
    seconds_played: float


@dataclass(frozen=True)
class Fault:
    """The fault of the device, in Chinese; "" if there is none."""

    sentence: str


@dataclass(frozen=True)
class AmplifierState:
    """The relays that are on, by name, and what is wrong with them, in Chinese or ""."""

    on: tuple[str, ...]
    fault: str


@dataclass(frozen=True)
class Leaving:
    """This child ends itself at once, and with it an item; what is asked next is for another child."""

    fault: str
    ended: Ended | None


Message = Started | Ended | Damaged | Progress | Fault | AmplifierState | Leaving
