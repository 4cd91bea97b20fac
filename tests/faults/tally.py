"""Counts of what must and must not be, kept apart for each kind of fault; one table of them all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self


@dataclass
class Tally:
    """Counts of one kind of fault, and a line for each thing that must not be.

    `COLUMNS` are what is counted, in the order of the table, with its heading; `GOALS` what must be 0.
    """

    COLUMNS: ClassVar[Mapping[str, str]] = {}
    GOALS: ClassVar[tuple[str, ...]] = ()

    counts: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def add(self, other: Self) -> None:
        self.counts += other.counts
        self.outcomes += other.outcomes
        self.findings += other.findings

    def note(self, what: str, about: object) -> None:
        self.counts[what] += 1
        self.findings.append(f"{what}: {about}")

    @property
    def balanced(self) -> bool:
        return not any(self.counts[goal] for goal in self.GOALS)

    def as_json(self) -> dict[str, object]:
        return dict(vars(self))

    @classmethod
    def read(cls, path: Path) -> Self:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return cls(Counter(kept["counts"]), Counter(kept["outcomes"]), kept["findings"])

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(self.as_json(), ensure_ascii=False, indent=1), encoding="utf-8")


def table(kind: type[Tally], books: Mapping[str, Tally]) -> str:
    """A line for each kind of fault, and their sum."""
    total = kind()
    for each in books.values():
        total.add(each)
    rows = [["kind of fault", *kind.COLUMNS.values()]]
    for name, one in (*books.items(), ("all", total)):
        rows.append([name, *(str(one.counts[column]) for column in kind.COLUMNS)])
    return "\n".join(_aligned(rows))


def _aligned(rows: list[list[str]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        yield "  ".join((first.ljust(widths[0]), *cells))
