"""A process of our own beside the box: messages over a socket pair, and what happens when it dies.

Messages are pickled values of our own classes; only this program holds either end.
"""

import logging
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

logger = logging.getLogger(__name__)


class Child:
    """Starts `python -m MODULE`, hands its messages to `on_message`, tells `on_end` when it dies.

    Both are called on the child's own reader thread; after `stop` or `kill` nothing is called.
    """

    def __init__(
        self, name: str, module: str, on_message: Callable[[Any], None], on_end: Callable[[], None]
    ) -> None:
        self._on_message = on_message
        self._on_end = on_end
        self._ending = False
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self._connection = Connection(ours.detach())
        self._send_lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, name=f"{name}-reports", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: object) -> None:
        """Send one message; a child that is gone takes nothing, and `on_end` tells of it."""
        try:
            with self._send_lock:
                self._connection.send(message)
        except OSError:
            logger.debug("child %s took no message", self.pid)

    def stop(self, limit_seconds: float = 3.0) -> None:
        """Close the pipe, which asks the child to end in its own way; kill it after the limit."""
        self._ending = True
        with self._send_lock:
            _shut(self._connection)
        try:
            self._process.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if threading.current_thread() is not self._reader:
            self._reader.join()

    def kill(self) -> None:
        """End a child that hangs; at once, and without a word."""
        self._process.kill()
        self.stop()

    def _read(self) -> None:
        try:
            while True:
                self._on_message(self._connection.recv())
        except (EOFError, OSError):
            pass
        self._connection.close()
        if not self._ending:
            self._process.kill()
            self._process.wait()
            self._on_end()


def _shut(connection: Connection) -> None:
    """Shut both directions, so that a reader blocked in recv() on another thread wakes too."""
    try:
        with socket.socket(fileno=connection.fileno()) as line:
            line.shutdown(socket.SHUT_RDWR)
            line.detach()
    except OSError:
        pass


def connect_to_parent(arguments: list[str]) -> Connection:
    """The child's end of the pipe.

    Ctrl-C and a service manager's SIGTERM reach every process of the box; only the parent acts on
    them, so that what sounds fades before the pipe closes.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    return Connection(int(arguments[1]))
