"""Watches for hangs: the main thread watches the other threads, and a process outside watches the main
thread.
"""

import faulthandler
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from threading import Event

from broadcaster.system.child_process import signals_blocked
from broadcaster.system.thread_loop import ThreadLoop, Watched

logger = logging.getLogger(__name__)

WATCH_SECONDS = 5.0
# A main thread that says nothing for so long hangs; a board under load is late by seconds.
HANG_SECONDS = 60.0
# sysexits.h EX_TEMPFAIL: the service manager starts the process again.
EXIT_RESTART = 75
OUTSIDE = Path(__file__).with_name("outside_watchdog.py")


class Lifeline:
    """A process of 9 MB that ends this one when it is not fed for `hang_seconds`. One thread."""

    def __init__(self, hang_seconds: float) -> None:
        self._hang_seconds = hang_seconds
        self._start()

    def feed(self) -> None:
        """This process gets on. One outside that died is started anew."""
        if self._process.poll() is not None:
            self.close()
            self._start()
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self._line, b".")

    def close(self) -> None:
        """Nobody is to be ended any more."""
        os.close(self._line)
        self._process.wait()

    def _start(self) -> None:
        theirs, self._line = os.pipe()
        os.set_blocking(self._line, False)
        # Without `site` and the environment it is up in 0.02 s and imports nothing of ours.
        command = [sys.executable, "-I", "-S", str(OUTSIDE), str(theirs), str(self._hang_seconds)]
        with signals_blocked():
            self._process = subprocess.Popen(command, pass_fds=[theirs], stdin=subprocess.DEVNULL)
        os.close(theirs)


def keep_watch(
    watched: Sequence[Watched],
    ended: Event,
    ask: Callable[[], object] = lambda: None,
    hang_seconds: float = HANG_SECONDS,
) -> int:
    """Look until `ended`; returns the exit code, of which 75 asks the service manager for a new start.

    A thread that died ends this; one that hangs ends the process at once, for nothing of it can be
    taken down in order, and so does a main thread that hangs: `ask` takes the locks that a page takes.
    """
    # So that the stacks of all threads are told before somebody outside ends this.
    with suppress(OSError, RuntimeError, ValueError):
        faulthandler.enable()
    look_seconds = min(WATCH_SECONDS, hang_seconds / 4)
    loops = [one for one in watched if isinstance(one, ThreadLoop)]
    looked_at = held_up_until = time.monotonic()
    with closing(Lifeline(hang_seconds)) as lifeline:
        while not ended.wait(look_seconds):
            if not all(one.alive for one in watched):
                logger.critical("有一个线程停了，结束程序，重新启动")
                return EXIT_RESTART
            now = time.monotonic()
            # Stopped with its terminal, or paused with its machine: the others stood still too.
            if now - looked_at > 2 * look_seconds:
                held_up_until = now
            looked_at = now
            _end_where_one_hangs(loops, now, held_up_until)
            try:
                ask()
            except Exception:
                logger.exception("现在的状态查不出来，错误在下面")
            lifeline.feed()
    return 0


def _end_where_one_hangs(loops: Sequence[ThreadLoop], now: float, since: float) -> None:
    for loop in loops:
        if loop.longest_seconds is None:
            continue
        still_seconds = now - max(loop.progress_at, since)
        if still_seconds > loop.longest_seconds:
            logger.critical("%s 这个线程卡住了 %.0f 秒，结束程序，重新启动", loop.name, still_seconds)
            faulthandler.dump_traceback()
            os._exit(EXIT_RESTART)
