"""A folder's sounds come in their order: none again until all were heard, and none left out after a
restart.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.core.model import Airing, AiringKind, JournalEntry, Outcome, line_before
from broadcaster.core.notice import Notice
from broadcaster.core.piece import Order, Piece, PieceKind
from broadcaster.station.folder_choice import FolderChoice, FolderPlace, LibrarySound, choose


@dataclass(frozen=True)
class Kept:
    """A sound of the library."""

    key: str
    title: str
    seconds: float
    formerly: tuple[str, ...] = ()


class Texts:
    """A memory that outlasts the choice."""

    def __init__(self) -> None:
        self.by_name: dict[str, str] = {}

    def get(self, key: str) -> str:
        return self.by_name.get(key, "")

    def put_soon(self, key: str, value: str) -> None:
        self.by_name[key] = value


def remembering(memory: Texts, *sounds: Kept) -> FolderChoice:
    choice = FolderChoice(lambda: sounds)
    choice.keep_in(memory)
    return choice


NOON = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
OPERAS = [Kept(f"k{number}", f"戏曲/{number:02}", 100.0 + number) for number in range(7)]


def folder(order: Order, minutes: float | None = None) -> Piece:
    return Piece(PieceKind.FOLDER, "戏曲", minutes, order, "备用.mp3")


def days(piece: Piece, number: int, sounds: list[Kept] = OPERAS) -> list[tuple[Piece, ...]]:
    place, found = FolderPlace(), []
    for _ in range(number):
        pieces, place = choose(piece, list[LibrarySound](sounds), place)
        found.append(pieces)
    return found


def test_in_order_it_begins_each_day_with_the_first() -> None:
    whole = tuple(Piece(PieceKind.AUDIO, one.key, stand_in="备用.mp3", out_of="戏曲") for one in OPERAS)
    assert days(folder(Order.IN_ORDER), 2) == [whole, whole]
    first, second = days(folder(Order.IN_ORDER, 3), 1)[0]
    assert (first.source, first.minutes, second.source) == ("k0", None, "k1")
    assert second.minutes == pytest.approx(80 / 60)


def test_shuffled_none_comes_again_until_all_were_heard() -> None:
    drawn = [pieces[0].source for pieces in days(folder(Order.SHUFFLE), 70)]
    rounds = [drawn[first : first + 7] for first in range(0, 70, 7)]
    assert all(set(one) == {opera.key for opera in OPERAS} for one in rounds)
    assert len({tuple(one) for one in rounds}) > 7, "each round has an order of its own"
    assert all(a != b for a, b in pairwise(drawn))
    firsts = [pieces[0].source for pieces in days(folder(Order.SHUFFLE, 5), 7)]
    assert len(set(firsts)) > 2


def test_it_continues_where_it_stopped_the_day_before() -> None:
    first, second, third = days(folder(Order.CONTINUE, 2.5), 3)
    assert [(one.source, one.start_seconds) for one in first] == [("k0", 0.0), ("k1", 0.0)]
    assert second[0].source == "k1" and second[0].start_seconds == pytest.approx(50.0)
    assert third[0].start_seconds == pytest.approx(99.0)
    one_a_day = [pieces[0].source for pieces in days(folder(Order.CONTINUE), 8)]
    assert one_a_day == [*(opera.key for opera in OPERAS), "k0"]


@given(
    st.sampled_from(Order),
    st.floats(0.5, 60),
    st.lists(st.floats(0.2, 900), min_size=1, max_size=9),
)
def test_it_fills_its_minutes_to_the_second(order: Order, minutes: float, lengths: list[float]) -> None:
    sounds = [Kept(f"k{n}", f"戏曲/{n}", seconds) for n, seconds in enumerate(lengths)]
    by_key = {one.key: one.seconds for one in sounds}
    for pieces in days(folder(order, minutes), 5, sounds):
        filled = sum(
            one.minutes * 60 if one.minutes else by_key[one.source] - one.start_seconds for one in pieces
        )
        assert filled == pytest.approx(minutes * 60) or len(pieces) == 200
        assert not any(one.problem for one in pieces)


def airing(column: Notice, asked_by: str = "晚间") -> Airing:
    return Airing(column, NOON, NOON + timedelta(hours=1), AiringKind.SCHEDULED, asked_by)


def ended(one: Airing, next_line: int, seconds: float = 0.0) -> JournalEntry:
    ends = (Outcome.CUT_SHORT, "", "", NOON, NOON, 0.0, 0.0)
    return JournalEntry(one, *ends, next_line, seconds)


def test_it_moves_on_by_what_was_heard_also_after_a_restart() -> None:
    memory, others = Texts(), [Kept("x", "新闻/今天", 60.0), Kept("y", "国歌", 46.0)]
    column = Notice("", pieces=(Piece(PieceKind.TEXT, "听戏"), folder(Order.SHUFFLE)))
    drawn = []
    for _ in range(14):
        choice = remembering(memory, *others, *OPERAS)
        chosen = choice.of(column, "晚间")
        assert chosen == choice.of(column, "晚间"), "what is foreseen is what is chosen"
        assert choice.of(chosen, "晚间") is chosen, "a choice is made once"
        choice.note_heard(ended(airing(chosen), line_before(2) + 2))
        drawn.append(chosen.pieces[1].source)
    assert sorted(drawn) == sorted([one.key for one in OPERAS] * 2)
    by_name = Notice("", pieces=(Piece(PieceKind.AUDIO, "国歌.mp3"), Piece(PieceKind.AUDIO, "没有.mp3")))
    assert [one.source for one in choice.of(by_name, "").pieces] == ["y", "没有.mp3"]


@pytest.mark.parametrize(
    ("next_line", "seconds", "begins"),
    [
        (0, 0.0, ("k0", 0.0)),
        (line_before(1) + 1, 0.0, ("k0", 0.0)),
        (line_before(2) + 1, 6.0, ("k0", 0.0)),
        (line_before(2) + 1, 47.5, ("k0", 47.5)),
        (line_before(2) + 1, 95.0, ("k1", 0.0)),
        (line_before(3) + 1, 20.0, ("k1", 20.0)),
        (line_before(3) + 2, 0.0, ("k1", 50.0)),
    ],
)
def test_it_continues_where_a_person_or_the_power_stopped_it(
    next_line: int, seconds: float, begins: tuple[str, float]
) -> None:
    choice = remembering(Texts(), *OPERAS)
    column = Notice("", pieces=(Piece(PieceKind.TEXT, "听书"), folder(Order.CONTINUE, 2.5)))
    choice.note_heard(ended(airing(choice.of(column, "晚间")), next_line, seconds))
    piece = choice.of(column, "晚间").pieces[1]
    assert piece.source == begins[0] and piece.start_seconds == pytest.approx(begins[1])
    assert choice.of(column, "早间").pieces[1].source == "k0", "each slot has its own place"


def test_of_a_shuffled_sound_half_is_enough() -> None:
    column = Notice("", pieces=(folder(Order.SHUFFLE),))
    for seconds, left in ((45.0, 7), (55.0, 6)):
        choice, drawn = remembering(Texts(), *OPERAS), set[str]()
        chosen = first = choice.of(column, "")
        choice.note_heard(ended(airing(first, ""), line_before(1) + 1, seconds))
        for _ in range(left):
            chosen = choice.of(column, "")
            choice.note_heard(ended(airing(chosen, ""), line_before(1) + 2))
            drawn.add(chosen.pieces[0].source)
        assert len(drawn) == left and (first.pieces[0].source in drawn) is (left == 7)


def test_what_waits_is_not_taken_again_before_it_was_heard() -> None:
    choice, waiting = remembering(Texts(), *OPERAS), list[Airing]()
    choice.accepted = lambda: waiting
    column = Notice("", pieces=(folder(Order.CONTINUE),))
    for _ in range(3):
        waiting.append(airing(choice.of(column, "晚间")))
    assert [one.notice.pieces[0].source for one in waiting] == ["k0", "k1", "k2"]
    first = waiting.pop(0)
    waiting.clear()
    choice.note_heard(ended(first, line_before(1) + 2))
    assert choice.of(column, "晚间").pieces[0].source == "k1", "what expired unheard is not left out"


def test_a_folder_without_a_sound_stays_and_a_place_that_is_damaged_begins_anew() -> None:
    memory = Texts()
    column = Notice("", pieces=(folder(Order.CONTINUE),))
    empty = remembering(memory)
    assert empty.of(column, "") == column and memory.by_name == {}
    for damaged in ("{", json.dumps({"nothing": 1}), "[]"):
        memory.by_name = {"folder  戏曲": damaged}
        again = remembering(memory, *OPERAS).of(column, "")
        assert again.pieces[0].source == "k0"
