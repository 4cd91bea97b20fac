"""Builders of addresses are compiled once for all apps of the tests: 134 of each app, 0.05 s."""

from collections.abc import Callable, Hashable
from typing import Any

from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]


def compile_builders_once() -> None:
    """A builder is a function of nothing but the rule's words and defaults; it is bound at its call."""
    compiled: dict[Hashable, Builder] = {}
    compile_builder = Rule._compile_builder

    def remembered(rule: Rule, append_unknown: bool = True) -> Builder:
        # A default is written by its converter, which the words do not name.
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        key = (*rule._trace, append_unknown)
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    replaced: Any = Rule
    replaced._compile_builder = remembered
