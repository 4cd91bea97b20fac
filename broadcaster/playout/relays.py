"""The contract of relays: on or off, and honest about not answering."""

from abc import ABC, abstractmethod

from broadcaster.clock import Clock
from broadcaster.playout.wiring import Wiring


class Relays(ABC):
    """The relays of one amplifier. All are off when it is opened and when it is closed.

    No method waits for the hardware for longer than 20 ms a relay. Each raises `AmplifierLost` when the
    relays are gone for good; `fault` tells of those that may still obey.
    """

    fault = ""

    @abstractmethod
    def switch(self, on: frozenset[int]) -> None:
        """These on, all others off."""

    def check(self) -> None:  # noqa: B027 - most relays have no way to answer
        """Find out whether they are there; called several times a second while they are in use."""

    @property
    def awaits_answer(self) -> bool:
        """Whether `check` is worth calling soon."""
        return False

    @abstractmethod
    def close(self) -> None:
        """All off, and let go."""


class NoRelays(Relays):
    """An amplifier that is always on, or that somebody switches by hand."""

    def switch(self, on: frozenset[int]) -> None:
        pass

    def close(self) -> None:
        pass


def open_relays(wiring: Wiring, clock: Clock) -> Relays:
    """The relays, all of them off. Raises `AmplifierLost`."""
    numbers = frozenset(wiring.relays.values())
    if wiring.kind == "gpio":
        from broadcaster.playout.gpio_relays import GpioRelays

        return GpioRelays(numbers, wiring.active_high)
    if wiring.kind == "serial":
        from broadcaster.playout.serial_relays import SerialRelays

        return SerialRelays(wiring.port, wiring.board, numbers, wiring.answers, clock)
    return NoRelays()
