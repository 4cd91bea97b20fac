"""A long list, a page at a time."""

import pytest
from flask import Flask

from broadcaster.web.base.paging import ON_ONE, Paged, paged

ROWS = list(range(2 * ON_ONE + 1))


@pytest.mark.parametrize(
    ("address", "number", "first", "length"),
    [
        ("/?q=水", 1, 0, ON_ONE),
        ("/?q=水&page=3", 3, 2 * ON_ONE, 1),
        ("/?q=水&page=99", 3, 2 * ON_ONE, 1),
        ("/?q=水&page=-5", 1, 0, ON_ONE),
        ("/?q=水&page=x", 1, 0, ON_ONE),
    ],
)
def test_the_page_asked_for_or_the_nearest_is_shown(
    address: str, number: int, first: int, length: int
) -> None:
    with Flask(__name__).test_request_context(address):
        shown = paged(ROWS)
    assert (shown.number, shown.pages, shown.chosen) == (number, 3, {"q": "水"})
    assert (shown.rows[0], len(shown.rows)) == (first, length)


def test_an_empty_list_has_one_page() -> None:
    with Flask(__name__).test_request_context("/"):
        shown: Paged[object] = paged(())
    assert (shown.rows, shown.number, shown.pages) == ((), 1, 1)
