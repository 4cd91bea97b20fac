"""The lengths of pieces of sound, as the library has measured them, for the plan."""

from collections.abc import Sequence

from broadcaster.core.piece import Order, Piece, PieceKind
from broadcaster.rules.length_estimate import stated_seconds
from broadcaster.studio.sound_library import Sound, SoundLibrary, folder_of, named


class SoundLengths:
    """Seconds of a piece; any thread. The library is read again only when a sound came or went: a plan
    asks for each of 18,000 airings.
    """

    def __init__(self, library: SoundLibrary) -> None:
        self._library = library
        self._read_at = -1
        self._sounds: list[Sound] = []
        self._seconds: dict[Piece, float] = {}

    def __call__(self, piece: Piece) -> float:
        self._look()
        if piece not in self._seconds:
            self._seconds[piece] = seconds_of(piece, self._sounds)
        return self._seconds[piece]

    def _look(self) -> None:
        folder = self._library.folder
        changed_at = folder.stat().st_mtime_ns if folder.is_dir() else 0
        if changed_at != self._read_at:
            self._read_at, self._sounds, self._seconds = changed_at, self._library.all(), {}


def seconds_of(piece: Piece, sounds: Sequence[Sound]) -> float:
    """The length of a piece by the library's sounds; 0 where it is not known."""
    limit = stated_seconds(piece)
    if piece.kind is PieceKind.AUDIO:
        sound = named(sounds, piece.source) or named(sounds, piece.stand_in)
        seconds = max(sound.seconds - piece.start_seconds, 0.0) if sound else 0.0
        return min(seconds, limit) if limit else seconds
    if piece.kind is PieceKind.FOLDER and not limit:
        lengths = [one.seconds for one in sounds if folder_of(one.title) == piece.source]
        if not lengths:
            stand_in = named(sounds, piece.stand_in)
            return stand_in.seconds if stand_in else 0.0
        return sum(lengths) / (1 if piece.order is Order.IN_ORDER else max(len(lengths), 1))
    return limit
