"""Envelopes as a thief or a bad line would make them: none is accepted, and none ends in an error."""

import base64
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from bulletin.county_rig import TOWN, Box, County, bulletin, signed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadcaster.bulletin import envelope, strict_json
from broadcaster.bulletin.bulletin import PAYLOAD_TYPE
from broadcaster.bulletin.keyring import Keyring, Trust
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.bulletin.replay_guard import Accepted
from broadcaster.bulletin.verify import BulletinRefused
from broadcaster.core.notice import Severity

COUNTY_RIG = County()
BOX = Box(COUNTY_RIG.trust())
TOLD = bulletin(severity=Severity.RED, text="上游水库放水，请马上转移。")
GENUINE = signed(TOLD, COUNTY_RIG.key)
ORDER_OF_ED25519 = 2**252 + 27742317777372353535851937790883648493


def changed(**changes: Any) -> bytes:
    return strict_json.write(strict_json.parse(GENUINE) | changes)


def with_signature(**changes: Any) -> bytes:
    [genuine] = strict_json.parse(GENUINE)["signatures"]
    return changed(signatures=[genuine | changes])


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def genuine_signature() -> bytes:
    return envelope.read(GENUINE, PAYLOAD_TYPE).signatures[COUNTY_RIG.id(COUNTY_RIG.key)]


def test_the_genuine_one_is_accepted() -> None:
    assert isinstance(BOX.judge(GENUINE), Accepted)


def test_a_malleable_signature_is_refused() -> None:
    """The same signature with the order of the group added to its scalar."""
    made = genuine_signature()
    scalar = int.from_bytes(made[32:], "little") + ORDER_OF_ED25519
    again = encoded(made[:32] + scalar.to_bytes(32, "little"))
    assert BOX.refusal(with_signature(sig=again)) == "BAD_SIGNATURE"


@pytest.mark.parametrize(
    "made", [b"\0" * 64, b"\x01" + b"\0" * 63, b"\xff" * 64, b"\0", b"\0" * 63, b"\0" * 65, b"\0" * 8192]
)
def test_a_signature_of_nothing_is_refused(made: bytes) -> None:
    assert BOX.refusal(with_signature(sig=encoded(made))) == "BAD_SIGNATURE"


def test_the_signature_of_another_key_under_this_ones_id_is_refused() -> None:
    stolen = envelope.read(signed(TOLD, COUNTY_RIG.town), PAYLOAD_TYPE)
    made = encoded(next(iter(stolen.signatures.values())))
    assert BOX.refusal(with_signature(sig=made)) == "BAD_SIGNATURE"


@pytest.mark.parametrize(
    "data",
    [
        changed(signatures=[]),
        changed(signatures={}),
        changed(signatures=None),
        changed(signatures=[None]),
        changed(alg="none"),
        with_signature(alg="none"),
        with_signature(keyid=""),
        with_signature(keyid=5),
        with_signature(keyid="F" * 64),
        with_signature(sig=""),
        with_signature(sig="!!!!"),
        with_signature(sig=encoded(b"\0" * 64).replace("==", "")),
        changed(signatures=strict_json.parse(GENUINE)["signatures"] * 2),
        changed(payload=None),
        changed(payload=["e30="]),
        changed(payload="e30"),
        changed(payload=" e30="),
        changed(payload="e31="),
        changed(payloadType=None),
        GENUINE.replace(b'{"payloadType"', b'{"payload":"e30=","payloadType"'),
        GENUINE + b"x",
        GENUINE[:-1],
    ],
    ids=range(22),
)
def test_what_is_written_otherwise_is_no_envelope(data: bytes) -> None:
    assert BOX.refusal(data) == "NOT_AN_ENVELOPE"


def test_two_signatures_are_one_too_many() -> None:
    both = envelope.sign(PAYLOAD_TYPE, TOLD.to_bytes(), [COUNTY_RIG.key, COUNTY_RIG.town]).to_bytes()
    assert BOX.refusal(both) == "NOT_AN_ENVELOPE"


@pytest.mark.parametrize(
    "payload_type", ["", "application/json", PAYLOAD_TYPE.upper(), PAYLOAD_TYPE + " "]
)
def test_another_type_is_refused_even_if_it_is_signed(payload_type: str) -> None:
    assert BOX.refusal(signed(TOLD, COUNTY_RIG.key, payload_type)) == "WRONG_TYPE"


def test_a_root_passed_as_a_bulletin_is_refused() -> None:
    assert BOX.refusal(COUNTY_RIG.roots[0]) == "WRONG_TYPE"
    assert BOX.refusal(COUNTY_RIG.keyring()) == "NOT_AN_ENVELOPE"


def never_accepted(data: bytes) -> None:
    """What reads as the genuine one, with the same signature, is the genuine one."""
    verdict = BOX.judge(data)
    if isinstance(verdict, Accepted):
        assert verdict.bulletin == TOLD
        read = envelope.read(data, PAYLOAD_TYPE)
        assert read == envelope.read(GENUINE, PAYLOAD_TYPE)
    else:
        assert isinstance(verdict, BulletinRefused)


PLACES = st.integers(0, len(GENUINE) - 1)
CHANGES = st.lists(st.tuples(PLACES, st.integers(0, 255)), min_size=1, max_size=4)
CUTS = st.tuples(PLACES, PLACES, st.binary(max_size=12))
PAYLOAD = TOLD.to_bytes()
INSIDE = st.lists(
    st.tuples(st.integers(0, len(PAYLOAD) - 1), st.integers(0, 255)), min_size=1, max_size=4
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(sorted(strict_json.parse(PAYLOAD)))


def over(data: bytes, changes: list[tuple[int, int]]) -> bytes:
    made = bytearray(data)
    for place, byte in changes:
        made[place] = byte
    return bytes(made)


def resealed(payload: bytes) -> bytes:
    """Another payload under the genuine signature."""
    return changed(payload=encoded(payload))


MUTATED = st.one_of(
    CHANGES.map(lambda changes: over(GENUINE, changes)),
    CUTS.map(lambda cut: GENUINE[: cut[0]] + cut[2] + GENUINE[cut[1] :]),
    INSIDE.map(lambda changes: resealed(over(PAYLOAD, changes))),
    st.binary(max_size=200),
    st.dictionaries(
        st.sampled_from(["payload", "payloadType", "signatures", "alg"]), JSON, min_size=1
    ).map(lambda fields: _tolerant(strict_json.parse(GENUINE) | fields)),
)
# Signed by a town: what its key is good for, in any shape.
SIGNED_BY_A_TOWN = st.one_of(
    INSIDE.map(lambda changes: over(PAYLOAD, changes)),
    st.tuples(FIELDS, JSON).map(
        lambda field: _tolerant(strict_json.parse(PAYLOAD) | {field[0]: field[1]})
    ),
    JSON.map(lambda value: _tolerant(value)),
)


def _tolerant(value: Any) -> bytes:
    """As a careless program writes JSON: NaN, lone surrogates and all."""
    import json

    return json.dumps(value).encode()


CALM = [HealthCheck.too_slow, HealthCheck.data_too_large]
FEW = settings(
    max_examples=1_000, deadline=None, derandomize=True, database=None, suppress_health_check=CALM
)
MANY = settings(max_examples=100_000, deadline=None, database=None, suppress_health_check=CALM)


@FEW
@given(MUTATED)
def test_no_mutated_envelope_is_accepted(data: bytes) -> None:
    never_accepted(data)


@settings(FEW, max_examples=600)
@given(SIGNED_BY_A_TOWN)
def test_nothing_signed_by_a_town_sounds_red_or_beyond_it(payload: bytes) -> None:
    verdict = BOX.judge(envelope.sign(PAYLOAD_TYPE, payload, [COUNTY_RIG.town]).to_bytes())
    if isinstance(verdict, Accepted):
        assert verdict.bulletin.severity not in (Severity.RED, Severity.ORANGE)
        assert all(area.startswith(TOWN) for area in verdict.bulletin.areas)


@settings(FEW, max_examples=200)
@given(st.data())
def test_no_mutated_keyring_is_followed(data: st.DataObject) -> None:
    genuine = COUNTY_RIG.keyring()
    place = data.draw(st.integers(0, len(genuine) - 1))
    mutated = over(genuine, [(place, data.draw(st.integers(0, 255)))])
    try:
        followed = BOX.trust.updated(mutated, TOLD.issued)
    except NotAccepted:
        return
    assert followed.targets.envelope.payload == BOX.trust.targets.envelope.payload


def resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
@MANY
@given(MUTATED)
def test_no_one_of_100_000_mutated_envelopes_is_accepted(data: bytes) -> None:
    never_accepted(data)


def mutants(chance: random.Random, number: int) -> Iterator[bytes]:
    for _ in range(number):
        genuine = chance.choice((GENUINE, PAYLOAD))
        spots = [(chance.randrange(len(genuine)), chance.randrange(256)) for _ in range(2)]
        made = over(genuine, spots)
        yield made if genuine is GENUINE else resealed(made)


@pytest.mark.slow
def test_nothing_grows_with_100_000_mutated_envelopes() -> None:
    """Without hypothesis, which remembers every example: 260 MB for as many."""
    chance = random.Random(6)
    for data in mutants(chance, 5_000):
        never_accepted(data)
    before = resident_bytes()
    for data in mutants(chance, 100_000):
        never_accepted(data)
    assert resident_bytes() - before < 4_000_000


def test_the_office_reads_a_keyring_that_the_box_reads() -> None:
    bundle = COUNTY_RIG.keyring()
    assert Keyring.from_bytes(bundle).to_bytes() == bundle
    assert Trust.pin(bundle, COUNTY_RIG.pinned, TOLD.issued).area == "331121"
