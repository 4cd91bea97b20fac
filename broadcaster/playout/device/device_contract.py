"""The contract of a device: it takes clips and reports what was really heard."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Started:
    """The first sample of an item has been given to the device."""

    item_id: str


@dataclass(frozen=True)
class Ended:
    """An item is over: `seconds_played` is what the device really took, pauses included.

    `whole` says that everything given was heard to its last sample; else `reason` says why not, and
    `lost` that it was for the device alone: the same item may be heard once that is `Back`. `unheard`
    says of samples that were taken why nobody may have heard them.
    """

    item_id: str
    seconds_played: float
    whole: bool
    reason: str = ""
    lost: bool = False
    unheard: str = ""


@dataclass(frozen=True)
class Back:
    """A device that was lost takes samples again."""


@dataclass(frozen=True)
class Damaged:
    """A sound file of an item is not what was made: the `number`-th that was given to it, from 0 on.

    So much of it is heard, and all before it; it and all behind it are forgotten. What is played from
    `Device.mend` on comes in their place.
    """

    item_id: str
    number: int
    sound: Path
    seconds_of_it: float


Report = Started | Ended | Back | Damaged


class Device(ABC):
    """One loudspeaker line, playing one item at a time.

    An item is begun, given its clips one by one while it sounds, and finished or faded out; each
    item that was begun ends in exactly one `Ended`, also when the device is lost. Reports come on
    the device's own thread. All methods return at once, but `power`.
    """

    def __init__(self) -> None:
        self.on_report: Callable[[Report], None] = lambda report: None

    @abstractmethod
    def expect(self) -> None:
        """An item may be about to begin; what takes time before its first sound can be done now."""

    @abstractmethod
    def begin(self, item_id: str, volume: int | None = None, zones: tuple[str, ...] = ()) -> None:
        """Start an item; only after the one before has ended.

        `volume` is per cent of full scale, the station's own if it is None; no `zones` are all zones.
        """

    @abstractmethod
    def play(self, sound: Path, pause_seconds: float = 0.0, start_seconds: float = 0.0) -> None:
        """Append a sound file (mono, station rate, any format libsndfile reads), and a silence. One that
        does not begin at its start comes up within 20 ms.

        It joins what is playing without a gap. If nothing is left to play, silence is heard until
        the next call; that silence does not count as played.
        """

    @abstractmethod
    def finish(self) -> None:
        """Nothing more comes: the item ends after its last sample."""

    @abstractmethod
    def mend(self) -> None:
        """`Damaged` was heard of: what is given from now on is for the place behind it."""

    @abstractmethod
    def fade_out(self) -> None:
        """Fade to silence within 150 ms and end the item now."""

    @abstractmethod
    def power(self, names: tuple[str, ...], seconds: float) -> None:
        """Exactly these relays on for so long; none are all off. An item that sounds goes before.

        Waits for what came of it: see `relays_on` and `fault`.
        """

    @property
    @abstractmethod
    def card(self) -> str:
        """The card or PCM that the sound goes to, by the name that a person calls it; "" if to none."""

    @property
    @abstractmethod
    def relays_on(self) -> tuple[str, ...]:
        """The names of the relays that are on now."""

    @property
    @abstractmethod
    def ready(self) -> bool:
        """True if an item would be heard, as far as is known; `Back` reports when it is so again."""

    @property
    @abstractmethod
    def fault(self) -> str:
        """A sentence in Chinese on what is wrong with the device or its amplifier, or ""."""

    @abstractmethod
    def close(self) -> None:
        """End, and leave nothing sounding."""
