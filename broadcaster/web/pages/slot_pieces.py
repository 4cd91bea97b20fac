"""Turns the sounds of a slot into rows of its form, and those rows into keys of the timetable."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, fields
from typing import Any

from werkzeug.datastructures import MultiDict

from broadcaster.core.piece import ADDRESSES, ENDLESS, MOST_MINUTES, Order, Piece, PieceKind
from broadcaster.schedule.piece_settings import SOUNDS
from broadcaster.web.base.language import _

Form = MultiDict[str, str]

KEYS = (*(kind.value for kind in SOUNDS), "column", "minutes", "order", "stand_in")
# One sound needs no press to be added: the one that is chosen when the form is sent counts.
PICKED = "pick"


@dataclass(frozen=True)
class PieceRow:
    """One piece as it stands in the form, each thing as it was typed; the usual order is ""."""

    kind: str
    source: str = ""
    minutes: str = ""
    order: str = ""
    stand_in: str = ""

    @property
    def written(self) -> dict[str, Any]:
        """Its keys; what is left open or as usual is not among them."""
        stand_in = self.stand_in.strip()
        more = {"minutes": _minutes(self.minutes), "order": self.order, "stand_in": stand_in}
        source = self.source if self.kind == PieceKind.TEXT else self.source.strip()
        return {self.kind: source} | {
            key: value for key, value in more.items() if value not in ("", None)
        }

    @property
    def piece(self) -> Piece:
        """As far as it can be read."""
        minutes, order = _minutes(self.minutes), Order.IN_ORDER
        with suppress(ValueError):
            order = Order(self.order)
        known = None if isinstance(minutes, str) else minutes
        return Piece(PieceKind(self.kind), self.source, known, order, self.stand_in)


NAMES = tuple(one.name for one in fields(PieceRow))


def rows_of(written: Mapping[str, Any]) -> list[PieceRow]:
    """The rows that show these keys of the timetable."""
    column = written.get("column")
    if not isinstance(column, list | tuple):
        return [row] if (row := _row(written, SOUNDS)) else []
    rows = (_row(part, tuple(PieceKind)) for part in column if isinstance(part, Mapping))
    return [row for row in rows if row]


def _row(part: Mapping[str, Any], kinds: Sequence[PieceKind]) -> PieceRow | None:
    kind = next((kind.value for kind in kinds if part.get(kind.value)), None)
    more = (part.get(key) for key in ("minutes", "order", "stand_in"))
    texts = ("" if value in (None, Order.IN_ORDER) else str(value) for value in more)
    return PieceRow(kind, str(part[kind]), *texts) if kind else None


def rows_in(form: Form) -> list[PieceRow]:
    """Those of the form, and what was chosen to be added."""
    columns = (map(_typed, form.getlist(f"piece_{name}")) for name in NAMES)
    rows = [PieceRow(*each) for each in zip(*columns, strict=False)]
    kind, _space, source = form.get(PICKED, "").partition(" ")
    picked = [PieceRow(kind, source)] if source else []
    return [row for row in rows + picked if row.kind in set(PieceKind)]


def _typed(text: str) -> str:
    return "" if text == Order.IN_ORDER else text.replace("\r\n", "\n")


def arrange(form: Form, press: str = "") -> tuple[Form, str]:
    """The form after a press on one of its rows ("up 2", "drop 0") or below them ("add text"), and the
    field that it was about.
    """
    rows, changed = rows_in(form), form.copy()
    what, _space, about = press.partition(" ")
    place = int(about) if re.fullmatch(r"\d{1,3}", about) else len(rows)
    if what == "add" and about in set(PieceKind):
        rows.append(PieceRow(about))
    elif what == "drop":
        del rows[place : place + 1]
    elif what in ("up", "down") and place < len(rows):
        row = rows.pop(place)
        place = max(place + (1 if what == "down" else -1), 0)
        rows.insert(place, row)
    columns = zip(*map(astuple, rows), strict=True) if rows else [()] * len(NAMES)
    for name, values in zip(NAMES, columns, strict=True):
        changed.setlist(f"piece_{name}", list(values))
    for name in (PICKED, "press"):
        changed.poplist(name)
    return changed, f"piece-{min(place, len(rows) - 1)}" if rows else PICKED


def written_of(rows: Sequence[PieceRow], before: Mapping[str, Any]) -> dict[str, Any]:
    """As it would be written in the file: one sound by its own keys, more as a column. What nobody has
    changed stays as it was written.
    """
    if list(rows) == rows_of(before):
        return {key: value for key, value in before.items() if key in KEYS}
    if len(rows) == 1 and rows[0].kind != PieceKind.TEXT:
        return rows[0].written
    return {"column": [row.written for row in rows]} if rows else {}


def missing(rows: Sequence[PieceRow]) -> Iterator[tuple[str, str]]:
    """The fields that still have to be filled in, each with a sentence."""
    if not rows:
        yield PICKED, _("请选要放的声音。")
    for number, row in enumerate(rows):
        for sentence in _wrong(row):
            yield f"piece-{number}", _("第 %(number)s 段：%(what)s", number=number + 1, what=sentence)


def _wrong(row: PieceRow) -> Iterator[str]:
    minutes = _minutes(row.minutes)
    if not row.source.strip():
        yield _("还空着，请写上，或者拿掉。")
    elif row.kind == PieceKind.RELAY and not row.source.strip().startswith(ADDRESSES):
        yield _("转播的地址要以 http:// 或 https:// 开头。")
    if isinstance(minutes, str):
        yield _("放几分钟要写个数，比如 30。")
    elif minutes is not None and not 0 < minutes <= MOST_MINUTES:
        yield _("放几分钟要大于 0，最多 %(most)s。", most=MOST_MINUTES)
    elif minutes is None and row.kind in ENDLESS:
        yield _("它自己不会完，请写放几分钟，比如 30。")


def _minutes(typed: str) -> float | str | None:
    """A number, or what was typed in its place; nothing is None."""
    plain = unicodedata.normalize("NFKC", typed).strip()
    if not re.fullmatch(r"\d{1,6}(\.\d{1,12})?", plain):
        return plain or None
    number = float(plain)
    return int(number) if number.is_integer() else number
