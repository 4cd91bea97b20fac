"""The amplifier's time: when its relays go on and off, on a clock that stands still."""

from collections.abc import Callable
from contextlib import ExitStack

import pytest
from rig.fakes import ManualClock

from broadcaster.core.clock import Clock
from broadcaster.core.errors import AmplifierLost
from broadcaster.playout.amplifier.amplifier import Amplifier
from broadcaster.playout.amplifier.base.relays import Relays
from broadcaster.playout.amplifier.base.wiring import POWER, Wiring

VILLAGE = Wiring(
    "gpio",
    power=1,
    zones=(("村东", 2), ("村西", 3)),
    warm_up_seconds=2.0,
    hold_seconds=10.0,
    longest_on_seconds=600.0,
)


class Panel(Relays):
    """Relays that are looked at; gone while they are told to be."""

    def __init__(self) -> None:
        self.on: frozenset[int] = frozenset({9})
        self.gone = False
        self.closed = 0

    def switch(self, on: frozenset[int]) -> None:
        self._fail_if_told()
        self.on = on

    def check(self) -> None:
        self._fail_if_told()

    def close(self) -> None:
        self.closed += 1
        self.switch(frozenset())

    def open(self, wiring: Wiring, clock: Clock) -> Relays:
        self.switch(frozenset())
        return self

    def _fail_if_told(self) -> None:
        if self.gone:
            raise AmplifierLost("继电器板断开了")


class Room:
    """An amplifier with its panel."""

    def __init__(self, wiring: Wiring = VILLAGE) -> None:
        self.clock = ManualClock()
        self.panel = Panel()
        self.amplifier = Amplifier(wiring, self.clock, self.panel.open)

    def pass_time(self, seconds: float) -> bool:
        self.clock.advance(seconds)
        return self.amplifier.step()


@pytest.fixture
def room() -> Room:
    return Room()


def test_all_is_off_at_the_start_and_at_the_end(room: Room) -> None:
    assert room.panel.on == frozenset()
    with room.amplifier.on():
        assert room.panel.on == {1, 2, 3}
        room.amplifier.close()
        assert room.panel.on == frozenset()
    assert room.panel.closed == 1


def test_it_is_warm_after_a_while_and_held_after_the_item(room: Room) -> None:
    with room.amplifier.on():
        assert not room.amplifier.warm
        assert room.pass_time(2.0)
        assert room.amplifier.warm
        room.pass_time(100)
    room.pass_time(9.9)
    assert room.amplifier.names == (POWER, "村东", "村西")
    room.pass_time(0.2)
    assert room.amplifier.names == ()
    assert room.panel.on == frozenset()


def test_an_item_that_follows_finds_it_warm(room: Room) -> None:
    with room.amplifier.on():
        room.pass_time(5)
    room.pass_time(9)
    with room.amplifier.on():
        assert room.amplifier.warm
        room.pass_time(30)
        assert room.panel.on == {1, 2, 3}


def test_only_the_zones_that_are_meant_are_on(room: Room) -> None:
    with room.amplifier.on(("村西",)):
        assert room.panel.on == {1, 3}
        room.pass_time(5)
    with room.amplifier.on(("村东",)):
        assert room.panel.on == {1, 2}
        assert not room.amplifier.warm
    with room.amplifier.on(("没有这个区",)):
        assert room.panel.on == {1, 2, 3}


def test_the_longest_time_switches_off_under_an_item(room: Room) -> None:
    with room.amplifier.on():
        assert room.pass_time(599)
        assert not room.pass_time(2)
        assert room.panel.on == frozenset()
        assert "10 分钟" in room.amplifier.fault
    with room.amplifier.on():
        assert room.panel.on == {1, 2, 3}
        assert room.amplifier.fault == ""
        assert room.pass_time(599)


def test_items_in_a_row_do_not_use_up_the_longest_time(room: Room) -> None:
    for _ in range(20):
        with room.amplifier.on():
            assert room.pass_time(100)
    assert room.amplifier.fault == ""


def test_somebody_at_the_amplifier_has_it_on_for_a_while(room: Room) -> None:
    room.amplifier.power(("村东",), 60)
    assert room.panel.on == {2}
    room.pass_time(59)
    assert room.panel.on == {2}
    room.pass_time(2)
    assert room.panel.on == frozenset()
    room.amplifier.power((POWER,), 60)
    room.amplifier.power((), 60)
    assert room.panel.on == frozenset()


def test_an_item_goes_before_somebody_at_the_amplifier(room: Room) -> None:
    with room.amplifier.on():
        room.amplifier.power((), 60)
        assert room.panel.on == {1, 2, 3}


def test_relays_that_go_are_a_fault_and_never_an_error(room: Room) -> None:
    with room.amplifier.on():
        room.panel.gone = True
        assert room.pass_time(3)
        assert "断开" in room.amplifier.fault
        assert room.amplifier.warm
        room.panel.gone = False
        room.pass_time(1.1)
        assert room.amplifier.fault == ""
        assert room.panel.on == {1, 2, 3}


def test_relays_that_come_later_are_switched_as_they_should_be() -> None:
    panel = Panel()
    panel.gone = True
    clock = ManualClock()
    amplifier = Amplifier(VILLAGE, clock, panel.open)
    assert "断开" in amplifier.fault
    with ExitStack() as stack:
        stack.enter_context(amplifier.on(("村东",)))
        panel.gone = False
        clock.advance(1.1)
        amplifier.step()
        assert panel.on == {1, 2}


@pytest.mark.parametrize("end", [lambda room: room.amplifier.off(), lambda room: room.pass_time(1000)])
def test_what_is_off_needs_no_looking_after(room: Room, end: Callable[[Room], object]) -> None:
    room.amplifier.power((POWER,), 60)
    assert room.amplifier.busy
    end(room)
    assert not room.amplifier.busy


def test_without_an_amplifier_nothing_is_waited_for() -> None:
    room = Room(Wiring())
    with room.amplifier.on(("村东",)):
        assert room.amplifier.warm
        assert room.amplifier.names == ()
        assert not room.amplifier.busy
