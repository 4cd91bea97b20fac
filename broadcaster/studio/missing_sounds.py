"""Finds the sounds that pieces name and the library does not have, before they are due."""

from collections.abc import Iterator, Sequence
from enum import Enum, auto

from broadcaster.core.piece import Piece, PieceKind
from broadcaster.studio.sound_library import NamedSound, folder_of, named

# A stand-in that is no name is a sentence, and a sentence ends.
SENTENCE_MARKS = frozenset("。！？，")


class Missing(Enum):
    """A thing that a piece names and that is not there."""

    SOUND = auto()
    FOLDER = auto()
    STAND_IN = auto()


MISSING_SAID = {
    Missing.SOUND: "没有“{name}”这个声音，请改成节目里有的名字，或者传一个上来",
    Missing.FOLDER: "文件夹“{name}”里没有声音，请传几个进去，名字写成“{name}/…”",
    Missing.STAND_IN: "stand_in：没有“{name}”这个声音，放不了的时候没有换的，请改成节目里有的名字",
}


def missing_sounds(
    pieces: Sequence[Piece], sounds: Sequence[NamedSound]
) -> Iterator[tuple[Missing, str]]:
    """Each thing that is missing, with the name by which it is written."""
    folders = {folder_of(sound.title) for sound in sounds}
    for piece in pieces:
        if piece.kind is PieceKind.AUDIO and not named(sounds, piece.source):
            yield Missing.SOUND, piece.source
        if piece.kind is PieceKind.FOLDER and piece.source not in folders:
            yield Missing.FOLDER, piece.source
        if piece.stand_in and not _can_stand_in(piece, sounds, folders):
            yield Missing.STAND_IN, piece.stand_in


def _can_stand_in(piece: Piece, sounds: Sequence[NamedSound], folders: set[str]) -> bool:
    """A folder or a sentence only for what comes in."""
    name = piece.stand_in
    more = name in folders or bool(SENTENCE_MARKS & set(name))
    return bool(named(sounds, name)) or (piece.incoming and more)
