"""What was asked for and what became of it, counted: one line of figures for a kind of fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from faults.sounds import Ear, Matter
from faults.tally import Tally

from broadcaster.core.model import Outcome
from broadcaster.core.notice import Notice, Severity
from broadcaster.store.journal import JournalRow

GAVE_WAY = "让位给更紧急的通知"


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


class Books(Tally):
    """Of what a box was asked for."""

    COLUMNS: ClassVar[dict[str, str]] = {
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
    GOALS = ("lost", "doubled", "twice", "never", "unheard", "broke", "waiting")

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
