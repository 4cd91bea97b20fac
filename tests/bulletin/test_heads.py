"""Heads: believed from the county only, never backwards, and what they tell."""

from datetime import timedelta
from typing import Any

import pytest
from bulletin.county_rig import COUNTY, NOON, Box, County, bulletin, signed, trusted, untrusted

from broadcaster.bulletin import envelope, snapshot, strict_json
from broadcaster.bulletin.keys import new_key
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.bulletin.snapshot import Snapshot, read_snapshot


def refusal(data: bytes, box: Box, newest: Snapshot | None = None, now: Any = None) -> str:
    with pytest.raises(NotAccepted) as refused:
        read_snapshot(data, box.trust, now or trusted(), newest)
    return refused.value.refusal.name


def test_heads_come_back_as_they_were_signed(county: County, box: Box) -> None:
    made = county.snapshot(bulletin(seq=3), bulletin(seq=9), nonce="0123456789abcdef")
    assert read_snapshot(made.signed(county.key).to_bytes(), box.trust, trusted()) == made


@pytest.mark.parametrize("signer", ["town", "village"])
def test_heads_of_anybody_else_are_refused(county: County, box: Box, signer: str) -> None:
    forged = county.snapshot().signed(getattr(county, signer)).to_bytes()
    assert refusal(forged, box) == "UNKNOWN_KEY"
    assert refusal(county.snapshot().signed(new_key()).to_bytes(), box) == "UNKNOWN_KEY"


def test_heads_that_were_changed_are_refused(county: County, box: Box) -> None:
    made = strict_json.parse(county.snapshot().signed(county.key).to_bytes())
    other = strict_json.parse(county.snapshot(bulletin()).signed(county.key).to_bytes())
    assert refusal(strict_json.write({**made, "payload": other["payload"]}), box) == "BAD_SIGNATURE"


def test_a_bulletin_is_no_heads_and_heads_are_no_bulletin(county: County, box: Box) -> None:
    assert refusal(signed(bulletin(), county.key), box) == "WRONG_TYPE"
    assert box.refusal(county.snapshot().signed(county.key).to_bytes()) == "WRONG_TYPE"
    disguised = signed(bulletin(), county.key, snapshot.PAYLOAD_TYPE)
    assert refusal(disguised, box) == "BAD_SCHEMA"
    relabelled = strict_json.parse(signed(bulletin(), county.key))
    relabelled["payloadType"] = snapshot.PAYLOAD_TYPE
    assert refusal(strict_json.write(relabelled), box) == "BAD_SIGNATURE"


def test_older_heads_are_refused(county: County, box: Box) -> None:
    newest = county.snapshot()
    older = county.snapshot(at=NOON - timedelta(minutes=10)).signed(county.key).to_bytes()
    assert refusal(older, box, newest) == "SNAPSHOT_OLD"


def test_heads_of_an_older_keyring_are_refused(county: County, box: Box) -> None:
    box.trust = box.trust.updated(county.keyring(version=2), NOON)
    assert (
        refusal(county.snapshot(keyring=(1, 1)).signed(county.key).to_bytes(), box)
        == "KEYRING_ROLLED_BACK"
    )


def test_heads_of_next_year_are_refused_by_a_trusted_clock(county: County, box: Box) -> None:
    ahead = county.snapshot(at=NOON + timedelta(days=365)).signed(county.key).to_bytes()
    assert refusal(ahead, box) == "NOT_YET_VALID"
    assert read_snapshot(ahead, box.trust, untrusted(NOON)).at.year == 2027


@pytest.mark.parametrize(
    "change",
    [{"v": 2}, {"at": 5}, {"highest": []}, {"in_force": {"x": "y"}}, {"more": 1}, {"nonce": "short"}],
)
def test_heads_of_another_shape_are_refused(county: County, box: Box, change: dict[str, Any]) -> None:
    written = strict_json.parse(county.snapshot().signed(county.key).payload) | change
    made = envelope.sign(snapshot.PAYLOAD_TYPE, strict_json.write(written), [county.key])
    assert refusal(made.to_bytes(), box) == "BAD_SCHEMA"


def test_stale_heads_show(county: County) -> None:
    made = county.snapshot()
    assert made.is_fresh(NOON + timedelta(minutes=29))
    assert not made.is_fresh(NOON + timedelta(minutes=31))


def test_a_withheld_bulletin_shows(county: County) -> None:
    one, two = bulletin(seq=1), bulletin(seq=2)
    made = county.snapshot(one, two)
    assert made.missing({one.id: made.in_force[one.id]}) == {two.id}
    assert made.missing({one.id: "0" * 64, two.id: made.in_force[two.id]}) == {one.id}


def test_only_the_nonce_of_this_box_tells_it_the_time(county: County) -> None:
    assert county.snapshot(nonce="a" * 32).tells_time_to("a" * 32)
    assert not county.snapshot(nonce="a" * 32).tells_time_to("b" * 32)
    assert not county.snapshot().tells_time_to("a" * 32)
    assert not county.snapshot().tells_time_to("")


def test_five_hundred_bulletins_in_force_fit_into_heads(county: County, box: Box) -> None:
    many = [bulletin(seq=number) for number in range(1, 501)]
    data = county.snapshot(*many).signed(county.key).to_bytes()
    assert len(data) < envelope.LARGEST // 2
    assert len(read_snapshot(data, box.trust, trusted()).in_force) == 500
    assert box.trust.area == COUNTY
