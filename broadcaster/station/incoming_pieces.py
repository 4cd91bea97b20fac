"""Makes the programmes of columns of which pieces come in as they are heard; others are made as ever."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from itertools import count
from queue import Empty, SimpleQueue

from broadcaster.core.model import Delivery
from broadcaster.core.notice import Notice, Signal
from broadcaster.core.piece import Order, Piece, PieceKind
from broadcaster.playout.air_queue import QueuedAiring
from broadcaster.playout.device.alsa_inputs import input_pcm
from broadcaster.settings.schema import SoundSettings
from broadcaster.station.folder_choice import LibrarySound
from broadcaster.station.incoming_column import ColumnParts, IncomingColumn, IncomingSource, Tell
from broadcaster.studio.incoming_sound import IncomingRequest, IncomingSound
from broadcaster.studio.missing_sounds import SENTENCE_MARKS
from broadcaster.studio.sound_library import folder_of, named
from broadcaster.system.temporary_sounds import Spool

LOOK_SECONDS, IDLE_SECONDS = 0.25, 20.0

Make = Callable[[QueuedAiring, Callable[[Delivery], None]], AbstractContextManager[None]]


class IncomingSources:
    """Opens a stream or an input, each in a child of its own. Raises `DeviceLost`."""

    def __init__(self, sound: SoundSettings, spool: Spool) -> None:
        self._sound = sound
        self._spool = spool
        self._jobs = count(1)

    def open(
        self, piece: Piece, due_at: float, ends_at: float, begun: float, tell: Tell
    ) -> IncomingSource:
        relayed = piece.kind is PieceKind.RELAY
        incoming = IncomingRequest(
            piece.source if relayed else "",
            "" if relayed else input_pcm(piece.source, os.environ),
            due_at,
            ends_at,
            begun,
            self._sound.rate_hz,
            self._sound.preset,
            self._spool,
            next(self._jobs),
        )
        return IncomingSound(incoming, tell)


class StandIns:
    """The sound in the place of a piece that does not come: one, the next of a folder, or words."""

    def __init__(
        self, sounds: Callable[[], Iterable[LibrarySound]], choose: Callable[[Notice, str], Notice]
    ) -> None:
        self._sounds = sounds
        self._choose = choose

    def of(self, piece: Piece, seconds: float) -> Notice | None:
        """None where it names nothing that is there."""
        name, sounds = piece.stand_in, list(self._sounds())
        notice = Notice("", title=name, opening="", closing="", chime=Signal.NONE, repeats=1)
        if found := named(sounds, name):
            its = Piece(PieceKind.AUDIO, found.key, seconds / 60.0)
        elif any(folder_of(sound.title) == name for sound in sounds):
            its = self._next_of(name, seconds, notice)
        elif SENTENCE_MARKS & set(name):
            return replace(notice, text=name)
        else:
            return None
        return replace(notice, pieces=(its,))

    def _next_of(self, folder: str, seconds: float, notice: Notice) -> Piece:
        """One at a time: between two of them the stream is tried."""
        wanted = replace(notice, pieces=(Piece(PieceKind.FOLDER, folder, order=Order.CONTINUE),))
        (chosen,) = self._choose(wanted, "stand-in").pieces
        return replace(chosen, minutes=seconds / 60.0)


class IncomingPieces:
    """Stands between player and studio, as `Microphone` does. `make` may be called by any thread; what
    comes of it is done on the one thread that calls `step`.
    """

    def __init__(self, make: Make, parts: ColumnParts) -> None:
        self._make = make
        self._acts: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._parts = replace(parts, do=self._acts.put)
        self._columns: list[IncomingColumn] = []

    @contextmanager
    def make(self, waited: QueuedAiring, deliver: Callable[[Delivery], None]) -> Iterator[None]:
        """As `Studio.make`, of an airing."""
        if not waited.airing.notice.comes_in:
            with self._make(waited, deliver):
                yield
            return
        column = IncomingColumn(waited, deliver, self._parts)
        self._acts.put(lambda: self._begin(column))
        try:
            yield
        finally:
            column.deliver_no_more()
            self._acts.put(lambda: self._close(column))

    def step(self) -> None:
        """Do what has come, and look whether something failed to come."""
        try:
            act = self._acts.get(timeout=LOOK_SECONDS if self._columns else IDLE_SECONDS)
        except Empty:
            pass
        else:
            act()
        for column in self._columns:
            column.look()

    def wake(self) -> None:
        """Let a waiting `step` return."""
        self._acts.put(lambda: None)

    def _begin(self, column: IncomingColumn) -> None:
        self._columns.append(column)
        column.begin()

    def _close(self, column: IncomingColumn) -> None:
        if column in self._columns:
            self._columns.remove(column)
        column.close()
