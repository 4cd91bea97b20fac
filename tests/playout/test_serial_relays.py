"""Relay boards at a serial port, on a pseudo-terminal."""

from contextlib import closing
from pathlib import Path

import pytest
from rig.fakes import ManualClock
from rig.relay_board import RelayBoard
from rig.rig import wait_until

from broadcaster.core.errors import AmplifierLost
from broadcaster.playout.amplifier.base.wiring import Wiring
from broadcaster.playout.amplifier.serial.boards import BOARDS
from broadcaster.playout.amplifier.serial.relays import SerialRelays

WIRED = frozenset({1, 2, 3})


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def open_board(port: Path, clock: ManualClock, answers: bool = True) -> SerialRelays:
    zones = (("东头", 2), ("西头", 3))
    return SerialRelays(Wiring("serial", 1, zones, port=str(port), answers=answers), clock)


def checked(relays: SerialRelays) -> SerialRelays:
    relays.check()
    return relays


@pytest.mark.parametrize(
    ("name", "orders", "question"),
    [
        ("lcus", ["a00100a1", "a00201a3", "a00300a3"], "ff"),
        ("kmtronic", ["ff0100", "ff0201", "ff0300"], "ff0103"),
        ("devantech", ["5c02"], "5b"),
    ],
)
def test_a_board_speaks_its_language(name: str, orders: list[str], question: str) -> None:
    board = BOARDS[name]
    assert [order.hex() for order in board.orders(frozenset({2}), WIRED)] == orders
    assert board.query(WIRED).hex() == question


def test_relays_are_off_when_opened_as_told_and_off_when_closed(
    board: RelayBoard, clock: ManualClock
) -> None:
    board.on |= {1, 3}
    with closing(open_board(board.port, clock)) as relays:
        wait_until(lambda: not board.on)
        relays.switch(frozenset({1, 2}))
        wait_until(lambda: board.on == {1, 2})
        relays.switch(frozenset({2}))
        wait_until(lambda: board.on == {2})
    wait_until(lambda: not board.on)


def test_a_board_that_answers_is_well_and_asked_again(board: RelayBoard, clock: ManualClock) -> None:
    with closing(open_board(board.port, clock)) as relays:
        for _ in range(3):
            assert relays.awaits_answer
            wait_until(lambda: not checked(relays).awaits_answer)
            assert relays.fault == ""
            clock.advance(1.1)
            relays.check()


def test_a_board_that_does_not_answer_is_a_fault_and_obeys(
    board: RelayBoard, clock: ManualClock
) -> None:
    board.answers = False
    with closing(open_board(board.port, clock)) as relays:
        clock.advance(1.1)
        relays.check()
        assert "没有响应" in relays.fault
        assert not relays.awaits_answer
        relays.switch(WIRED)
        wait_until(lambda: board.on == WIRED)
        board.answers = True
        clock.advance(1.1)
        wait_until(lambda: not checked(relays).fault)


def test_a_board_that_cannot_answer_is_not_asked(board: RelayBoard, clock: ManualClock) -> None:
    board.answers = False
    with closing(open_board(board.port, clock, answers=False)) as relays:
        clock.advance(60)
        relays.check()
        assert relays.fault == ""


def test_a_board_that_is_pulled_out_is_lost(board: RelayBoard, clock: ManualClock) -> None:
    relays = open_board(board.port, clock)
    board.pull_out()
    with pytest.raises(AmplifierLost, match="断开"):
        relays.check()
    with pytest.raises(AmplifierLost, match="断开"):
        relays.switch(WIRED)
    with pytest.raises(AmplifierLost):
        relays.close()


@pytest.mark.parametrize(("port", "said"), [("nowhere", "打不开"), ("file", "不是串口")])
def test_a_port_that_is_none_is_refused(
    tmp_path: Path, clock: ManualClock, port: str, said: str
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AmplifierLost, match=said):
        open_board(tmp_path / port, clock)
