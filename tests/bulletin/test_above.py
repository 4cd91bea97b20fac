"""Who stands above a county by the word of its root: two of three keys, forwards only, above only."""

from dataclasses import replace
from typing import Any

import pytest
from bulletin.county_rig import COUNTY, NOON, County

from broadcaster.bulletin import envelope, strict_json
from broadcaster.bulletin.keyring import Keyring, Trust
from broadcaster.bulletin.keys import public
from broadcaster.bulletin.metadata_signing import CharterRefused, make_root, next_root, sign_root
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.bulletin.tuf_metadata import PAYLOAD_TYPE, read_root
from broadcaster.bulletin.upstream_office import UpstreamOffice

PROVINCE = UpstreamOffice("33", "ab" * 32)


def bundle(county: County, root: bytes) -> bytes:
    listed = county.list.signed(county.key, COUNTY).to_bytes()
    return Keyring((*county.roots, root), listed).to_bytes()


def stated(county: County, *above: UpstreamOffice) -> bytes:
    """The county's keyring once its root says this, as the office makes it."""
    old = read_root(county.roots[-1])
    signers = county.root_keys[:2]
    root = next_root(old, signers, (), public(county.key), NOON, above).to_bytes()
    whole = bundle(county, root)
    county.roots.append(root)
    return whole


def root_that_says(county: County, above: Any, signers: Any = None) -> bytes:
    """By a hand that does not go by our own rules."""
    keys = [public(one) for one in county.root_keys]
    expires = county.expires.replace(year=county.expires.year + 5)
    payload = make_root(COUNTY, len(county.roots) + 1, expires, keys, public(county.key))
    fields = strict_json.parse(payload) | {"above": above}
    return sign_root(strict_json.write(fields), signers or county.root_keys[:2]).to_bytes()


def refusal(trust: Trust, data: bytes) -> str:
    with pytest.raises(NotAccepted) as refused:
        trust.updated(data, NOON)
    return refused.value.refusal.name


def test_a_root_says_who_stands_above_and_a_later_one_takes_it_back(county: County) -> None:
    trust = county.trust()
    assert trust.above is None
    named = trust.updated(stated(county, PROVINCE), NOON)
    assert (named.above, named.version) == ((PROVINCE,), (2, 1))
    assert Trust.from_bytes(named.to_bytes()).above == (PROVINCE,)
    assert named.updated(stated(county), NOON).above == ()


def test_it_outlasts_another_root_that_does_not_speak_of_it(county: County) -> None:
    stated(county, PROVINCE)
    old = read_root(county.roots[-1])
    later = next_root(old, county.root_keys[:2], (), public(county.key), NOON)
    assert read_root(later.to_bytes()).above == (PROVINCE,)


def test_a_keyring_of_before_brings_nothing_back(county: County) -> None:
    first = stated(county, PROVINCE)
    trust = county.trust().updated(stated(county), NOON)
    # The older root is passed over: the newest that was verified stays.
    assert trust.updated(first, NOON).above == ()
    assert Trust.pin(county.keyring(), county.pinned, NOON).above == ()


def test_the_countys_key_alone_or_one_root_key_pins_nobody(county: County) -> None:
    trust, said = county.trust(), [{"area": "33", "root": "ab" * 32}]
    for signers in ([county.key], [county.key, county.root_keys[0]], county.root_keys[:1]):
        root = root_that_says(county, said, signers)
        assert refusal(trust, bundle(county, root)) == "KEYRING_NOT_SIGNED"
    with pytest.raises(CharterRefused, match="2 把"):
        old = read_root(county.roots[-1])
        next_root(old, [county.key, county.root_keys[0]], (), public(county.key), NOON, (PROVINCE,))


def test_a_list_of_keys_that_speaks_of_it_is_refused(county: County) -> None:
    fields = strict_json.parse(replace(county.list, version=2).signed(county.key, COUNTY).payload)
    payload = strict_json.write(fields | {"above": [{"area": "33", "root": "ab" * 32}]})
    forged = envelope.sign(PAYLOAD_TYPE, payload, [county.key]).to_bytes()
    data = Keyring(tuple(county.roots), forged).to_bytes()
    assert refusal(county.trust(), data) == "KEYRING_BROKEN"


@pytest.mark.parametrize(
    "above",
    [
        "33",
        {"area": "33", "root": "ab" * 32},
        [{"area": "34", "root": "ab" * 32}],
        [{"area": "331121", "root": "ab" * 32}],
        [{"area": "331122", "root": "ab" * 32}],
        [{"area": "331121104", "root": "ab" * 32}],
        [{"area": "330000", "root": "ab" * 32}],
        [{"area": "33", "root": "ab"}],
        [{"area": "33"}],
        [{"area": "33", "root": "ab" * 32, "more": 1}],
        [{"area": "33", "root": "ab" * 32}, {"area": "33", "root": "cd" * 32}],
        [{"area": "33", "root": "ab" * 32}] * 5,
    ],
)
def test_only_one_who_stands_above_the_county_can_be_named(county: County, above: Any) -> None:
    assert refusal(county.trust(), bundle(county, root_that_says(county, above))) == "KEYRING_BROKEN"
