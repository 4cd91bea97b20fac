"""Mistakes of a form that comes back: each at its field, and all on top of the page."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import g, render_template


@dataclass(frozen=True)
class Mistake:
    """One thing; `field` is the id of the field on the page."""

    field: str
    sentence: str


def about(sentence: str, otherwise: str, **fields: str) -> Mistake:
    """At the field of the first of these words that the sentence says."""
    named = (field for word, field in fields.items() if word in sentence)
    return Mistake(next(named, otherwise), sentence)


def form_page(template: str, mistakes: Sequence[Mistake], **shown: object) -> tuple[str, int]:
    """The page; a form with mistakes is a bad request, headed by them and opened at the first one."""
    g.mistakes = [one for one in mistakes if one.sentence]
    return render_template(template, **shown), 400 if g.mistakes else 200


def mistakes() -> list[Mistake]:
    """Those of the page that is made."""
    found: list[Mistake] = g.get("mistakes", [])
    return found
