"""The lines by which boxes of one machine reach their broker, each of which can be cut by itself."""

import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress

PIECE_BYTES = 65_536


class VillageLines:
    """Takes calls on `port` and carries them on; whose a call is `owner_of` says by its own port."""

    def __init__(self, broker_port: int, owner_of: Callable[[int], str]) -> None:
        self._broker_port, self._owner_of = broker_port, owner_of
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._cut: set[str] = set()
        self._open: dict[str, set[socket.socket]] = {}
        self._lock = threading.Lock()
        self._taking = threading.Thread(target=self._take, name="village lines", daemon=True)
        self._taking.start()

    def cut(self, owner: str) -> None:
        """What is under way is lost, and nobody is reached any more."""
        with self._lock:
            self._cut.add(owner)
            gone = self._open.pop(owner, set())
        _close(gone)

    def mend(self, owner: str) -> None:
        with self._lock:
            self._cut.discard(owner)

    def close(self) -> None:
        # Closing alone does not end an accept that waits.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._taking.join()
        with self._lock:
            gone = set[socket.socket]().union(*self._open.values())
        _close(gone)

    def _take(self) -> None:
        while True:
            try:
                call, (_, port) = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(call, port), daemon=True).start()

    def _carry(self, call: socket.socket, port: int) -> None:
        owner = self._owner_of(port)
        with call, suppress(OSError), socket.create_connection(("127.0.0.1", self._broker_port)) as on:
            with self._lock:
                if owner in self._cut:
                    return
                self._open.setdefault(owner, set()).update((call, on))
            back = threading.Thread(target=_pump, args=(on, call), daemon=True)
            back.start()
            _pump(call, on)
            back.join()
            with self._lock:
                self._open.get(owner, set()).difference_update((call, on))


def _pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while piece := one.recv(PIECE_BYTES):
            other.sendall(piece)
    _close((one, other))


def _close(sockets: Iterable[socket.socket]) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
