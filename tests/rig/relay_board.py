"""A relay board that does not exist: a pseudo-terminal that understands the orders of an LCUS board."""

import os
import select
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic


class RelayBoard:
    """Keeps the state of its relays, and every change of it; answers unless told not to."""

    def __init__(self, folder: Path) -> None:
        self.port = folder / "relays"
        self.on: set[int] = set()
        self.changes: list[tuple[int, bool]] = []
        self.changed_at: list[float] = []
        self.answers = True
        self.plug_in()

    def plug_in(self) -> None:
        """Its relays are off, as they are whenever it gets power."""
        self.on.clear()
        self._line, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self.port.symlink_to(os.ttyname(self._theirs))
        self._stop, self._stopped = os.pipe()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def pull_out(self) -> None:
        """The port is gone, and hangs up on who has it open."""
        self.port.unlink()
        os.write(self._stopped, b".")
        self._thread.join()
        for line in (self._line, self._theirs, self._stop, self._stopped):
            os.close(line)

    def _listen(self) -> None:
        heard = b""
        while self._stop not in select.select([self._line, self._stop], [], [])[0]:
            heard = self._obey(heard + os.read(self._line, 100))

    def _obey(self, heard: bytes) -> bytes:
        """Do what is whole, and return the rest."""
        while heard:
            if heard[0] == 0xFF:
                heard = heard[1:]
                if self.answers:
                    os.write(self._line, b"CH1: ON \r\n" if 1 in self.on else b"CH1: OFF\r\n")
            elif len(heard) < 4:
                break
            else:
                mark, relay, on, check = heard[:4]
                assert mark == 0xA0
                assert check == (mark + relay + on) & 0xFF
                self._switch(relay, bool(on))
                heard = heard[4:]
        return heard

    def _switch(self, relay: int, on: bool) -> None:
        if on != (relay in self.on):
            self.changes.append((relay, on))
            self.changed_at.append(monotonic())
        (self.on.add if on else self.on.discard)(relay)


@contextmanager
def plugged_in(folder: Path) -> Iterator[RelayBoard]:
    """A board for the time of a test; it may be pulled out before."""
    board = RelayBoard(folder)
    yield board
    if board.port.is_symlink():
        board.pull_out()
