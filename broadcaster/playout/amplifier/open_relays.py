"""Opens the relays that a wiring names."""

from collections.abc import Callable

from broadcaster.core.clock import Clock
from broadcaster.core.errors import AmplifierLost
from broadcaster.playout.amplifier.base.relays import Relays
from broadcaster.playout.amplifier.base.wiring import Wiring
from broadcaster.playout.amplifier.gpio_relays import GpioRelays
from broadcaster.playout.amplifier.serial.relays import SerialRelays


class NoRelays(Relays):
    """An amplifier that is always on, or that somebody switches by hand."""

    def switch(self, on: frozenset[int]) -> None:
        pass

    def close(self) -> None:
        pass


KINDS: dict[str, Callable[[Wiring, Clock], Relays]] = {
    "none": lambda wiring, clock: NoRelays(),
    "gpio": lambda wiring, clock: GpioRelays(wiring.numbers, wiring.active_high),
    "serial": lambda wiring, clock: SerialRelays(wiring, clock),
}


def open_relays(wiring: Wiring, clock: Clock) -> Relays:
    """The relays, all of them off. Raises `AmplifierLost`."""
    if wiring.kind not in KINDS:
        raise AmplifierLost(f"这个广播站不会用 {wiring.kind} 的继电器，请改 amplifier.kind")
    return KINDS[wiring.kind](wiring, clock)
