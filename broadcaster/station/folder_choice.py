"""The sounds that a column takes out of a folder of the library, chosen once for each airing."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import count, islice
from math import inf
from typing import Protocol

from broadcaster.core.errors import StoreUnusable
from broadcaster.core.notice import Notice
from broadcaster.core.piece import Order, Piece, PieceKind
from broadcaster.studio.sound_library import NamedSound, folder_of, named

logger = logging.getLogger(__name__)

# A folder of jingles of a second each does not fill an hour with 3,600 of them.
MOST_SOUNDS = 200


class LibrarySound(NamedSound, Protocol):
    """As much of a sound of the library as a choice needs."""

    @property
    def seconds(self) -> float: ...


@dataclass(frozen=True)
class FolderPlace:
    """The place in a folder: the keys that were heard in this round, the last of them, and where that
    stopped; 0 is its end. Each round is shuffled otherwise.
    """

    heard: tuple[str, ...] = ()
    round: int = 0
    last: str = ""
    seconds: float = 0.0


Chosen = tuple[tuple[Piece, ...], FolderPlace]


def choose(folder: Piece, sounds: Sequence[LibrarySound], place: FolderPlace) -> Chosen:
    """The sounds that fill the folder's minutes, and the place behind them. Without minutes all of them
    are taken in order, or the next one.

    Pure, so that what is foreseen is what will be chosen.
    """
    left = folder.minutes * 60.0 if folder.minutes else inf
    most = MOST_SOUNDS if folder.minutes else len(sounds) if folder.order is Order.IN_ORDER else 1
    pieces: list[Piece] = []
    for sound in islice(_in_turn(folder.order, sounds, place), most):
        start = place.seconds if _goes_on(folder.order, sound, place) else 0.0
        seconds = min(sound.seconds - start, left)
        ends = start + seconds
        limit = seconds / 60.0 if ends < sound.seconds else None
        pieces.append(Piece(PieceKind.AUDIO, sound.key, limit, Order.IN_ORDER, folder.stand_in, start))
        place = _after(place, sound.key, ends if limit else 0.0, sounds)
        left -= seconds
        if left <= 0:
            break
    return tuple(pieces), place


def _goes_on(order: Order, sound: LibrarySound, place: FolderPlace) -> bool:
    return order is Order.CONTINUE and sound.key == place.last and 0 < place.seconds < sound.seconds


def _in_turn(order: Order, sounds: Sequence[LibrarySound], place: FolderPlace) -> Iterator[LibrarySound]:
    """Without end, unless there is none."""
    if not sounds:
        return
    by_title = sorted(sounds, key=lambda sound: (sound.title, sound.key))
    if order is Order.SHUFFLE:
        yield from _shuffled(by_title, place)
    first = 0
    if order is Order.CONTINUE:
        known = [number for number, sound in enumerate(by_title) if sound.key == place.last]
        first = known[0] + (not _goes_on(order, by_title[known[0]], place)) if known else 0
    for number in count(first):
        yield by_title[number % len(by_title)]


def _shuffled(sounds: list[LibrarySound], place: FolderPlace) -> Iterator[LibrarySound]:
    """The rest of this round, then one round after the other; none twice in a row."""
    heard, last = set(place.heard), place.last
    for number in count(place.round):
        drawn = [sound for sound in sounds if sound.key not in heard]
        drawn.sort(key=lambda sound: blake2b(f"{number}{sound.key}".encode()).digest())
        if len(drawn) > 1 and drawn[0].key == last:
            drawn.append(drawn.pop(0))
        yield from drawn
        last, heard = drawn[-1].key if drawn else last, set()


def _after(place: FolderPlace, key: str, stopped: float, sounds: Sequence[LibrarySound]) -> FolderPlace:
    heard = (*place.heard, key)
    over = {sound.key for sound in sounds} <= set(heard)
    return FolderPlace(() if over else heard, place.round + over, key, stopped)


def _by_key(piece: Piece, sounds: Iterable[LibrarySound]) -> Piece:
    """A sound that is meant by its name, by its content: another one may have that name later."""
    sound = named(sounds, piece.source) if piece.kind is PieceKind.AUDIO else None
    return replace(piece, source=sound.key) if sound else piece


class Memory(Protocol):
    """Texts by name that outlast a restart."""

    def get(self, key: str) -> str: ...
    def put(self, key: str, value: str) -> None: ...


class FolderChoice:
    """Puts the sounds of the library in the place of a column's folders; any thread.

    An airing that is accepted takes its sounds with it, so that they are the same after a cut and after
    a restart. A folder without a sound stays in its place, and its making tells so.
    """

    def __init__(self, sounds: Callable[[], Iterable[LibrarySound]]) -> None:
        self._sounds = sounds
        self._memory: Memory | None = None

    def keep_in(self, memory: Memory) -> None:
        """Know from now on how far each folder was heard."""
        self._memory = memory

    def of(self, notice: Notice, asked_by: str) -> Notice:
        """The notice with its sounds, which are heard by that."""
        return self._chosen(notice, asked_by, self._keep)

    def foreseen(self, notice: Notice, asked_by: str) -> Notice:
        """The notice as its next airing will be, as far as is known."""
        return self._chosen(notice, asked_by, lambda name, place: None)

    def _chosen(self, notice: Notice, asked_by: str, keep: Callable[[str, FolderPlace], None]) -> Notice:
        if not any(piece.kind in (PieceKind.FOLDER, PieceKind.AUDIO) for piece in notice.pieces):
            return notice
        sounds = list(self._sounds())
        pieces = list[Piece]()
        for piece in notice.pieces:
            if piece.kind is not PieceKind.FOLDER:
                pieces.append(_by_key(piece, sounds))
                continue
            its = [sound for sound in sounds if folder_of(sound.title) == piece.source]
            name = f"folder {asked_by} {piece.source}"
            found, place = choose(piece, its, self._place(name))
            if found:
                keep(name, place)
            pieces += found or (piece,)
        chosen = tuple(pieces)
        return notice if chosen == notice.pieces else replace(notice, pieces=chosen)

    def _place(self, name: str) -> FolderPlace:
        with suppress(StoreUnusable, ValueError, TypeError):
            if self._memory and (written := self._memory.get(name)):
                place = FolderPlace(**json.loads(written))
                return replace(place, heard=tuple(place.heard))
        return FolderPlace()

    def _keep(self, name: str, place: FolderPlace) -> None:
        try:
            if self._memory:
                self._memory.put(name, json.dumps(vars(place)))
        except StoreUnusable as error:
            logger.warning("“%s”放到哪里没有记下来：%s", name, error)
