"""The running box's part in its county: starts the link and its threads, and restarts them with each
enrolment.
"""

import threading
from collections.abc import Callable
from contextlib import ExitStack, closing

from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError
from broadcaster.link.membership_folder import is_enrolled
from broadcaster.station.station import Station
from broadcaster.system.thread_loop import ThreadLoop


class CountyMembership:
    """Watched by main; `begin` may be called by any thread. A box of no county loads nothing of it."""

    def __init__(self, station: Station, clock: Clock) -> None:
        self._station = station
        self._clock = clock
        self._turn = threading.Lock()
        self._stack = ExitStack()
        self._loops: tuple[ThreadLoop, ...] = ()
        self._broken: Callable[[], str] = str

    @property
    def alive(self) -> bool:
        return all(loop.alive for loop in self._loops)

    @property
    def fault(self) -> str:
        """A sentence in Chinese, or ""."""
        return self._broken()

    def begin(self) -> None:
        """By the enrolment that is kept now. Raises `BroadcasterError`, and has it for its fault."""
        with self._turn:
            self._end()
            if is_enrolled(self._station.settings.paths.state):
                try:
                    self._begin()
                except BroadcasterError as error:
                    sentence = str(error)
                    self._broken = lambda: sentence
                    raise

    def close(self) -> None:
        with self._turn:
            self._end()

    def _begin(self) -> None:
        from broadcaster.link.county_link import Link
        from broadcaster.link.membership import load_membership
        from broadcaster.link.remote_commands import THREADS

        membership = load_membership(self._station.settings.paths.state)
        link = self._stack.enter_context(closing(Link(self._station, membership, self._clock)))
        self._broken = lambda: link.fault
        remote = link.remote_commands
        sounds = ThreadLoop("link-sounds", link.downloads.step, link.downloads.wake)
        far = [ThreadLoop(f"far-{number}", remote.step, remote.wake) for number in range(1, THREADS + 1)]
        loops = (*far, sounds, ThreadLoop("link", link.step, link.wake))
        self._loops = tuple(self._stack.enter_context(loop) for loop in loops)
        self._station.county = link

    def _end(self) -> None:
        """Nobody watches what is being taken down."""
        self._loops, self._station.county, self._broken = (), None, str
        self._stack.close()
