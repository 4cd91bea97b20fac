"""One normalisation rule: a pattern in written text and the words that are said for it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
TO = r"(?:-|~|—|–|至|到)"


@dataclass(frozen=True)
class NormalisationRule:
    """A named pattern and what is said in its place."""

    name: str
    pattern: re.Pattern[str]
    say: Callable[[re.Match[str]], str]

    def apply(self, clause: str) -> str:
        return self.pattern.sub(self.say, clause)


def rule(name: str, pattern: str, say: Callable[[re.Match[str]], str]) -> NormalisationRule:
    return NormalisationRule(name, re.compile(pattern), say)
