"""The books of a life: what does not balance is found, and what does is left in peace."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from life.books import Asked, Books, Day, Figures, Line, Seen, Way
from life.ear import RATE_HZ, Sound, sounded
from rig.living import Vitals

from broadcaster.core.labels import OUTCOMES
from broadcaster.core.model import AiringKind, Outcome
from broadcaster.core.notice import Notice, Severity

MARK = "第1件"
SILENCE = b""
FIGURES = Figures(Vitals(80, 40, 20, 100), 10, 10, 1)


def noise(seed: int) -> bytes:
    return sounded(np.random.default_rng(seed).integers(1, 9000, RATE_HZ, np.int16))


SAID = noise(1)
SOUND = Sound(((SAID, 1),))


def asked(way: Way = Way.PROGRAM, severity: Severity = Severity.DAILY) -> Asked:
    return Asked(way, MARK, Notice(f"{MARK}，停水了。", severity=severity), 1, taken=True)


def line(outcome: Outcome, airing: str = "a") -> Line:
    return Line(airing, f"{MARK}，停水了。", outcome, AiringKind.LIVE, "王", "2026-12-01T07:30", "")


def seen(*lines: Line) -> Seen:
    return Seen(lines, lines, {MARK: [(one.airing, f"{OUTCOMES[one.outcome]}，2 秒") for one in lines]})


def balance(one: Asked, record: Seen, heard: bytes, books: Books | None = None) -> Day:
    return (books or Books()).close(1, [one], {MARK: SOUND}, {}, [], record, heard, FIGURES)


def columns(day: Day) -> list[str]:
    """Those in which something does not balance."""
    return [sentence.split(": ")[1] for sentence in day.wrong]


@pytest.mark.parametrize("way", Way)
def test_what_was_heard_once_and_is_played_where_its_asker_looks_balances(way: Way) -> None:
    day = balance(asked(way), seen(line(Outcome.PLAYED)), noise(2) + SAID + noise(3))
    assert day.wrong == []
    assert day.counts["asked"] == day.counts["PLAYED"] == 1


@pytest.mark.parametrize(
    ("lines", "heard", "wrong"),
    [
        ([], SILENCE, ["no outcome"]),
        ([line(Outcome.PLAYED), line(Outcome.PLAYED, "b")], SAID, ["two outcomes"]),
        ([line(Outcome.PLAYED)], SAID + SAID, ["twice heard"]),
        ([line(Outcome.PLAYED)], SAID[: len(SAID) // 2], ["unheard"]),
        ([line(Outcome.FAILED)], SILENCE, ["wrong end"]),
    ],
)
def test_what_does_not_balance_is_found(lines: list[Line], heard: bytes, wrong: list[str]) -> None:
    assert columns(balance(asked(), seen(*lines), heard)) == wrong


def test_a_tail_that_died_with_the_card_is_heard_all_the_same() -> None:
    assert balance(asked(), seen(line(Outcome.PLAYED)), SAID[: -RATE_HZ // 5]).wrong == []


def test_what_may_have_been_cut_must_have_begun() -> None:
    one = asked()
    one.allow(Outcome.CUT_SHORT)
    assert balance(one, seen(line(Outcome.CUT_SHORT)), SAID[: len(SAID) // 2]).wrong == []
    assert columns(balance(one, seen(line(Outcome.CUT_SHORT)), SILENCE)) == ["never said"]


def test_what_was_refused_is_not_in_the_record_and_not_heard() -> None:
    one = asked()
    one.taken = False
    assert balance(one, seen(), SILENCE).wrong == []
    assert columns(balance(one, seen(), SAID)) == ["wrong end"]


def test_an_asker_on_the_page_who_sees_another_end_is_found() -> None:
    played = line(Outcome.PLAYED)
    other = replace(seen(played), on_page={MARK: [("a", OUTCOMES[Outcome.FAILED])]})
    assert columns(balance(asked(Way.PAGE), other, SAID)) == ["unseen"]
    late = replace(seen(played), on_page={MARK: [("a", "原定 今天 06:49，播完了，1 秒")]})
    assert balance(asked(Way.PAGE), late, SAID).wrong == []
    off = line(Outcome.EXPIRED)
    missed = replace(seen(off), on_page={MARK: [("a", "原定 今天 07:30，过时没播：关机错过了")]})
    one = asked(Way.PAGE)
    one.allow(Outcome.EXPIRED, silent=True)
    assert balance(one, missed, SILENCE).wrong == []


def test_a_line_that_the_record_had_and_has_no_more_is_found_unless_it_was_put_back_by_hand() -> None:
    books = Books()
    balance(asked(), seen(line(Outcome.PLAYED)), SAID, books)
    two = replace(asked(), mark="第2件")
    day = books.close(2, [two], {"第2件": SOUND}, {}, [], seen(), SILENCE, FIGURES)
    assert columns(day) == ["no outcome", "forgotten"]
    books = Books()
    balance(asked(), seen(line(Outcome.PLAYED)), SAID, books)
    books.forgive(set())
    again = seen(line(Outcome.PLAYED))
    assert books.close(2, [], {}, {}, [], again, SILENCE, FIGURES).wrong == [], "it may be there too"
    assert books.close(3, [], {}, {}, [], seen(), SILENCE, FIGURES).wrong == []


def test_a_slot_has_one_line_for_each_due_time_and_was_heard_as_often_as_it_was_played() -> None:
    def slot(*lines: Line, heard: bytes) -> list[str]:
        due = [("早安", "2026-12-01T07:30")]
        lines = tuple(replace(one, asked_by="早安", text="早安") for one in lines)
        return columns(Books().close(1, [], {}, {"早安": SOUND}, due[:0], seen(*lines), heard, FIGURES))

    played = line(Outcome.PLAYED)
    assert slot(played, heard=SAID) == []
    assert slot(played, heard=SILENCE) == ["unheard"]
    assert slot(played, heard=SAID + SAID) == ["twice heard"]
    assert slot(played, line(Outcome.EXPIRED, "b"), heard=SAID) == ["two outcomes"]


def test_what_a_slot_missed_must_have_its_line() -> None:
    missed = [("午间", "2026-12-01T12:00")]
    day = Books().close(1, [], {}, {}, missed, seen(), SILENCE, FIGURES)
    assert columns(day) == ["missed, untold"]


def test_memory_and_handles_have_bounds() -> None:
    fat = replace(FIGURES, vitals=Vitals(442, 48, 17, 300))
    day = Books().close(1, [], {}, {}, [], seen(), SILENCE, fat)
    assert day.wrong == ["day 1: 442 megabytes of main, 90 at most"]


@pytest.mark.parametrize(
    ("again_from", "wrong"),
    [(None, ["two outcomes"]), ("2026-12-02T00:00", ["two outcomes"]), ("2026-12-01T00:00", [])],
)
def test_what_was_told_as_missed_may_sound_only_where_the_clock_was_put_back_before_it(
    again_from: str | None, wrong: list[str]
) -> None:
    ends = [
        replace(line(outcome, name), asked_by="早安", kind=AiringKind.SCHEDULED)
        for outcome, name in ((Outcome.EXPIRED, "a"), (Outcome.PLAYED, "b"))
    ]
    since = datetime.fromisoformat(again_from) if again_from else None
    day = Books().close(1, [], {}, {"早安": SOUND}, [], seen(*ends), SAID, FIGURES, since)
    assert columns(day) == wrong
