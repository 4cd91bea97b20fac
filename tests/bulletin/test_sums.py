"""Sums: signed by a county's relay, read by its province."""

from typing import Any

import pytest
from bulletin.county_rig import COUNTY, NOON
from pydantic import ValidationError

from broadcaster.bulletin import envelope, strict_json
from broadcaster.bulletin.bulletin import new_bulletin_id
from broadcaster.bulletin.keys import new_key, public
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.bulletin.relay_totals import (
    PAYLOAD_TYPE,
    RelayHeartbeat,
    RelayTotals,
    read_heartbeat,
    read_totals,
)

KEY = new_key()


def made(**given: Any) -> RelayTotals:
    counts = {"sent": 10, "reached": 8, "accepted": 7, "on_the_air": 1, "heard": 3, "partly": 1}
    counts |= {"failed": 2, "silent": 2}
    fields: dict[str, Any] = {
        "county": COUNTY,
        "number": 1,
        "bulletin": new_bulletin_id(),
        "digest": "0" * 64,
    }
    return RelayTotals(**fields | {"digest": "0" * 64, "at": NOON} | counts | given)


def refusal(data: bytes, county: str = COUNTY) -> str:
    with pytest.raises(NotAccepted) as refused:
        read_totals(data, county, public(KEY))
    return refused.value.refusal.name


def test_a_sum_comes_back_as_it_was_signed() -> None:
    one = made()
    assert b"cancelled" not in one.signed(KEY).payload, (
        "an office of before refuses what it does not know"
    )
    told = made(failed=1, cancelled=1)
    assert read_totals(told.signed(KEY).to_bytes(), COUNTY, public(KEY)) == told
    assert read_totals(one.signed(KEY).to_bytes(), COUNTY, public(KEY)) == one


def test_a_heartbeat_comes_back_as_it_was_signed() -> None:
    plain, full = (RelayHeartbeat(COUNTY, 7, NOON, True, reads) for reads in (1, 2))
    assert b"reads" not in plain.signed(KEY).payload
    for one in (plain, full):
        assert read_heartbeat(one.signed(KEY).to_bytes(), COUNTY, public(KEY)) == one


def test_another_countys_and_a_strangers_are_refused() -> None:
    assert refusal(made().signed(KEY).to_bytes(), "331122") == "WRONG_BOX"
    assert refusal(made().signed(new_key()).to_bytes()) == "UNKNOWN_KEY"


@pytest.mark.parametrize(
    "change",
    [
        {"heard": -1},
        {"heard": True},
        {"heard": 9},
        {"silent": 3},
        {"accepted": 9},
        {"cancelled": 9},
        {"more": 1},
    ],
)
def test_a_sum_that_does_not_add_up_is_refused(change: dict[str, Any]) -> None:
    written = strict_json.parse(made().signed(KEY).payload) | change
    assert (
        refusal(envelope.sign(PAYLOAD_TYPE, strict_json.write(written), [KEY]).to_bytes())
        == "BAD_SCHEMA"
    )
    if "more" not in change:
        with pytest.raises(ValidationError):
            made(**change)
