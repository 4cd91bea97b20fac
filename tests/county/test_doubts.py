"""What a box signs counts for what was sent to it, in its time; and what was heard was heard."""

import logging
from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from county.county_office import NEXT_VILLAGE, OTHER_TOWN, VILLAGE, OfficeDesk, PretendBox
from county.office_site import LogIn

from broadcaster.bulletin.bulletin import new_bulletin_id
from broadcaster.bulletin.receipts import PlayedResult
from broadcaster.bulletin.receipts import ReceiptState as Told
from broadcaster.bulletin.refusals import Refusal
from broadcaster.core.model import Outcome
from broadcaster.county.board.receipt_inbox import IncomingReceipts, ReceiptInbox
from broadcaster.county.board.uncounted_receipts import Doubt, ReceiptRateLimit
from broadcaster.county.relay.uplink import OfficeReceipts
from broadcaster.county.store.delivery_state import DeliveryState

DAY = timedelta(days=1)
Tell = Callable[[PretendBox, OfficeDesk, str], bytes]


def refused(box: PretendBox, desk: OfficeDesk, id: str, why: Refusal = Refusal.EXPIRED) -> bytes:
    return box.receipt(id, Told.REFUSED, desk.clock, refusal=why, reason=why.sentence)


def deferred(box: PretendBox, desk: OfficeDesk, id: str) -> bytes:
    return box.receipt(id, Told.DEFERRED, desk.clock, reason="夜里不播")


def accepted(box: PretendBox, desk: OfficeDesk, id: str) -> bytes:
    return box.receipt(id, Told.ACCEPTED, desk.clock)


def ended(outcome: Outcome, played: float) -> Tell:
    return lambda box, desk, id: box.heard(id, desk.clock, outcome, played)


def reaches(desk: OfficeDesk, id: str) -> list[DeliveryState]:
    return [place.stage for place in desk.parts.board.places(id)]


def doubts(desk: OfficeDesk, box: PretendBox) -> dict[Doubt, int]:
    return {one.why: one.count for one in desk.parts.doubts.of(box.id, None)}


ENDINGS = [
    (ended(Outcome.PLAYED, 30), DeliveryState.HEARD),
    (ended(Outcome.CUT_SHORT, 12), DeliveryState.PARTLY),
    (ended(Outcome.FAILED, 0), DeliveryState.FAILED),
    (ended(Outcome.CANCELLED, 0), DeliveryState.CANCELLED),
]


@pytest.mark.parametrize(("end", "reach"), ENDINGS, ids=[reach for _, reach in ENDINGS])
def test_nothing_takes_an_end_back_whatever_comes_after_it_and_in_which_order(
    desk: OfficeDesk, end: Tell, reach: DeliveryState
) -> None:
    for order in permutations(range(4)):
        desk.clock.advance(60)
        box, record = desk.enrol(), desk.send()
        told = [make(box, desk, record.id) for make in (accepted, end, refused, deferred)]
        desk.take(box, *(told[at] for at in order))
        mine = [one for one in desk.parts.board.places(record.id) if one.box == box.id]
        assert [one.stage for one in mine] == [reach], order


def test_a_village_that_heard_it_heard_it_though_its_new_box_says_otherwise(desk: OfficeDesk) -> None:
    box, record = desk.enrol(), desk.send()
    desk.take(box, box.heard(record.id, desk.clock, Outcome.PLAYED, 30))
    new = desk.enrol_by(desk.parts.register.replace(box.id))
    for told in (accepted, refused, ended(Outcome.FAILED, 0)):
        desk.take(new, told(new, desk, record.id))
    assert reaches(desk, record.id) == [DeliveryState.HEARD]
    assert desk.counts(record.id)["heard"] == 1


def test_a_receipt_that_failed_at_first_is_followed_by_what_was_heard(desk: OfficeDesk) -> None:
    box, record = desk.enrol(), desk.send()
    for end, reach in reversed(ENDINGS):
        desk.take(box, end(box, desk, record.id))
        assert reaches(desk, record.id) == [reach]


def test_a_village_is_not_on_the_board_of_what_was_not_sent_there(desk: OfficeDesk) -> None:
    box = desk.enrol()
    elsewhere = desk.send(areas=(OTHER_TOWN,))
    desk.take(box, box.heard(elsewhere.id, desk.clock, Outcome.PLAYED, 30))
    assert doubts(desk, box) == {Doubt.ELSEWHERE: 1}
    # A copy that somebody gave it: it says itself that it is another's.
    desk.take(box, refused(box, desk, elsewhere.id, Refusal.NOT_FOR_THIS_BOX))
    assert reaches(desk, elsewhere.id) == [] and doubts(desk, box) == {Doubt.ELSEWHERE: 1}
    assert OfficeReceipts(desk.parts.database).receipts_of(elsewhere.id) == []


@pytest.mark.parametrize("why", [Refusal.BAD_SIGNATURE, Refusal.UNKNOWN_KEY, Refusal.EXPIRED])
def test_what_a_box_was_given_and_refused_is_not_held_against_it(
    plain_desk: OfficeDesk, why: Refusal
) -> None:
    """Junk on a stick: of ids that nobody has sent, of another village's, of forged bytes."""
    desk = plain_desk
    box, mine, elsewhere = desk.enrol(), desk.send(), desk.send(areas=(OTHER_TOWN,))
    forged = box.receipt(mine.id, Told.REFUSED, desk.clock, refusal=why, digest="0" * 64)
    others = [refused(box, desk, id, why) for id in (new_bulletin_id(), elsewhere.id)]
    desk.take(box, forged, *others)
    assert doubts(desk, box) == {}
    assert reaches(desk, mine.id) == [DeliveryState.SENT] and reaches(desk, elsewhere.id) == []


def test_what_needs_the_key_of_a_box_is_told_without_the_advice_for_a_stolen_password(
    plain_desk: OfficeDesk, log_in: LogIn
) -> None:
    desk = plain_desk
    box = desk.enrol()
    desk.take(box, accepted(box, desk, new_bulletin_id()))
    page = log_in("管家").see(f"/register/{box.id}")
    assert "1 份说的不是本平台发的通知（上级发的也在内）" in page
    assert "有人拿到了它的密码" not in page


def heard(desk: OfficeDesk, **given: Any) -> dict[str, Any]:
    now = desk.clock.now()
    fields: dict[str, Any] = {"outcome": Outcome.PLAYED, "started": now, "ended": now, "times": 1}
    fields |= {"seconds_played": 30.0, "seconds_due": 30.0, "voice": "baker:female"} | given
    return {"heard": PlayedResult(**fields)}


LIES: dict[str, tuple[Doubt, Callable[[OfficeDesk], dict[str, Any]]]] = {
    "another's digest": (Doubt.OTHER_DIGEST, lambda desk: heard(desk) | {"digest": "0" * 64}),
    "no digest": (Doubt.OTHER_DIGEST, lambda desk: heard(desk) | {"digest": None}),
    "ended in ten years": (
        Doubt.WRONG_TIME,
        lambda desk: heard(desk, ended=desk.clock.now() + 3650 * DAY),
    ),
    "told tomorrow": (Doubt.WRONG_TIME, lambda desk: heard(desk) | {"at": desk.clock.now() + DAY}),
    "told before it was signed": (
        Doubt.WRONG_TIME,
        lambda desk: heard(desk) | {"at": desk.clock.now() - DAY},
    ),
    "more than there is": (Doubt.IMPOSSIBLE, lambda desk: heard(desk, seconds_played=1_000.0)),
    "for a hundred days": (
        Doubt.IMPOSSIBLE,
        lambda desk: heard(desk, seconds_played=1e7, seconds_due=1e7),
    ),
    "for a hundred days, of nobody knows how many": (
        Doubt.IMPOSSIBLE,
        lambda desk: heard(desk, seconds_played=1e7, seconds_due=0.0),
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_cannot_be_is_counted_apart(plain_desk: OfficeDesk, lie: str) -> None:
    desk = plain_desk
    box, record = desk.enrol(), desk.send()
    why, make = LIES[lie]
    desk.take(box, box.receipt(record.id, Told.ENDED, desk.clock, **make(desk)))
    assert reaches(desk, record.id) == [DeliveryState.SENT] and doubts(desk, box) == {why: 1}


def test_a_box_whose_clock_is_known_to_be_wrong_counts_with_a_time_that_can_be(
    plain_desk: OfficeDesk,
) -> None:
    desk = plain_desk
    box, record = desk.enrol(), desk.send()
    desk.clock.advance(60)
    long_ago = desk.clock.now() - 20 * DAY
    told = heard(desk, started=long_ago, ended=long_ago + timedelta(seconds=30), seconds_played=34.0)
    given = told | {"at": long_ago, "clock_trusted": False}
    desk.take(box, box.receipt(record.id, Told.ENDED, desk.clock, **given))
    [place] = desk.parts.board.places(record.id)
    assert place.stage is DeliveryState.HEARD and place.at == record.issued
    # Its last line was said again after a cut.
    assert (place.seconds_played, place.seconds_due) == (30, 30)
    assert doubts(desk, box) == {}


def test_a_flood_is_taken_as_far_as_a_box_can_have_something_to_tell(
    desk: OfficeDesk, caplog: pytest.LogCaptureFixture
) -> None:
    box, honest, record = desk.enrol(), desk.enrol(NEXT_VILLAGE, "上村"), desk.send()
    intake = ReceiptInbox(
        desk.parts.database, desk.clock, ReceiptRateLimit(desk.clock, burst=100, a_second=0.1)
    )
    flood = [accepted(box, desk, new_bulletin_id()) for _ in range(300)]
    with caplog.at_level(logging.WARNING, "broadcaster.county"):
        assert intake.take([IncomingReceipts(box.id, one) for one in flood]) == 100
        intake.take([IncomingReceipts(box.id, b"\x00 not one") for _ in range(1_540)])
        told = honest.heard(record.id, desk.clock, Outcome.PLAYED, 30)
        assert intake.take([IncomingReceipts(honest.id, told), IncomingReceipts("nobody", told)]) == 1
        assert len(caplog.records) == 4
        caplog.clear()
        desk.clock.advance(60)
        intake.take([])
        assert sorted(record.getMessage().rpartition("：")[2] for record in caplog.records) == [
            *("又有 1539 次", "又有 199 次", "又有 99 次"),
        ]
        caplog.clear()
        desk.clock.advance(60)
        intake.take([])
        assert not caplog.records
    assert doubts(desk, box) == {
        Doubt.UNREADABLE: 1_540,
        Doubt.TOO_MANY: 200,
        Doubt.UNKNOWN: 100,
    }
    assert desk.counts(record.id)["heard"] == 1
    # What has been told of before ten minutes are over does not count against what comes then.
    late = [accepted(box, desk, record.id) for _ in range(20)]
    assert intake.take([IncomingReceipts(box.id, one) for one in late]) == 12


def test_what_a_bad_line_sends_again_neither_uses_up_the_pace_nor_is_told_as_more(
    desk: OfficeDesk,
) -> None:
    box, record = desk.enrol(), desk.send()
    intake = ReceiptInbox(
        desk.parts.database, desk.clock, ReceiptRateLimit(desk.clock, burst=10, a_second=0.0)
    )
    told = [IncomingReceipts(box.id, accepted(box, desk, new_bulletin_id())) for _ in range(9)]
    for _ in range(5):
        assert intake.take(told) == 9
    assert (
        intake.take([IncomingReceipts(box.id, box.heard(record.id, desk.clock, Outcome.PLAYED, 30))])
        == 1
    )
    assert doubts(desk, box) == {Doubt.UNKNOWN: 9}


def test_the_box_page_tells_in_one_line_what_does_not_count(
    plain_desk: OfficeDesk, log_in: LogIn
) -> None:
    desk = plain_desk
    box = desk.enrol(VILLAGE)
    page = log_in("管家").see(f"/register/{box.id}")
    assert "没有计入" not in page
    desk.take(box, *(b"\x00" for _ in range(3)), accepted(box, desk, new_bulletin_id()))
    page = log_in("管家").see(f"/register/{box.id}")
    assert "没有计入：3 份读不懂" in page and "1 份说的不是本平台发的通知" in page
    assert "有人拿到了它的密码" in page
    desk.clock.advance(60)
    desk.enrol_by(desk.parts.register.replace(box.id))
    assert "没有计入" not in log_in("管家").see(f"/register/{box.id}")
