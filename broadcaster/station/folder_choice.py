"""The sounds that a column takes out of a folder of the library, chosen once for each airing."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import count, islice
from math import inf
from typing import Protocol

from broadcaster.core.errors import StoreUnusable
from broadcaster.core.model import LINES_OF_A_PIECE, Airing, JournalEntry, line_before
from broadcaster.core.notice import Notice
from broadcaster.core.piece import Order, Piece, PieceKind
from broadcaster.studio.sound_library import NamedSound, folder_of, named

# A folder of jingles of a second each does not fill an hour with 3,600 of them.
MOST_SOUNDS = 200
# Less than this was not heard, and of what lacks no more than this nothing is left to hear.
MOMENT_SECONDS = 10.0
# Sums of lengths differ by less.
NOTHING_SECONDS = 0.01
# Behind every line of a column.
ALL_LINES = LINES_OF_A_PIECE**2


class LibrarySound(NamedSound, Protocol):
    """As much of a sound of the library as a choice needs."""

    @property
    def seconds(self) -> float: ...


@dataclass(frozen=True)
class FolderPlace:
    """The place in a folder: the keys of which half or more was heard in this round, the last that was
    heard, and where that stopped; 0 is its end. Each round is shuffled otherwise.
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
        own = PieceKind.AUDIO, sound.key, limit, Order.IN_ORDER, folder.stand_in, start, folder.source
        pieces.append(Piece(*own))
        place = _after(place, sound, ends, sounds)
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


def _after(
    place: FolderPlace, sound: LibrarySound, ends: float, sounds: Sequence[LibrarySound]
) -> FolderPlace:
    """The place when a sound was heard until there."""
    heard = (*place.heard, sound.key) if ends * 2 >= sound.seconds else place.heard
    over = {sound.key for sound in sounds} <= set(heard)
    stopped = ends if sound.seconds - ends > NOTHING_SECONDS else 0.0
    return FolderPlace(() if over else heard, place.round + over, sound.key, stopped)


def heard_of(
    pieces: tuple[Piece, ...], line: int, seconds: float, sounds: Sequence[LibrarySound]
) -> Iterator[tuple[Piece, LibrarySound, float]]:
    """The pieces out of folders that were heard when their column ended before `line`, of a sound at so
    many seconds of it; with each its sound and the place in that at which it stopped.
    """
    for number, piece in enumerate(pieces, start=1):
        sound = next((one for one in sounds if one.key == piece.source), None)
        own = line_before(number) + 1
        if not piece.out_of or sound is None or line < own:
            continue
        planned = piece.minutes * 60.0 if piece.minutes else sound.seconds - piece.start_seconds
        if line == own and planned - seconds > MOMENT_SECONDS:
            planned = seconds
            if seconds < MOMENT_SECONDS:
                continue
        yield piece, sound, piece.start_seconds + planned


def _by_key(piece: Piece, sounds: Iterable[LibrarySound]) -> Piece:
    """A sound that is meant by its name, by its content: another one may have that name later."""
    sound = named(sounds, piece.source) if piece.kind is PieceKind.AUDIO else None
    return replace(piece, source=sound.key) if sound else piece


class Memory(Protocol):
    """Texts by name that outlast a restart."""

    def get(self, key: str) -> str: ...
    def put_soon(self, key: str, value: str) -> None: ...


class FolderChoice:
    """Puts the sounds of the library in the place of a column's folders; any thread.

    An airing that is accepted takes its sounds with it, so that they are the same after a cut and after
    a restart. A folder moves on by what was heard of it: what was stopped or never reached comes the
    next time. A folder without a sound stays in its place, and its making tells so.
    """

    def __init__(self, sounds: Callable[[], Iterable[LibrarySound]]) -> None:
        self._sounds = sounds
        self._memory: Memory | None = None
        self._places: dict[str, FolderPlace] = {}
        self.accepted: Callable[[], Iterable[Airing]] = lambda: ()
        """Those that sound or wait, in their order: what they took is not taken again."""

    def keep_in(self, memory: Memory) -> None:
        """Know from now on how far each folder was heard."""
        self._memory = memory

    def of(self, notice: Notice, asked_by: str) -> Notice:
        """The notice with its sounds as its next airing has them."""
        if not any(piece.kind in (PieceKind.FOLDER, PieceKind.AUDIO) for piece in notice.pieces):
            return notice
        sounds = list(self._sounds())
        pieces, places = list[Piece](), dict[str, FolderPlace]()
        for piece in notice.pieces:
            if piece.kind is not PieceKind.FOLDER:
                pieces.append(_by_key(piece, sounds))
                continue
            its = _in_folder(piece.source, sounds)
            place = places.get(piece.source) or self._next_place(asked_by, piece.source, its)
            found, places[piece.source] = choose(piece, its, place)
            pieces += found or (piece,)
        chosen = tuple(pieces)
        return notice if chosen == notice.pieces else replace(notice, pieces=chosen)

    def note_heard(self, entry: JournalEntry) -> None:
        """An airing has ended: its folders move on by what was heard."""
        airing = entry.airing
        if not any(piece.out_of for piece in airing.notice.pieces):
            return
        self._move_on(airing, list(self._sounds()), entry.next_line, entry.seconds_in_line)

    def _move_on(self, airing: Airing, sounds: list[LibrarySound], line: int, seconds: float) -> None:
        places = dict[str, FolderPlace]()
        for piece, sound, stopped in heard_of(airing.notice.pieces, line, seconds, sounds):
            place = places.get(piece.out_of) or self._place(_name(airing.asked_by, piece.out_of))
            places[piece.out_of] = _after(place, sound, stopped, _in_folder(piece.out_of, sounds))
        for folder, place in places.items():
            name = _name(airing.asked_by, folder)
            self._places[name] = place
            if self._memory:
                self._memory.put_soon(name, json.dumps(vars(place)))

    def _next_place(self, asked_by: str, folder: str, sounds: Sequence[LibrarySound]) -> FolderPlace:
        """Behind what was heard, and behind what is to be heard before."""
        place = self._place(_name(asked_by, folder))
        for airing in self.accepted():
            if airing.asked_by == asked_by:
                for piece, sound, stopped in heard_of(airing.notice.pieces, ALL_LINES, 0.0, sounds):
                    place = _after(place, sound, stopped, sounds) if piece.out_of == folder else place
        return place

    def _place(self, name: str) -> FolderPlace:
        if name in self._places:
            return self._places[name]
        with suppress(StoreUnusable, ValueError, TypeError):
            if self._memory and (written := self._memory.get(name)):
                place = FolderPlace(**json.loads(written))
                return replace(place, heard=tuple(place.heard))
        return FolderPlace()


def _name(asked_by: str, folder: str) -> str:
    return f"folder {asked_by} {folder}"


def _in_folder(folder: str, sounds: Iterable[LibrarySound]) -> list[LibrarySound]:
    return [sound for sound in sounds if folder_of(sound.title) == folder]
