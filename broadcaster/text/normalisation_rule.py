"""One way in which something written is said."""

import re
from collections.abc import Callable
from dataclasses import dataclass


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
