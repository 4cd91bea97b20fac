"""Whom a box believes: pinned, followed over rotations, never backwards."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from bulletin.county_rig import COUNTY, NOON, TOWN, Box, County, bulletin, signed, trusted
from securesystemslib.signer import SSlibKey

from broadcaster.bulletin import envelope, strict_json
from broadcaster.bulletin.delegation import Delegation
from broadcaster.bulletin.keyring import Keyring, Trust
from broadcaster.bulletin.keys import new_key, public
from broadcaster.bulletin.metadata_signing import KeyList, sign_root
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.bulletin.tuf_metadata import PAYLOAD_TYPE
from broadcaster.core.notice import Severity


def refusal(trust: Trust, bundle: bytes, now: Any = NOON) -> str:
    with pytest.raises(NotAccepted) as refused:
        trust.updated(bundle, now)
    return refused.value.refusal.name


def root_fields(county: County) -> dict[str, Any]:
    written = envelope.read(county.roots[-1], PAYLOAD_TYPE)
    fields: dict[str, Any] = strict_json.parse(written.payload)
    return fields


def test_a_keyring_is_pinned_by_the_digest_of_its_first_root(county: County) -> None:
    trust = county.trust()
    assert (trust.area, trust.version) == (COUNTY, (1, 1))
    with pytest.raises(NotAccepted):
        Trust.pin(County().keyring(), county.pinned, NOON)


def test_a_trust_is_kept_on_disk_and_read_again(county: County) -> None:
    trust = county.trust()
    again = Trust.from_bytes(trust.to_bytes())
    assert again.to_bytes() == trust.to_bytes()
    assert again.version == trust.version
    assert Box(again).take(signed(bulletin(), county.key))


def test_a_root_on_the_disk_that_is_not_as_it_was_signed_is_refused(county: County) -> None:
    """Of three signatures one may be wrong; of what they are of nothing may."""
    kept = county.trust().to_bytes()
    payload = kept.index(b'payload\\":\\"') + len(b'payload\\":\\"')
    for place in range(payload, kept.index(b'\\"', payload), 7):
        flipped = bytearray(kept)
        flipped[place] ^= 0x10
        with pytest.raises(NotAccepted):
            Trust.from_bytes(bytes(flipped))


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"roots":[],"targets":""}', b"[" * 10_000, b'{"a":1,"a":2}']
)
def test_what_is_no_keyring_is_refused(county: County, data: bytes) -> None:
    assert refusal(county.trust(), data) == "KEYRING_BROKEN"
    with pytest.raises(NotAccepted):
        Trust.from_bytes(data)


def test_a_keyring_of_ten_megabytes_is_not_read(county: County) -> None:
    assert refusal(county.trust(), b" " * 10_000_000) == "TOO_BIG"


def test_a_rolled_back_keyring_is_refused(county: County) -> None:
    first = county.keyring()
    trust = county.trust().updated(county.keyring(version=2), NOON)
    assert refusal(trust, first) == "KEYRING_ROLLED_BACK"


def test_a_second_keyring_of_one_version_is_refused(county: County) -> None:
    trust = county.trust()
    other = county.keyring(revoked=(public(county.town).keyid,))
    assert refusal(trust, other) == "OTHER_BYTES"


def test_an_expired_keyring_is_refused(county: County) -> None:
    assert refusal(county.trust(), county.keyring(version=2), county.expires) == "KEYRING_EXPIRED"


def test_a_keyring_that_the_town_signed_is_refused(county: County) -> None:
    forged = replace(county.list, version=2).signed(county.town, COUNTY).to_bytes()
    assert (
        refusal(county.trust(), Keyring(tuple(county.roots), forged).to_bytes()) == "KEYRING_NOT_SIGNED"
    )


@pytest.mark.parametrize("area", ["33", "331122", "331122100"])
def test_a_delegation_beyond_the_county_is_refused(county: County, area: str) -> None:
    trust = county.trust()
    wide = Delegation(area, "别处", frozenset({Severity.BLUE}), (public(county.town).keyid,))
    bundle = county.keyring(version=2, delegations=(*county.list.delegations, wide))
    assert refusal(trust, bundle) == "KEYRING_BROKEN"


def test_a_town_never_has_red_whatever_its_county_signs(county: County) -> None:
    with pytest.raises(ValueError):
        Delegation(TOWN, "高市乡", frozenset({Severity.RED}), ())
    fields = county.list.signed(county.key, COUNTY).payload.replace(b"[034]", b"[0134]")
    targets = envelope.sign(PAYLOAD_TYPE, fields, [county.key]).to_bytes()
    assert refusal(county.trust(), Keyring(tuple(county.roots), targets).to_bytes()) == "KEYRING_BROKEN"


@pytest.mark.parametrize(
    "change",
    [
        (b"331121104???", b"331121?????"),
        (b'bulletins/331121104???/[034]/*"', b'*/*/*/*"'),
        (b'"scheme":"ed25519"', b'"scheme":"none"'),
        (b'"keytype":"ed25519"', b'"keytype":""'),
        (b'"version":1', b'"version":true'),
        (b'"threshold":1', b'"threshold":0'),
        (b'"revoked":[]', b'"revoked":"none"'),
        (b'"revoked":[]', b'"revoked":[],"revoked":[]'),
    ],
)
def test_a_list_of_keys_that_is_written_otherwise_is_refused(
    county: County, change: tuple[bytes, bytes]
) -> None:
    payload = county.list.signed(county.key, COUNTY).payload
    assert change[0] in payload
    targets = envelope.sign(PAYLOAD_TYPE, payload.replace(*change), [county.key]).to_bytes()
    assert refusal(county.trust(), Keyring(tuple(county.roots), targets).to_bytes()) == "KEYRING_BROKEN"


def test_one_key_under_two_ids_is_refused(county: County) -> None:
    """Else one person could sign twice for a root that wants two."""
    twin = SSlibKey("0" * 64, "ed25519", "ed25519", dict(public(county.town).keyval))
    assert (
        refusal(county.trust(), county.keyring(version=2, keys=(*county.list.keys, twin)))
        == "KEYRING_BROKEN"
    )


def test_two_rotations_while_the_box_was_off(county: County) -> None:
    trust = county.trust()
    county.rotate_root([new_key() for _ in range(3)])
    county.rotate_root([county.root_keys[0], new_key(), county.root_keys[1]], new_key())
    newer = trust.updated(county.keyring(version=2), NOON)
    assert newer.version == (3, 2)
    assert newer.area == COUNTY


def test_a_rotation_that_leaves_one_root_out_is_refused(county: County) -> None:
    trust = county.trust()
    for _ in range(2):
        county.rotate_root([new_key() for _ in range(3)])
    bundle = Keyring.from_bytes(county.keyring(version=2))
    gap = Keyring((bundle.roots[0], bundle.roots[2]), bundle.targets)
    assert refusal(trust, gap.to_bytes()) == "KEYRING_GAP"


def test_a_root_that_one_old_key_signed_is_refused(county: County) -> None:
    trust = county.trust()
    fields = {**root_fields(county), "version": 2}
    signers = [county.root_keys[0]]
    county.roots.append(sign_root(strict_json.write(fields), signers).to_bytes())
    assert refusal(trust, county.keyring(version=2)) == "KEYRING_NOT_SIGNED"


def test_a_root_of_strangers_is_refused(county: County) -> None:
    trust, other = county.trust(), County()
    other.rotate_root(other.root_keys)
    assert refusal(trust, other.keyring(version=2)) == "KEYRING_NOT_SIGNED"


def test_a_root_that_moves_to_another_county_is_refused(county: County) -> None:
    trust = county.trust()
    fields = {**root_fields(county), "version": 2, "area": "3311"}
    county.roots.append(sign_root(strict_json.write(fields), county.root_keys).to_bytes())
    assert refusal(trust, county.keyring(version=2)) == "KEYRING_BROKEN"


def test_after_a_rotation_the_old_roots_keyring_is_refused(county: County) -> None:
    old = county.keyring(version=7)
    trust = county.trust()
    county.rotate_root(county.root_keys, new_key())
    trust = trust.updated(county.keyring(version=1), NOON)
    assert trust.version == (2, 1)
    assert refusal(trust, old) == "KEYRING_NOT_SIGNED"


def test_a_stolen_county_key_that_ran_the_version_up_is_overcome_by_rotation(county: County) -> None:
    trust = county.trust().updated(county.keyring(version=2**50), NOON)
    county.rotate_root(county.root_keys, new_key())
    assert trust.updated(county.keyring(version=3), NOON).version == (2, 3)


def test_a_new_key_speaks_and_the_old_one_does_not(county: County) -> None:
    old = county.key
    queued = signed(bulletin(), old)
    box = Box(county.trust())
    county.rotate_root(county.root_keys, new_key())
    listed = county.list.rotated(public(old).keyid, public(county.key), NOON)
    box.trust = box.trust.updated(county.keyring(**vars(listed)), NOON)
    assert box.refusal(queued) == "REVOKED_KEY"
    box.take(signed(bulletin(), county.key))


def test_a_key_list_survives_being_written_and_read(county: County) -> None:
    listed = KeyList.of(county.trust().targets)
    assert listed.signed(county.key, COUNTY).payload == county.list.signed(county.key, COUNTY).payload


def test_a_refused_keyring_changes_nothing(county: County) -> None:
    box = Box(county.trust())
    assert refusal(box.trust, b"{}") == "KEYRING_BROKEN"
    box.take(signed(bulletin(), county.key), trusted(NOON + timedelta(minutes=1)))
