"""Notice templates with blanks to fill in, from `notice_templates.toml`."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from broadcaster.core.notice import Severity

FILE = Path(__file__).with_name("patterns.toml")
BLANK = re.compile(r"\{([^{}|]+)\|([^{}|]+)\}")


@dataclass(frozen=True)
class Blank:
    """A gap in a pattern: what is asked for, and an example of it."""

    label: str
    example: str


@dataclass(frozen=True)
class NoticeTemplate:
    """A notice with blanks, written `{什么时候|明天上午}` in its text."""

    key: str
    title: str
    text: str
    severity: Severity = Severity.DAILY

    @property
    def blanks(self) -> list[Blank]:
        return [Blank(*found) for found in BLANK.findall(self.text)]

    @property
    def shown(self) -> str:
        """The text with its blanks named."""
        return self.filled(())

    def filled(self, words: Sequence[str]) -> str:
        """The text with these words in its blanks, in order; one that is left open names itself."""
        left = iter(words)

        def fill(found: re.Match[str]) -> str:
            return next(left, "").strip() or _named(found[1])

        return BLANK.sub(fill, self.text)


@cache
def notice_templates() -> dict[str, NoticeTemplate]:
    """By their keys, in the order of the page."""
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {
        key: NoticeTemplate(key, one["title"], one["text"].strip(), Severity(one.get("severity", 0)))
        for key, one in content.items()
    }


def open_blank(text: str) -> str:
    """The label of a blank that stands in the text as a pattern left it, or ""."""
    labels = {blank.label for pattern in notice_templates().values() for blank in pattern.blanks}
    return next((label for label in sorted(labels) if _named(label) in text), "")


def _named(label: str) -> str:
    return f"（{label}）"
