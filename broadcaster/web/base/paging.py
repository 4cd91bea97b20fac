"""Shows a long list one page at a time, so that a request costs the same however long the list is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import request

ON_ONE = 50
# Of what waits the home page names as many as anybody reads, and counts the rest.
MOST_WAITING = 20

Row = TypeVar("Row")


@dataclass(frozen=True)
class Paged(Generic[Row]):
    """The rows of the page that was asked for; `chosen` is what else its address says."""

    rows: Sequence[Row]
    number: int
    pages: int
    chosen: dict[str, str]


def paged(rows: Sequence[Row], size: int = ON_ONE) -> Paged[Row]:
    """That part of a list which the request's `page` names; the last where it has not as many."""
    pages = max(1, -(-len(rows) // size))
    number = min(max(request.args.get("page", 1, type=int), 1), pages)
    chosen = {key: value for key, value in request.args.items() if value and key != "page"}
    return Paged(rows[(number - 1) * size : number * size], number, pages, chosen)
