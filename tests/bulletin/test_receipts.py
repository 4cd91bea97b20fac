"""Receipts: signed by the box, read by the office."""

from typing import Any

import pytest
from county_rig import NOON
from pydantic import ValidationError

from broadcaster.bulletin import envelope, strict_json
from broadcaster.bulletin.bulletin import new_bulletin_id
from broadcaster.bulletin.keys import new_key, public
from broadcaster.bulletin.receipts import PAYLOAD_TYPE, Heard, Receipt, State, read_receipt
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.model import Outcome

KEY = new_key()
HEARD = Heard(Outcome.PLAYED, NOON, NOON, 31.5, 31.5, 2, "baker:female")


def receipt(**given: Any) -> Receipt:
    fields: dict[str, Any] = {
        "box": "box-1",
        "number": 1,
        "bulletin": new_bulletin_id(),
        "digest": "0" * 64,
        "state": State.ACCEPTED,
        "at": NOON,
        "clock_trusted": True,
    }
    return Receipt(**fields | given)


def refusal(data: bytes, box: str = "box-1") -> str:
    with pytest.raises(NotAccepted) as refused:
        read_receipt(data, box, public(KEY))
    return refused.value.refusal.name


@pytest.mark.parametrize(
    "made",
    [
        receipt(),
        receipt(state=State.REFUSED, refusal=Refusal.EXPIRED, reason="已经过了有效期。", digest=None),
        receipt(state=State.DEFERRED, reason="夜里不播，等到 06:30。"),
        receipt(state=State.ON_THE_AIR),
        receipt(state=State.ENDED, heard=HEARD),
        receipt(state=State.ENDED, heard=Heard(Outcome.FAILED, None, NOON, 0, 31.5, 0, "")),
    ],
    ids=lambda made: made.state,
)
def test_a_receipt_comes_back_as_it_was_signed(made: Receipt) -> None:
    assert read_receipt(made.signed(KEY).to_bytes(), "box-1", public(KEY)) == made


def test_another_boxs_receipt_is_refused() -> None:
    assert refusal(receipt().signed(KEY).to_bytes(), "box-2") == "WRONG_BOX"
    assert refusal(receipt().signed(new_key()).to_bytes()) == "UNKNOWN_KEY"


def test_a_changed_receipt_is_refused() -> None:
    one = strict_json.parse(receipt().signed(KEY).to_bytes())
    other = strict_json.parse(receipt(state=State.ENDED, heard=HEARD).signed(KEY).to_bytes())
    assert refusal(strict_json.write({**one, "payload": other["payload"]})) == "BAD_SIGNATURE"


@pytest.mark.parametrize(
    "change",
    [
        *({"state": "played"}, {"number": 0}, {"number": True}, {"at": "2026-05-01T12:00:00"}),
        *({"state": "refused"}, {"state": "ended"}, {"heard": {}}, {"more": 1}, {"refusal": "whim"}),
    ],
)
def test_a_receipt_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    written = strict_json.parse(receipt().signed(KEY).payload) | change
    made = envelope.sign(PAYLOAD_TYPE, strict_json.write(written), [KEY])
    assert refusal(made.to_bytes()) == "BAD_SCHEMA"


def test_a_receipt_that_says_nothing_of_its_end_cannot_be_made() -> None:
    with pytest.raises(ValidationError):
        receipt(state=State.ENDED)
    with pytest.raises(ValidationError):
        receipt(state=State.REFUSED)
