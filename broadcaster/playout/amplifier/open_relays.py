"""The relays that a wiring names, opened."""

from broadcaster.clock import Clock
from broadcaster.playout.relays import Relays
from broadcaster.playout.wiring import Wiring


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
