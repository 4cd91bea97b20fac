"""Remembers which pieces of columns cannot be had, until they can be, for whoever asks of the box."""

import threading
from pathlib import PurePath

from broadcaster.core.clock import Clock
from broadcaster.core.piece import Piece, PieceKind

# A slot of every day is made anew, or fails anew, within that; one that is gone is told no longer.
TOLD_SECONDS = 2 * 86_400.0


def fault_name(piece: Piece, called: str = "") -> str:
    """The source of a piece, by which its faults are known; `called` is another name of it. A sound is
    found by a file's name too.
    """
    source = called or piece.source
    if piece.kind is PieceKind.AUDIO:
        source = str(PurePath(source).with_suffix(""))
    return f"{piece.kind} {source}"


class PieceFaults:
    """A sentence for each source of sound, as its last try ended; any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sentences: dict[str, tuple[str, float]] = {}

    def tell(self, source: str, sentence: str) -> None:
        """The source cannot be had for this reason; "" says that it can be."""
        with self._lock:
            self._sentences.pop(source, None)
            if sentence:
                self._sentences[source] = sentence, self._clock.monotonic()

    @property
    def fault(self) -> str:
        """The newest in Chinese, and how many there are beside it; or ""."""
        since = self._clock.monotonic() - TOLD_SECONDS
        with self._lock:
            told = list(dict.fromkeys(said for said, at in self._sentences.values() if at > since))
        if not told:
            return ""
        others = len(told) - 1
        return f"{told[-1].removesuffix('。')}。" + (f"放不了的声音还有 {others} 处。" if others else "")
