"""Every pair that may meet on the air."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from broadcaster.core.model import Airing, AiringKind
from broadcaster.core.notice import Notice, OfficeLevel, Severity
from broadcaster.core.piece import Piece, PieceKind
from broadcaster.rules.precedence import Cause, cuts_in, goes_on, precedence

MORNING = datetime(2026, 3, 15, 8, 0, tzinfo=UTC)
# 红 橙 黄 蓝 日常: what stands further left goes first.
ORDER = [Severity.RED, Severity.ORANGE, Severity.YELLOW, Severity.BLUE, Severity.DAILY]
OFFICES = sorted(OfficeLevel, reverse=True)
UNHEARD, HALF_SAID = 0, 3


def airing(
    severity: Severity, office: OfficeLevel, kind: AiringKind = AiringKind.LIVE, minutes: int = 0
) -> Airing:
    due_at = MORNING + timedelta(minutes=minutes)
    notice = Notice("停水", severity=severity, office=office)
    return Airing(notice, due_at, due_at + timedelta(hours=1), kind)


PAIRS = list(product(product(ORDER, OFFICES), repeat=2))


def place(severity: Severity, office: OfficeLevel) -> tuple[int, int]:
    return ORDER.index(severity), OFFICES.index(office)


def test_severity_goes_before_office_before_due_time() -> None:
    for one, other in PAIRS:
        # With all else equal the other was due a minute earlier.
        first, second = airing(*one, minutes=1), airing(*other)
        assert (precedence(first) < precedence(second)) is (place(*one) < place(*other)), (one, other)


def test_only_a_severer_newcomer_cuts_in_whatever_its_office() -> None:
    for newcomer, sounding in PAIRS:
        severer = place(*newcomer)[0] < place(*sounding)[0]
        assert cuts_in(airing(*newcomer), airing(*sounding)) is severer, (newcomer, sounding)


def test_a_drill_holds_up_nothing_that_is_meant() -> None:
    for severity, meant in product(ORDER, ORDER):
        drill, real = (airing(each, OfficeLevel.NATION) for each in (severity, meant))
        drill = replace(drill, notice=replace(drill.notice, drill=True))
        assert not cuts_in(drill, real)
        assert cuts_in(real, drill) is (meant is not Severity.DAILY)
        assert goes_on(drill, Cause.DOWN, HALF_SAID) is False


@pytest.mark.parametrize("newcomer", AiringKind)
@pytest.mark.parametrize("sounding", AiringKind)
def test_the_kind_changes_nothing_in_who_goes_first(newcomer: AiringKind, sounding: AiringKind) -> None:
    red = replace(airing(Severity.RED, OfficeLevel.VILLAGE), kind=newcomer)
    daily = replace(airing(Severity.DAILY, OfficeLevel.NATION), kind=sounding)
    assert cuts_in(red, daily) and not cuts_in(daily, red)
    assert precedence(red) < precedence(daily)


GOES_ON = {
    (AiringKind.LIVE, Cause.SEVERER): (False, False),
    (AiringKind.LIVE, Cause.DEVICE): (True, True),
    (AiringKind.LIVE, Cause.DOWN): (True, False),
    (AiringKind.SCHEDULED, Cause.SEVERER): (True, True),
    (AiringKind.SCHEDULED, Cause.DEVICE): (True, True),
    (AiringKind.SCHEDULED, Cause.DOWN): (True, True),
    (AiringKind.LOOP, Cause.SEVERER): (False, False),
    **{(kind, Cause.WINDOW): (False, False) for kind in AiringKind},
    # With its next piece.
    **{(kind, Cause.SKIP): (True, True) for kind in AiringKind},
    (AiringKind.LOOP, Cause.DEVICE): (True, True),
    (AiringKind.LOOP, Cause.DOWN): (True, False),
}


@pytest.mark.parametrize("kind", AiringKind)
@pytest.mark.parametrize("cause", Cause)
def test_what_was_cut_goes_on_by_its_kind_and_by_what_cut_it(kind: AiringKind, cause: Cause) -> None:
    cut = replace(airing(Severity.DAILY, OfficeLevel.VILLAGE), kind=kind)
    assert tuple(goes_on(cut, cause, line) for line in (UNHEARD, HALF_SAID)) == GOES_ON[kind, cause]
    red = replace(airing(Severity.RED, OfficeLevel.VILLAGE), kind=kind)
    assert goes_on(red, cause, HALF_SAID) is (cause is not Cause.WINDOW)
    piece = Piece(PieceKind.AUDIO, "戏曲/大登殿")
    column = replace(cut, notice=replace(cut.notice, pieces=(piece,)))
    follows = kind is AiringKind.LIVE or GOES_ON[kind, cause][1]
    assert goes_on(column, cause, HALF_SAID) is (cause is not Cause.WINDOW and follows)
    talk = replace(red, notice=replace(red.notice, talk=True))
    assert not goes_on(talk, cause, UNHEARD)
