"""Starts a child process of the box, exchanges messages with it over a socket pair, and reports its
death.

Messages are pickled values of our own classes; only this program holds either end.
"""

import logging
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any

logger = logging.getLogger(__name__)

GRACE_SECONDS = 2.0  # from the pipe's end to that of a child that has not noticed
OOM_SCORE = 500  # of 1,000, added to the share of memory
ENDINGS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def signals_blocked() -> Iterator[None]:
    """A process that is started inside does not hear Ctrl-C and SIGTERM before it says how it wants to.

    They reach every process of a terminal's group or a service, and Python's own start tells of Ctrl-C
    with a traceback.
    """
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)


class Child:
    """Starts `python -m MODULE`, hands its messages to `on_message`, tells `on_end` when it dies.

    Both are called on the child's own reader thread; after `stop` or `kill` nothing is called.
    `on_words` is given each line of its stderr, on a thread of its own; without it they go where the
    parent's go.
    """

    def __init__(
        self,
        name: str,
        module: str,
        on_message: Callable[[Any], None],
        on_end: Callable[[], None],
        on_words: Callable[[str], None] | None = None,
    ) -> None:
        self._on_message = on_message
        self._on_end = on_end
        self._ending = False
        ours, theirs = socket.socketpair()
        with theirs, signals_blocked():
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE if on_words else None,
            )
        if on_words:
            stderr = self._process.stderr, on_words
            threading.Thread(target=_listen, args=stderr, name=f"{name}-words", daemon=True).start()
        self._connection = Connection(ours.detach())
        self._send_lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, name=f"{name}-reports", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ending(self) -> str:
        """The exit of the process in Chinese: a signal's name or an exit code; empty while it runs."""
        code = self._process.returncode
        if code is None:
            return ""
        return f"信号 {signal.Signals(-code).name}" if code < 0 else f"退出码 {code}"

    def worked_seconds(self) -> float:
        """All processor time that it has taken; 0 when it is gone."""
        try:
            # After the name, which may hold anything but ends with the last bracket: proc(5).
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

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

    def break_off(self) -> None:
        """End a child that hangs, and have `on_end` tell of it."""
        self._process.kill()

    def kill(self) -> None:
        """End a child that hangs; at once, and without a word."""
        self._process.kill()
        self.stop()

    def _read(self) -> None:
        with suppress(EOFError, OSError):
            while (message := self._receive()) is not None:
                self._on_message(message)
        self._connection.close()
        if not self._ending:
            self._process.kill()
            self._process.wait()
            self._on_end()

    def _receive(self) -> Any:
        """The next message; None where a child of another version sends what is not known here."""
        try:
            return self._connection.recv()
        except (AttributeError, ImportError, TypeError) as error:
            logger.warning("子进程 %s 说的话听不懂：%s", self.pid, error)
            return None


def _listen(words: IO[bytes], on_words: Callable[[str], None]) -> None:
    with words:
        for line in words:
            on_words(line.decode(errors="replace").rstrip("\n"))


def _shut(connection: Connection) -> None:
    """Shut both directions, so that a reader blocked in recv() on another thread wakes too."""
    with suppress(OSError), socket.socket(fileno=connection.fileno()) as line:
        line.shutdown(socket.SHUT_RDWR)
        line.detach()


def connect_to_parent(arguments: list[str]) -> Connection:
    """The child's end of the pipe.

    Ctrl-C and a service manager's SIGTERM reach every process of the box; only the parent acts on
    them, so that what sounds fades before the pipe closes.
    """
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
    return Connection(int(arguments[1]))


def end_with_parent(connection: Connection) -> None:
    """End this process, whatever it is doing, soon after the parent closed the pipe or died.

    A native call that hangs never sees it: without this it would spin for ever.
    """

    def watch() -> None:
        closed = select.poll()
        closed.register(connection.fileno(), 0)  # a hang-up is told without asking, and nothing else
        closed.poll()
        time.sleep(GRACE_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def be_the_first_out_of_memory() -> None:
    """Makes the kernel end this process first if memory runs out, and not the box, which can start it
    again.
    """
    Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
