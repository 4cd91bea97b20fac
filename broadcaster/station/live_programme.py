"""The programme of a live talk: the signal, then the speaker's sound block by block; nothing is
stored.
"""

import io
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from broadcaster.core.errors import BroadcasterError
from broadcaster.core.model import (
    Clip,
    Delivery,
    Item,
    Made,
    Programme,
    Ready,
    RenderFailed,
    SettledNotice,
    piece_of,
)
from broadcaster.core.notice import Notice
from broadcaster.playout.air_queue import QueuedAiring
from broadcaster.system.temporary_sounds import Spool

JOB = 0
# The sound child reads a block a second after it came; 60 of a second each are 6 MB.
KEPT_BLOCKS = 60
# In the last of the signal a block comes already; in so little nobody says a word.
WORDLESS_SECONDS = 0.3
VOICE = "microphone"
NO_ROOM = "内存满了，讲话送不出去。"

Deliver = Callable[[Delivery], None]


class MakesProgrammes(Protocol):
    """As much of a `Studio` as a talk needs beside its own voice."""

    def settle_accepted(self, notice: Notice) -> SettledNotice: ...

    def make(
        self, settled: SettledNotice, deliver: Deliver, first_piece: int = 0
    ) -> AbstractContextManager[None]: ...

    def signal(self, notice: Notice) -> Clip | None: ...


class Microphone:
    """Makes the programme of a talk of what is given while it sounds; every other is the studio's.

    Any thread.
    """

    def __init__(self, studio: MakesProgrammes, spool: Spool, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._studio = studio
        self._spool = spool
        self._lock = threading.Lock()
        self._expected: set[str] = set()
        self._on_air = ""
        self._deliver: Deliver = lambda delivery: None
        self._items: list[Item] = []
        self._blocks = 0

    def expect(self, notice_id: str) -> None:
        """Somebody is there to speak: without him a talk of before is refused, as the studio does."""
        self._expected.add(notice_id)

    def forget(self, notice_id: str) -> None:
        self._expected.discard(notice_id)

    def make(self, waited: QueuedAiring, deliver: Deliver) -> AbstractContextManager[None]:
        """As `Studio.make`, of an airing: its notice is settled here where nobody has settled it."""
        notice = waited.airing.notice
        if notice.id in self._expected:
            return self._open(notice, deliver)
        try:
            settled = waited.settled or self._studio.settle_accepted(notice)
        except BroadcasterError as error:
            deliver(RenderFailed(str(error)))
            return nullcontext()
        return self._studio.make(settled, deliver, piece_of(waited.next_line))

    @contextmanager
    def _open(self, notice: Notice, deliver: Deliver) -> Iterator[None]:
        signal = self._studio.signal(notice)
        items = [Item(signal, matter=False)] if signal else []
        for item in items:
            deliver(Ready(item, 0))
        with self._lock:
            self._on_air, self._deliver, self._items, self._blocks = notice.id, deliver, items, 0
        try:
            yield
        finally:
            with self._lock:
                self._on_air, self._items = "", []
                self._spool.drop(JOB)

    def give(self, notice_id: str, pcm: bytes) -> bool:
        """Let this be heard next; False for a talk that is not on the air."""
        with self._lock:
            if self._on_air != notice_id:
                return False
            try:
                path = self._spool.write(JOB, f"{self._blocks}.wav", self._wav(pcm))
            except OSError:
                self._on_air = ""
                self._deliver(RenderFailed(NO_ROOM))
                return False
            self._items.append(Item(Clip(path.stem, path, len(pcm) / 2 / self.rate_hz)))
            self._blocks += 1
            if self._blocks > KEPT_BLOCKS:
                self._items[-KEPT_BLOCKS - 1].clip.path.unlink(missing_ok=True)
            self._deliver(Ready(self._items[-1], 1))
        return True

    def finish(self, notice_id: str) -> bool:
        """Nothing more is said; False if no word was, or the talk is not on the air."""
        with self._lock:
            said_seconds = sum(item.seconds for item in self._items if item.matter)
            if self._on_air != notice_id or said_seconds < WORDLESS_SECONDS:
                return False
            self._on_air = ""
            self._deliver(Made(Programme(VOICE, tuple(self._items))))
        return True

    def _wav(self, pcm: bytes) -> bytes:
        written = io.BytesIO()
        with wave.open(written, "wb") as file:
            file.setparams((1, 2, self.rate_hz, 0, "NONE", ""))
            file.writeframes(pcm)
        return written.getvalue()
