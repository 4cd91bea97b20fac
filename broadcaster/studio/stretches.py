"""Cuts a column at the pieces that come in as they are heard: what is between them can be made ahead."""

from collections.abc import Iterator
from dataclasses import replace

from broadcaster.core.notice import Notice, Signal
from broadcaster.core.piece import Piece, PieceKind

Stretch = Notice | Piece


def stretches(settled: Notice) -> tuple[Stretch, ...]:
    """The parts of a notice that is filled in, in their order: itself, where nothing of it comes in.

    The first has its signal, its opening and its text, the last its closing.
    """
    if not settled.comes_in:
        return (settled,)
    return tuple(_cut(settled))


def made_ahead(settled: Notice) -> list[Notice]:
    """Those of them that can be made before they are heard."""
    return [part for part in stretches(settled) if isinstance(part, Notice)]


def _cut(settled: Notice) -> Iterator[Stretch]:
    part = replace(settled, closing="", pieces=())
    for piece in settled.pieces:
        if piece.incoming:
            yield from _said(part)
            yield piece
            part = _bare(settled)
        else:
            part = replace(part, pieces=(*part.pieces, piece))
    yield from _said(replace(part, closing=settled.closing))


def _bare(settled: Notice) -> Notice:
    """Without what is said once."""
    return replace(
        settled,
        text="",
        recording="",
        opening="",
        closing="",
        chime=Signal.NONE,
        repeats=1,
        say_contact=False,
        pieces=(),
    )


def _said(part: Notice) -> Iterator[Notice]:
    """A part in which nothing is said or played is none. An opening alone is said as its text, a closing
    as the piece behind the last."""
    if part.text or part.recording or part.pieces:
        yield part
    elif part.opening:
        yield replace(part, text=part.opening, opening="", repeats=1, say_contact=False)
    elif part.closing:
        yield replace(part, pieces=(Piece(PieceKind.TEXT, part.closing),), closing="")
