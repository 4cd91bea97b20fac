"""The loop of every thread of the box: runs a step again and again, survives its errors, and can be
watched.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol, Self

logger = logging.getLogger(__name__)


class Watched(Protocol):
    """A part with a thread; the box ends, to be started again, when it is dead."""

    @property
    def alive(self) -> bool: ...


class ThreadLoop:
    """Calls `step` on a named thread until `stop`; an error of one step is logged and the next goes on.

    `wake` must make a step that is waiting return soon. A step of more than `longest_seconds` without a
    `note_progress` hangs; None is for a step that may take or wait as long as it likes.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], None],
        wake: Callable[[], None],
        longest_seconds: float | None = None,
    ) -> None:
        self._step = step
        self._wake = wake
        self.longest_seconds = longest_seconds
        self.progress_at = time.monotonic()
        """When it last got on."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def name(self) -> str:
        return self._thread.name

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def note_progress(self) -> None:
        """It gets on, though its step is not over."""
        self.progress_at = time.monotonic()

    def start(self) -> None:
        self.note_progress()
        self._thread.start()

    def stop(self, limit_seconds: float = 5.0) -> None:
        self._stopping.set()
        self._wake()
        self._thread.join(limit_seconds)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.note_progress()
            try:
                self._step()
            except Exception:
                logger.exception("%s 这个线程有一步没有做成，马上再试，错误在下面", self.name)
                # An error that comes back at once would otherwise take the whole core.
                self._stopping.wait(0.5)
