"""Receipts: signed by the box, read by the office."""

from typing import Any

import pytest
from bulletin.county_rig import NOON
from pydantic import ValidationError
from securesystemslib.signer import CryptoSigner

from broadcaster.bulletin import envelope, strict_json
from broadcaster.bulletin.bulletin import new_bulletin_id
from broadcaster.bulletin.keys import new_key, public
from broadcaster.bulletin.receipts import (
    MOST_TOGETHER,
    PAYLOAD_TYPE,
    PlayedResult,
    Receipt,
    Receipts,
    ReceiptState,
    read_receipts,
)
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.core.model import Outcome

KEY = new_key()
LONGEST = PlayedResult(Outcome.CUT_SHORT, NOON, NOON, 1234.567890123, 1234.567890123, 1000, "音" * 80)
HEARD = PlayedResult(Outcome.PLAYED, NOON, NOON, 31.5, 31.5, 2, "baker:female")


def receipt(**given: Any) -> Receipt:
    fields: dict[str, Any] = {
        "number": 1,
        "bulletin": new_bulletin_id(),
        "digest": "0" * 64,
        "state": ReceiptState.ACCEPTED,
        "at": NOON,
        "clock_trusted": True,
    }
    return Receipt(**fields | given)


def signed(*receipts: Receipt, by: CryptoSigner = KEY) -> bytes:
    return Receipts("box-1", receipts).signed(by).to_bytes()


def sealed(written: Any) -> bytes:
    return envelope.sign(PAYLOAD_TYPE, strict_json.write(written), [KEY]).to_bytes()


def refusal(data: bytes, box: str = "box-1") -> str:
    with pytest.raises(NotAccepted) as refused:
        read_receipts(data, box, public(KEY))
    return refused.value.refusal.name


@pytest.mark.parametrize(
    "made",
    [
        receipt(),
        receipt(
            state=ReceiptState.REFUSED, refusal=Refusal.EXPIRED, reason="已经过了有效期。", digest=None
        ),
        receipt(state=ReceiptState.DEFERRED, reason="夜里不播，等到 06:30。"),
        receipt(state=ReceiptState.ON_THE_AIR),
        receipt(state=ReceiptState.ENDED, heard=HEARD),
        receipt(
            state=ReceiptState.ENDED, heard=PlayedResult(Outcome.FAILED, None, NOON, 0, 31.5, 0, "")
        ),
    ],
    ids=lambda made: made.state,
)
def test_a_receipt_comes_back_as_it_was_signed(made: Receipt) -> None:
    assert read_receipts(signed(made), "box-1", public(KEY)).receipts == (made,)


def test_another_boxs_receipt_is_refused() -> None:
    assert refusal(signed(receipt()), "box-2") == "WRONG_BOX"
    assert refusal(signed(receipt(), by=new_key())) == "UNKNOWN_KEY"


def test_a_changed_receipt_is_refused() -> None:
    one = strict_json.parse(signed(receipt()))
    other = strict_json.parse(signed(receipt(state=ReceiptState.ENDED, heard=HEARD)))
    assert refusal(strict_json.write({**one, "payload": other["payload"]})) == "BAD_SIGNATURE"


@pytest.mark.parametrize(
    "change",
    [
        *({"state": "played"}, {"number": 0}, {"number": True}, {"at": "2026-05-01T12:00:00"}),
        *({"state": "refused"}, {"state": "ended"}, {"heard": {}}, {"more": 1}, {"refusal": "whim"}),
    ],
)
def test_a_receipt_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    written = strict_json.parse(Receipts("box-1", (receipt(),)).signed(KEY).payload)
    written["receipts"][0] |= change
    assert refusal(sealed(written)) == "BAD_SCHEMA"


@pytest.mark.parametrize(
    "receipts", [None, {}, [], [1], ["a"], [[]], [{}], [None]], ids=lambda given: repr(given)
)
def test_what_holds_no_receipts_is_refused(receipts: Any) -> None:
    assert refusal(sealed({"v": 1, "box": "box-1", "receipts": receipts})) == "BAD_SCHEMA"


def test_receipts_are_signed_together_by_rising_numbers_and_not_too_many() -> None:
    some = [receipt(number=number) for number in (3, 4, 9)]
    read = read_receipts(signed(*some), "box-1", public(KEY))
    assert (read.receipts, read.number) == (tuple(some), 9)
    for wrong in ([4, 3], [3, 3], range(1, MOST_TOGETHER + 2)):
        with pytest.raises(ValidationError):
            signed(*(receipt(number=number) for number in wrong))


def test_the_longest_of_receipts_fit_together() -> None:
    long = [
        receipt(number=2**52 + at, state=ReceiptState.ENDED, reason="因" * 300, heard=LONGEST)
        for at in range(MOST_TOGETHER)
    ]
    assert len(read_receipts(signed(*long), "box-1", public(KEY)).receipts) == MOST_TOGETHER


def test_a_receipt_that_says_nothing_of_its_end_cannot_be_made() -> None:
    with pytest.raises(ValidationError):
        receipt(state=ReceiptState.ENDED)
    with pytest.raises(ValidationError):
        receipt(state=ReceiptState.REFUSED)
