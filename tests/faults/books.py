"""What was asked for and what became of it, counted: one line of figures for a kind of fault."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from faults.sounds import Ear, Matter

from broadcaster.model import Notice, Outcome, Severity
from broadcaster.store.journal import JournalRow

GAVE_WAY = "让位给更紧急的通知"
# In the order of the table.
COLUMNS = {
    "rounds": "rounds",
    "asked": "asked",
    "accepted": "accepted",
    "one": "one outcome",
    "waiting": "waits",
    "lost": "LOST",
    "doubled": "DOUBLED",
    "twice": "HEARD TWICE",
    "never": "NEVER AGAIN",
    "unheard": "PLAYED, not heard",
    "failed": "FAILED",
    "broke": "BROKE OFF",
    "gone, told": "gone, told before",
    "twice, read-only": "twice, read-only",
    "gone, disk lied": "gone, disk lied",
}
# What must be 0.
GOALS = ("lost", "doubled", "twice", "never", "unheard", "broke", "waiting")


@dataclass
class Asked:
    """One notice that somebody asked for; `ticket` is its title, by which the journal's line is found.

    `told` says that it was accepted with the words that it will not outlast a power cut, `since` from
    which place of the capture on it may be heard.
    """

    ticket: str
    notice: Notice
    door: str
    since: int
    airing_id: str = ""
    told: bool = False
    read_only: bool = False

    @property
    def accepted(self) -> bool:
        return bool(self.airing_id)

    def __str__(self) -> str:
        severity = self.notice.severity.name.lower()
        return f"{self.ticket} {severity} by {self.door} {self.notice.text} ({self.airing_id})"


@dataclass
class Books:
    """Counts of one kind of fault, and a line for each thing that must not be."""

    counts: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def add(self, other: Books) -> None:
        self.counts += other.counts
        self.outcomes += other.outcomes
        self.findings += other.findings

    def note(self, what: str, about: object) -> None:
        self.counts[what] += 1
        self.findings.append(f"{what}: {about}")

    @property
    def balanced(self) -> bool:
        return not any(self.counts[goal] for goal in GOALS)

    def judge(
        self, asked: Asked, lines: list[JournalRow], waits: bool, matter: Matter, ear: Ear
    ) -> None:
        """Balance one notice: its lines in the journal against what was heard."""
        times = matter.times(ear, asked.since)
        ends = ", ".join(f"{line.outcome.value} {line.reason}" for line in lines) or "no line"
        about = f"{asked}: {ends}, heard {times} times"
        self.counts["asked"] += 1
        self.outcomes.update(line.outcome.value for line in lines)
        if len(lines) > 1:
            self.note("doubled", about)
        if times > 1:
            self.note("twice, read-only" if asked.read_only else "twice", about)
        if asked.accepted:
            self.counts["accepted"] += 1
            self._judge_end(asked, lines, waits, about)
        for line in lines[:1]:
            self._judge_hearing(asked, line, matter, ear, about)

    def _judge_end(self, asked: Asked, lines: list[JournalRow], waits: bool, about: str) -> None:
        if len(lines) == 1:
            self.counts["one"] += 1
        elif not lines and waits:
            self.note("waiting", about)
        elif not lines:
            self.note("gone, told" if asked.told else "lost", about)

    def _judge_hearing(
        self, asked: Asked, line: JournalRow, matter: Matter, ear: Ear, about: str
    ) -> None:
        if line.outcome is Outcome.FAILED:
            self.note("failed", about)
        if line.outcome is Outcome.PLAYED:
            if not matter.nearly_whole(ear, asked.since):
                self.note("unheard", about)
        elif line.reason != GAVE_WAY:
            red = asked.notice.severity is Severity.RED
            if not (matter.times(ear, asked.since) if red else matter.begun(ear, asked.since)):
                self.note("never", about)

    def as_json(self) -> dict[str, object]:
        return dict(vars(self))

    @classmethod
    def read(cls, path: Path) -> Books:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return cls(Counter(kept["counts"]), Counter(kept["outcomes"]), kept["findings"])

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(self.as_json(), ensure_ascii=False, indent=1), encoding="utf-8")


def table(books: Mapping[str, Books]) -> str:
    """A line for each kind of fault, and their sum."""
    total = Books()
    for each in books.values():
        total.add(each)
    rows = [["kind of fault", *COLUMNS.values()]]
    for name, one in (*books.items(), ("all", total)):
        rows.append([name, *(str(one.counts[column]) for column in COLUMNS)])
    return "\n".join(_aligned(rows))


def _aligned(rows: list[list[str]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        yield "  ".join((first.ljust(widths[0]), *cells))
