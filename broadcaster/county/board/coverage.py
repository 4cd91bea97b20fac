"""The chart of a bulletin's delivery: one bar for each town, in parts by the state of its boxes."""

from collections.abc import Sequence
from dataclasses import dataclass

from broadcaster.county.board.delivery_board import Counts, TownCounts

# As wide as a phone: names are to be read there.
WIDTH, ROW, NAME = 360, 34, 112


@dataclass(frozen=True)
class BarPart:
    """A part of a bar; `kind` is its class in the style sheet."""

    kind: str
    x: float
    width: float


@dataclass(frozen=True)
class Bar:
    """One town."""

    code: str
    name: str
    y: int
    pieces: tuple[BarPart, ...]
    label: str


def coverage(towns: Sequence[TownCounts]) -> list[Bar]:
    """From the top, in the order of the towns; each bar has the same length, for each town counts."""
    return [
        Bar(town.code, town.name, number * ROW, _pieces(town.counts), _label(town.counts))
        for number, town in enumerate(towns)
    ]


def _pieces(counts: Counts) -> tuple[BarPart, ...]:
    parts = {
        "heard": counts.heard,
        "partly": counts.partly,
        "sounding": counts.on_the_air,
        "waiting": counts.waiting,
        "failed": counts.failed,
        "cancelled": counts.cancelled,
        "silent": counts.silent,
    }
    pieces, x, scale = [], float(NAME), (WIDTH - NAME) / max(counts.sent, 1)
    for kind, boxes in parts.items():
        if boxes:
            pieces.append(BarPart(kind, round(x, 1), round(boxes * scale, 1)))
        x += boxes * scale
    return tuple(pieces)


def _label(counts: Counts) -> str:
    return (
        f"{counts.sent} 个广播站，播完 {counts.heard}，没播完 {counts.partly}，"
        f"正在播 {counts.on_the_air}，等着播 {counts.waiting}，"
        f"没播成 {counts.failed}，取消 {counts.cancelled}，没有回音 {counts.silent}"
    )
