"""Sound that comes in from outside while it is heard: the box's side of the child that takes it in."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from broadcaster.system.child_process import Child
from broadcaster.system.temporary_sounds import Spool

# Before a stream is heard so much of it is there, for a line that comes in fits and starts; of an input,
# which comes evenly, little: somebody may stand beside the horn and speak into it.
RELAY_AHEAD_SECONDS = 3.0
INPUT_AHEAD_SECONDS = 0.8


@dataclass(frozen=True)
class IncomingRequest:
    """The first message to the child: the URL of a stream, or an input by its name in ALSA.

    It is heard from `due_at` until `ends_at` (monotonic); by then `begun_seconds` of its piece are gone
    by. The blocks go to the `spool` under `job`.
    """

    url: str
    pcm: str
    due_at: float
    ends_at: float
    begun_seconds: float
    rate_hz: int
    preset: str
    spool: Spool
    job: int

    @property
    def ahead_seconds(self) -> float:
        return RELAY_AHEAD_SECONDS if self.url else INPUT_AHEAD_SECONDS


@dataclass(frozen=True)
class Block:
    """The next quarter of a second; `place` is how much of its piece is gone by as it begins. A `silent`
    one comes of a line on which there is nothing.
    """

    path: Path
    seconds: float
    place: float
    silent: bool


@dataclass(frozen=True)
class Trouble:
    """Nothing comes at the moment, for this reason; it is tried again."""

    reason: str


@dataclass(frozen=True)
class Over:
    """Nothing more comes: its time is over, or it was a file and has been heard."""


@dataclass(frozen=True)
class Died:
    """The child ended of itself."""


IncomingMessage = Block | Trouble | Over | Died


class IncomingSound:
    """Takes in one stream or input in a child of its own, until `close`; any thread but the child's.

    Of its own, because a voice at work would keep the air waiting for seconds, and because a library
    that hangs on what a stranger sends hangs nothing else.
    """

    def __init__(self, incoming: IncomingRequest, tell: Callable[[IncomingMessage], None]) -> None:
        self._incoming = incoming
        module = "broadcaster.studio.incoming_child"
        self._child = Child("incoming", module, tell, lambda: tell(Died()))
        self._child.send(incoming)

    @property
    def pid(self) -> int:
        return self._child.pid

    def close(self) -> None:
        """Nothing is told any more; its blocks may still be heard."""
        self._child.stop()

    def forget(self) -> None:
        """Its blocks go."""
        self._incoming.spool.drop(self._incoming.job)
