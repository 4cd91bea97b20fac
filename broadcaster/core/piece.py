"""A piece of a column: words, a sound, a folder of sounds, a relay or an input."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class PieceKind(StrEnum):
    """The origin of a piece's sound: a voice that says words, one sound of the library, a folder of
    them, a stream by its URL, or an input of the sound card.
    """

    TEXT = "text"
    AUDIO = "audio"
    FOLDER = "folder"
    RELAY = "relay"
    INPUT = "input"


class Order(StrEnum):
    """The order of a folder: by name, shuffled with none again until all were heard, or by name from
    where it stopped the last time.
    """

    IN_ORDER = "in_order"
    SHUFFLE = "shuffle"
    CONTINUE = "continue"


PIECE_LABELS = {
    PieceKind.TEXT: "话",
    PieceKind.AUDIO: "声音",
    PieceKind.FOLDER: "文件夹",
    PieceKind.RELAY: "转播",
    PieceKind.INPUT: "接进来的声音",
}
ENDLESS = frozenset({PieceKind.RELAY, PieceKind.INPUT})
ADDRESSES = ("http://", "https://")
MOST_MINUTES = 720
# Of words as of a notice; of an address as browsers take it.
LONGEST_SOURCE = 10_000


@dataclass(frozen=True)
class Piece:
    """One piece of a column (栏目).

    `source` is the words, the name of a sound or of a folder in the library, the URL or the input's
    name. It ends after `minutes`, which what has no end of its own must have. `stand_in` is the sound
    that takes its place when it cannot be had. Of one that goes on from another day `start_seconds`
    were heard; one that the station took out of a folder says out of which.
    """

    kind: PieceKind
    source: str
    minutes: float | None = None
    order: Order = Order.IN_ORDER
    stand_in: str = ""
    start_seconds: float = 0.0
    out_of: str = ""

    @property
    def spoken(self) -> bool:
        return self.kind is PieceKind.TEXT

    @property
    def incoming(self) -> bool:
        """True of sound that is made elsewhere while it is heard; nothing of it is ready before."""
        return self.kind in ENDLESS

    @property
    def problem(self) -> str:
        """A sentence in Chinese on what is wrong with it, or ""."""
        return next(self._problems(), "")

    def _problems(self) -> Iterator[str]:
        label = PIECE_LABELS[self.kind]
        if not self.source.strip():
            yield f"{label}是空的，请写上。"
        if len(self.source) > LONGEST_SOURCE:
            yield f"{label}太长：有 {len(self.source)} 个字，最多 {LONGEST_SOURCE} 个字，请改短一些。"
        if self.kind is PieceKind.RELAY and not self.source.startswith(ADDRESSES):
            yield f"转播的地址要以 http:// 或 https:// 开头，现在写的是 {self.source[:40]}。"
        if self.incoming and self.minutes is None:
            yield f"{label}没有完的时候，要写播几分钟，比如 minutes: 30。"
        if self.minutes is not None and not 0 < self.minutes <= MOST_MINUTES:
            yield f"播几分钟（minutes）要大于 0，最多 {MOST_MINUTES}，现在写的是 {self.minutes:g}。"
        if self.spoken and (self.minutes is not None or self.stand_in):
            yield "话总是说完的，minutes 和 stand_in 请去掉。"
        if self.start_seconds and (self.kind is not PieceKind.AUDIO or self.start_seconds < 0):
            yield "只有声音可以从中间放起，start_seconds 请去掉。"
        if self.out_of and self.kind is not PieceKind.AUDIO:
            yield "只有声音是从文件夹里挑出来的，out_of 请去掉。"
        if self.order is not Order.IN_ORDER and self.kind is not PieceKind.FOLDER:
            yield "只有文件夹才有先后（order），请把它去掉。"


def stated_minutes(pieces: tuple[Piece, ...]) -> float | None:
    """The time that is given to a column's sounds, its window; None where one plays to its own end."""
    limits = [piece.minutes for piece in pieces if not piece.spoken]
    known = [minutes for minutes in limits if minutes is not None]
    return sum(known) if limits and len(known) == len(limits) else None
