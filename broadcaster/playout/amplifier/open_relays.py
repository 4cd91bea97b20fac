"""Opens the relays that a wiring names."""

from broadcaster.core.clock import Clock
from broadcaster.playout.amplifier.relays import Relays
from broadcaster.playout.amplifier.wiring import Wiring


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
        from broadcaster.playout.amplifier.gpio_relays import GpioRelays

        return GpioRelays(numbers, wiring.active_high)
    if wiring.kind == "serial":
        from broadcaster.playout.amplifier.serial_relays import SerialRelays

        return SerialRelays(wiring.port, wiring.board, numbers, wiring.answers, clock)
    return NoRelays()
