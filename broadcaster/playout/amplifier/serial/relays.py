"""Relays on a board at a serial port, mostly one on USB."""

import os
import termios
import time
import tty

from broadcaster.core.clock import Clock
from broadcaster.core.errors import AmplifierLost, reason_of
from broadcaster.playout.amplifier.base.relays import Relays
from broadcaster.playout.amplifier.base.wiring import Wiring
from broadcaster.playout.amplifier.serial.boards import BOARDS

ANSWER_SECONDS = 1.0
# The boards' small processors miss an order that follows on the heels of another.
BETWEEN_ORDERS_SECONDS = 0.02
NO_ANSWER = (
    "功放的继电器板没有响应（{}）：请检查 USB 线和 amplifier.port；"
    "不会回答的板子（如 LCUS-1）请把 amplifier.answers 写成 false"
)


class SerialRelays(Relays):
    """A board that is told, and asked once a second whether it is still there.

    The port never blocks, so a dead board costs the air nothing. One that does not answer is a fault and
    is told all the same, for it may have no way to answer; of that kind (`answers` is False) only the
    loss of the port is known.
    """

    def __init__(self, wiring: Wiring, clock: Clock) -> None:
        self._port = wiring.port
        self._board = BOARDS[wiring.board]
        self._numbers = wiring.numbers
        self._answers = wiring.answers
        self._clock = clock
        self._asked_at: float | None = None
        self._answered_at = float("-inf")
        self._line = self._open()
        try:
            self.switch(frozenset())
            self._ask()
        except AmplifierLost:
            os.close(self._line)
            raise

    def switch(self, on: frozenset[int]) -> None:
        for number, order in enumerate(self._board.orders(on, self._numbers)):
            if number:
                time.sleep(BETWEEN_ORDERS_SECONDS)
            self._write(order)

    def check(self) -> None:
        """See whether the last question has been answered; ask the next one."""
        now = self._clock.monotonic()
        if self._has_answered():
            self._asked_at, self._answered_at, self.fault = None, now, ""
        elif self._asked_at is not None and now - self._asked_at > ANSWER_SECONDS:
            self.fault = NO_ANSWER.format(self._port)
            self._ask()
        elif self._asked_at is None and now - self._answered_at > ANSWER_SECONDS:
            self._ask()

    @property
    def awaits_answer(self) -> bool:
        return self._asked_at is not None and not self.fault

    def close(self) -> None:
        try:
            self.switch(frozenset())
        finally:
            os.close(self._line)

    def _open(self) -> int:
        try:
            line = os.open(self._port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            raise AmplifierLost(
                f"功放的继电器板打不开：{self._port}（{reason_of(error)}），"
                "请检查 USB 线和 amplifier.port"
            ) from error
        try:
            self._set_up(line)
        except (OSError, termios.error) as error:
            os.close(line)
            raise AmplifierLost(f"{self._port} 不是串口，请检查 amplifier.port") from error
        return line

    def _set_up(self, line: int) -> None:
        tty.setraw(line)
        mode = termios.tcgetattr(line)
        # Without HUPCL the control lines stay as they are on closing: some boards reset with them.
        mode[2] = (mode[2] | termios.CLOCAL | termios.CREAD) & ~termios.HUPCL
        mode[4] = mode[5] = termios.B9600
        termios.tcsetattr(line, termios.TCSANOW, mode)
        termios.tcflush(line, termios.TCIOFLUSH)

    def _ask(self) -> None:
        if self._answers:
            self._asked_at = self._clock.monotonic()
            self._write(self._board.query(self._numbers))

    def _has_answered(self) -> bool:
        """True if the board has answered; also notices a port that is gone, which reads as its end."""
        try:
            if os.read(self._line, 1024):
                return True
        except BlockingIOError:
            return False
        except OSError as error:
            raise self._gone() from error
        raise self._gone()

    def _write(self, order: bytes) -> None:
        try:
            os.write(self._line, order)
        except OSError as error:
            raise self._gone() from error

    def _gone(self) -> AmplifierLost:
        return AmplifierLost(f"功放的继电器板断开了（{self._port}），请检查 USB 线")
