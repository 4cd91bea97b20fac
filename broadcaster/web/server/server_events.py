"""Pushes changes of a page to every phone that looks at it (server-sent events)."""

import json
import threading
import time
from collections.abc import Callable, Iterator

from broadcaster.core.errors import BroadcasterError

# Each stream holds one of the server's threads.
MOST_STREAMS = 24
# A phone that went away without a word is let go of by then; a browser comes back by itself.
STREAM_SECONDS = 300
LOOK_SECONDS = 1.0
# A page takes 5 s without one for a lost line; a write also finds out who is gone.
BEAT_EACH = 2

State = dict[str, object]
# Those who are shown the same.
Audience = tuple[str, ...]


class Live:
    """One look a second at the station for each audience, shared by all in it; any thread."""

    def __init__(self, places: threading.Semaphore | None = None) -> None:
        self._places = places or threading.Semaphore(MOST_STREAMS)
        self._leaving = threading.Event()
        self._lock = threading.Lock()
        self._states: dict[Audience, tuple[float, State]] = {}

    def join(self) -> bool:
        """Take a place among the streams, if there is one left; who took it gives it back by `part`."""
        return not self._leaving.is_set() and self._places.acquire(blocking=False)

    def part(self) -> None:
        self._places.release()

    def leave(self) -> None:
        """End every stream, for the server ends."""
        self._leaving.set()

    def messages(
        self, look: Callable[[], State], now: Callable[[], str], audience: Audience = ()
    ) -> Iterator[str]:
        """The changes as they happen, everything at first; every 2 s the box's time."""
        shown: State = {}
        for second in range(STREAM_SECONDS):
            try:
                state = self._look(look, audience)
            except BroadcasterError:
                # The page asks for itself, and says that it hears nothing.
                return
            news = {name: value for name, value in state.items() if shown.get(name) != value}
            shown = state
            if news:
                yield f"data: {json.dumps(news)}\n\n"
            if second % BEAT_EACH == 0:
                yield f"event: beat\ndata: {now()}\n\n"
            if self._leaving.wait(LOOK_SECONDS):
                return

    def look_anew(self) -> None:
        """Somebody has done something: what was seen before that is not shown after it."""
        with self._lock:
            self._states.clear()

    def _look(self, look: Callable[[], State], audience: Audience) -> State:
        with self._lock:
            looked_at, state = self._states.get(audience, (-LOOK_SECONDS, {}))
            if time.monotonic() - looked_at >= LOOK_SECONDS * 0.9:
                state = look()
                self._states[audience] = time.monotonic(), state
            return state
