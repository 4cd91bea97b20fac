"""Relays on the pins of a Raspberry Pi, on gpiozero's mock pins."""

from collections.abc import Iterator
from contextlib import closing

import gpiozero
import pytest
from gpiozero.pins.mock import MockFactory

from broadcaster.core.errors import AmplifierLost
from broadcaster.playout.amplifier.gpio_relays import GpioRelays

WIRED = frozenset({17, 27})


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    factory = gpiozero.Device.pin_factory = MockFactory()
    yield factory
    factory.reset()
    gpiozero.Device.pin_factory = None


def levels(pins: MockFactory, number: int) -> list[bool]:
    """The pin's levels since it became an output."""
    return [state.state for state in pins.pin(number).states]


@pytest.mark.parametrize("active_high", [True, False])
def test_a_pin_is_off_when_opened_as_told_and_off_when_closed(
    pins: MockFactory, active_high: bool
) -> None:
    on, off = active_high, not active_high
    for number in WIRED:
        pins.pin(number).clear_states()
    with closing(GpioRelays(WIRED, active_high)) as relays:
        assert levels(pins, 17)[-1] == levels(pins, 27)[-1] == off
        relays.switch(frozenset({17}))
        assert (pins.pin(17).state, pins.pin(27).state) == (on, off)
        relays.switch(WIRED)
        assert (pins.pin(17).state, pins.pin(27).state) == (on, on)
    assert pins.pin(17).function == pins.pin(27).function == "input"
    assert off in levels(pins, 17)[-2:]


def test_no_relay_clicks_while_its_pin_becomes_an_output(pins: MockFactory) -> None:
    pin = pins.pin(17)
    pin.clear_states()
    GpioRelays(frozenset({17}), active_high=True)
    assert True not in levels(pins, 17)


def test_a_pin_that_is_taken_is_refused_and_the_others_let_go(pins: MockFactory) -> None:
    with closing(GpioRelays(frozenset({27}), True)):
        with pytest.raises(AmplifierLost, match="GPIO 打不开"):
            GpioRelays(WIRED, True)
        GpioRelays(frozenset({17}), True).close()


def test_a_machine_without_pins_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "native")
    with pytest.raises(AmplifierLost, match="不是树莓派"):
        GpioRelays(WIRED, True)
