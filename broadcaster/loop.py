"""The one shape of every thread of the box: a step, again and again, watched from outside."""

import logging
import threading
from collections.abc import Callable
from typing import Protocol, Self

logger = logging.getLogger(__name__)


class Watched(Protocol):
    """A part with a thread; the box ends, to be started again, when it is dead."""

    @property
    def alive(self) -> bool: ...


class Loop:
    """Calls `step` on a named thread until `stop`; an error of one step is logged and the next goes on.

    `wake` must make a step that is waiting return soon.
    """

    def __init__(self, name: str, step: Callable[[], None], wake: Callable[[], None]) -> None:
        self._step = step
        self._wake = wake
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
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
            try:
                self._step()
            except Exception:
                logger.exception("%s: a step failed", self._thread.name)
                # An error that comes back at once would otherwise take the whole core.
                self._stopping.wait(0.5)
