"""The books of a county: a board that is not true to a village's record is found, a true one is not."""

import pytest
from life.books import Asked, Day, Figures, Line, Way
from life.county_books import CountyBooks, OnBoard
from rig.living import Vitals

from broadcaster.core.model import AiringKind, Outcome
from broadcaster.core.notice import Notice

VILLAGE, OTHER = "331121104200", "331121104201"
FIGURES = Figures(Vitals(120, 40, 40, 300), 10, 0, 0.0)


def asked(outcome: Outcome | None, may_be_silent: bool = False) -> Asked:
    one = Asked(
        Way.COUNTY, "第1号", Notice("第1号，停水了。"), 1, taken=True, may_be_silent=may_be_silent
    )
    if outcome:
        one.ends = [
            Line("a", "第1号，停水了。", outcome, AiringKind.LIVE, "县里", "2026-12-01T07:30", "")
        ]
    return one


def balance(one: Asked, words: dict[str, str], listed: int = 1, figures: Figures = FIGURES) -> Day:
    books = CountyBooks()
    books.open(1)
    books.close([OnBoard("第1号", "周干事", {VILLAGE: one}, words, listed)], figures)
    return books.today


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome.PLAYED, "洞背村 播完了 2/2 秒 今天 07:41"),
        (Outcome.CUT_SHORT, "洞背村 没播完 1/2 秒"),
        (Outcome.CANCELLED, "洞背村 取消了"),
        (Outcome.EXPIRED, "洞背村 没播成：过时没播"),
        (None, "洞背村 没有收：已经过了有效期"),
    ],
)
def test_a_board_that_says_what_the_village_says_balances(outcome: Outcome | None, words: str) -> None:
    assert balance(asked(outcome), {VILLAGE: words}).wrong == []


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome.PLAYED, "洞背村 没有收：已经过了有效期"),
        (Outcome.PLAYED, "洞背村 没播完 2/2 秒"),
        (Outcome.PLAYED, "洞背村 没有回音"),
        (Outcome.FAILED, "洞背村 播完了 2/2 秒"),
        (None, "洞背村 播完了 2/2 秒"),
        (Outcome.PLAYED, ""),
    ],
)
def test_a_board_that_says_something_else_is_found(outcome: Outcome | None, words: str) -> None:
    day = balance(asked(outcome), {VILLAGE: words})
    assert day.counts["board untrue"] == 1
    assert "周干事 reads" in day.wrong[0]


def test_a_village_that_it_was_not_sent_to_has_no_place_on_the_board() -> None:
    words = {VILLAGE: "播完了", OTHER: "没有收：不是发给本村的"}
    assert balance(asked(Outcome.PLAYED), words).counts["board untrue"] == 1


@pytest.mark.parametrize("times", [0, 2])
def test_an_officer_finds_each_of_his_bulletins_once(times: int) -> None:
    assert balance(asked(Outcome.PLAYED), {VILLAGE: "播完了"}, times).counts["not listed"] == 1


def test_what_an_office_takes_is_bounded() -> None:
    grown = Figures(Vitals(500, 400, 300, 300), 5000, 0, 0.0)
    assert len(balance(asked(Outcome.PLAYED), {VILLAGE: "播完了"}, figures=grown).wrong) == 4
