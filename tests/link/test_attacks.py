"""The attacks on a county against its running parts: a real broker over TLS, a real box with its store.

Who attacks here may publish to the broker whatever and wherever the office may. `SHOWN` says of each
attack which tests show that it fails; a name that is no test fails here. What comes to the office as XML
or in a package (XXE, `../` in a tar) goes through the office's own page.
"""

import hmac
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from bulletin.county_rig import COUNTY, OTHER_TOWN, TOWN, VILLAGE, County, signed
from link.link_rig import PASSWORD, Life, LinkBox, Office, cancel, notice, told_zone, until
from rig.broker import BrokerRig, OfficeClient
from securesystemslib.signer import CryptoSigner

from broadcaster.bulletin import envelope, mqtt_topics, strict_json
from broadcaster.bulletin.bulletin import PAYLOAD_TYPE, Bulletin
from broadcaster.bulletin.keyring import Keyring
from broadcaster.bulletin.keys import new_key, public
from broadcaster.bulletin.receipts import ReceiptState
from broadcaster.bulletin.refusals import Refusal
from broadcaster.bulletin.snapshot import PAYLOAD_TYPE as SNAPSHOT_TYPE
from broadcaster.core.clock import Clock
from broadcaster.core.notice import Notice, Severity
from broadcaster.county.keys.key_folder import KeyFolder, open_key
from broadcaster.county.notices.draft import Draft
from broadcaster.county.notices.draft import DraftState as PaperState
from broadcaster.county.notices.publisher import Outgoing, Publisher
from broadcaster.county.pages.base.office_services import make_parts
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.officers import OfficeRole

ORDER_OF_ED25519 = 2**252 + 27742317777372353535851937790883648493
WHOLE = [ReceiptState.ACCEPTED, ReceiptState.ON_THE_AIR, ReceiptState.ENDED]
SENTENCE = "三个和尚没水喝 2026"

SHOWN = {
    "replay": "test_what_is_sent_again_is_heard_once bulletin/test_verify.py::test_a_replay",
    "replay after the box's database is wiped":
        "link/test_link.py::test_a_box_that_lost_its_memory_goes_by_the_heads",
    "rolled-back keyring": "test_a_keyring_that_is_rolled_back_is_not_followed",
    "stale heads": "link/test_link.py::test_heads_that_are_older_than_those_the_box_has_are_not_gone_by",
    "withheld bulletin": "link/test_link.py::test_what_nobody_sends_though_it_is_in_force_is_a_fault",
    "a leaked key that fast-forwards seq, then rotation":
        "test_a_leaked_key_that_ran_its_numbers_up_is_overcome_by_the_offices_rotation",
    "a town key on another town, on the county, on severity 1; mixed areas":
        "test_what_is_published_straight_to_the_broker_is_refused_by_its_name",
    "expired, not yet valid, too long a life":
        "test_what_is_published_straight_to_the_broker_is_refused_by_its_name",
    "box clock at 1970, 2020, +1 year":
        "test_a_box_whose_clock_is_years_off_connects_and_is_fooled_by_nothing_old "
        "bulletin/test_verify.py::test_with_a_wrong_clock_only_what_is_urgent_is_said "
        "link/test_link.py::test_a_clock_that_is_off_is_not_confirmed",
    "two rotations while off": "test_two_rotations_while_the_box_was_off",
    "revoked key's queued bulletin":
        "link/test_link.py::test_a_revoked_keys_words_for_later_are_withdrawn",
    "cancel first": "link/test_link.py::test_a_cancel_that_comes_first_keeps_it_off",
    "cancel by a stranger": "test_a_town_does_not_cancel_what_its_county_said",
    "same id, other bytes": "test_the_same_id_with_other_bytes_is_refused",
    "duplicate JSON keys, NaN, 10 MB, depth 10,000":
        "test_garbage_on_every_topic_keeps_nothing_from_being_heard "
        "test_ten_megabytes_come_no_further_than_the_broker "
        "test_what_is_published_straight_to_the_broker_is_refused_by_its_name",
    "wrong or no algorithm":
        "test_what_is_published_straight_to_the_broker_is_refused_by_its_name "
        "test_a_keyring_with_a_key_of_another_algorithm_is_not_followed "
        "bulletin/test_forged.py::test_what_is_written_otherwise_is_no_envelope",
    "malleable signatures":
        "test_what_is_published_straight_to_the_broker_is_refused_by_its_name "
        "test_a_malleable_copy_keeps_the_genuine_one_from_nothing "
        "bulletin/test_forged.py::test_a_malleable_signature_is_refused",
    "heads passed as a bulletin": "test_what_is_published_straight_to_the_broker_is_refused_by_its_name",
    "another box publishing": "link/test_link_faults.py::test_another_box_cannot_speak_for_the_county",
    "session takeover": "link/test_link_faults.py::test_another_user_does_not_take_a_boxs_session_over",
    "broker killed after PUBACK":
        "link/test_link_faults.py::test_what_the_broker_has_acknowledged_outlasts_its_death "
        "link/test_link_faults.py::test_receipts_that_the_broker_acknowledged_and_lost_come_again "
        "link/test_link_faults.py::test_a_receipt_is_kept_until_the_broker_has_surely_saved_it "
        "link/test_link_faults.py::test_a_receipt_that_nobody_listens_to_is_no_lost_one",
    "1,500 bulletins and then a red one":
        "link/test_link_faults.py::test_the_red_one_behind_1500_others_is_heard",
    "an hour without broker":
        "link/test_link_faults.py::test_an_hour_without_a_broker_and_the_box_says_so_and_goes_on",
    "XXE": "county/test_foreign_pages.py::test_an_attack_in_a_file_is_refused_by_the_page",
    "tar with ../": "county/test_foreign_pages.py::test_an_attack_in_a_file_is_refused_by_the_page",
    "USB with changed audio": "link/test_sounds.py::test_a_stick_brings_it_along",
    "USB with a link":
        "link/test_stick.py::test_links_devices_and_what_is_too_big_are_not_read "
        "link/test_stick.py::test_an_outbox_that_is_a_link_is_not_written_through",
    "100,000 mutated envelopes":
        "bulletin/test_forged.py::test_no_one_of_100_000_mutated_envelopes_is_accepted "
        "bulletin/test_forged.py::test_nothing_grows_with_100_000_mutated_envelopes",
}  # fmt: skip


@pytest.mark.parametrize("attack", SHOWN)
def test_each_attack_has_its_tests(attack: str) -> None:
    tests = Path(__file__).parent.parent
    for name in SHOWN[attack].split():
        file, _, test = name.rpartition("::")
        text = (tests / (file or "link/test_attacks.py")).read_text(encoding="utf-8")
        assert f"\ndef {test}(" in text, name


def from_now(hours: float) -> datetime:
    return datetime.now(told_zone()) + timedelta(hours=hours)


def by_the_town(**given: Any) -> Callable[[County], bytes]:
    return lambda county: signed(notice(**given), county.town)


def by_the_county(**given: Any) -> Callable[[County], bytes]:
    return lambda county: signed(notice(**given), county.key)


def snapshot(county: County) -> bytes:
    return county.snapshot(at=from_now(0)).signed(county.key).to_bytes()


def altered(**changes: Any) -> Callable[[County], bytes]:
    """A genuine one, its envelope written otherwise."""
    return lambda county: strict_json.write(strict_json.parse(signed(notice(), county.key)) | changes)


def signed_by(make: Callable[[County, bytes, bytes], bytes]) -> Callable[[County], bytes]:
    """Under the name of the county's key: something made of that, the true signature, what it signs."""

    def forge(county: County) -> bytes:
        true = envelope.read(signed(notice(), county.key), PAYLOAD_TYPE)
        [(key_id, signature)] = true.signatures.items()
        made = make(county, signature, true.signed_bytes)
        return replace(true, signatures={key_id: made}).to_bytes()

    return forge


def malleable(county: County, signature: bytes, what: bytes) -> bytes:
    """The same signature to who does not ask that its scalar be below the order of the group."""
    scalar = int.from_bytes(signature[32:], "little") + ORDER_OF_ED25519
    return signature[:32] + scalar.to_bytes(32, "little")


def by_ecdsa(county: County, signature: bytes, what: bytes) -> bytes:
    return bytes.fromhex(CryptoSigner.generate_ecdsa().sign(what).signature)


def by_hmac(county: County, signature: bytes, what: bytes) -> bytes:
    """With the public key for a secret: what fools those who let the message name its algorithm."""
    return hmac.digest(bytes.fromhex(public(county.key).keyval["public"]), what, "sha512")


def with_algorithm(name: str) -> Callable[[County], bytes]:
    def forge(county: County) -> bytes:
        written = strict_json.parse(signed(notice(), county.key))
        return strict_json.write(written | {"signatures": [written["signatures"][0] | {"alg": name}]})

    return forge


def truly_signed(payload: bytes) -> Callable[[County], bytes]:
    """By the county's own key: nothing but the schema stands between this and the box."""
    return lambda county: envelope.sign(PAYLOAD_TYPE, payload, [county.key]).to_bytes()


def twice(field: bytes) -> Callable[[County], bytes]:
    told = notice().to_bytes()
    return truly_signed(told.replace(b"{", b"{" + field + b",", 1))


STRAIGHT = {
    "another town": (by_the_town(areas=(OTHER_TOWN,)), Refusal.AREA_NOT_ALLOWED),
    "the county": (by_the_town(areas=(COUNTY,)), Refusal.AREA_NOT_ALLOWED),
    "mixed areas": (by_the_town(areas=(TOWN, OTHER_TOWN)), Refusal.AREA_NOT_ALLOWED),
    "severity 1": (by_the_town(areas=(TOWN,), severity=Severity.RED), Refusal.SEVERITY_NOT_ALLOWED),
    "expired": (
        by_the_county(issued=from_now(-3), not_before=from_now(-3), expires=from_now(-1)),
        Refusal.EXPIRED,
    ),
    "not yet valid": (
        by_the_county(issued=from_now(2), not_before=from_now(2), expires=from_now(3)),
        Refusal.NOT_YET_VALID,
    ),
    "too long a life": (by_the_county(expires=from_now(24 * 400)), Refusal.TOO_LONG_A_LIFE),
    "a number far ahead": (by_the_county(seq=2**50), Refusal.SEQUENCE_JUMPED),
    "a key of nobody": (lambda county: signed(notice(), new_key()), Refusal.UNKNOWN_KEY),
    "heads as a bulletin": (snapshot, Refusal.WRONG_TYPE),
    "no algorithm": (with_algorithm("none"), Refusal.NOT_AN_ENVELOPE),
    "another algorithm": (with_algorithm("HS256"), Refusal.NOT_AN_ENVELOPE),
    "algorithm of the envelope": (altered(alg="none"), Refusal.NOT_AN_ENVELOPE),
    "no signature": (altered(signatures=[]), Refusal.NOT_AN_ENVELOPE),
    "an empty signature": (signed_by(lambda *_: b""), Refusal.NOT_AN_ENVELOPE),
    "a signature of zeros": (signed_by(lambda *_: b"\0" * 64), Refusal.BAD_SIGNATURE),
    "ECDSA under the county's name": (signed_by(by_ecdsa), Refusal.BAD_SIGNATURE),
    "HMAC by the public key": (signed_by(by_hmac), Refusal.BAD_SIGNATURE),
    "malleable": (signed_by(malleable), Refusal.BAD_SIGNATURE),
    "duplicate keys, truly signed": (twice(b'"severity":1'), Refusal.BAD_SCHEMA),
    "NaN, truly signed": (twice(b'"x":NaN'), Refusal.BAD_SCHEMA),
    "depth 10,000, truly signed": (truly_signed(b"[" * 10_000 + b"]" * 10_000), Refusal.BAD_SCHEMA),
    "a bulletin of another type": (
        lambda county: signed(notice(), county.key, SNAPSHOT_TYPE),
        Refusal.WRONG_TYPE,
    ),
}


@pytest.mark.parametrize("attack", STRAIGHT)
def test_what_is_published_straight_to_the_broker_is_refused_by_its_name(
    attack: str, box: LinkBox, office: Office, county: County
) -> None:
    make, refusal = STRAIGHT[attack]
    with box.running() as life:
        until(lambda: life.connected)
        office.client.publish(mqtt_topics.bulletin(COUNTY, "x"), make(county), retain=False)
        until(lambda: box.receipts(office.client))
        assert [one.refusal for one in box.receipts(office.client)] == [refusal]
        still_hears(life, box, office)


def still_hears(life: Life, box: LinkBox, office: Office, by: CryptoSigner | None = None) -> None:
    """The next true one, and it alone."""
    before = life.heard()
    told = office.publish(notice(seq=50), by=by)
    until(lambda: box.states(office.client, told) == WHOLE)
    assert life.heard() == [*before, told.id]


def test_a_malleable_copy_keeps_the_genuine_one_from_nothing(
    box: LinkBox, office: Office, county: County
) -> None:
    """Who is quicker than the county with a copy of its words does not spoil them."""
    told = notice()
    true = envelope.read(signed(told, county.key), PAYLOAD_TYPE)
    [(key_id, signature)] = true.signatures.items()
    copy = replace(true, signatures={key_id: malleable(county, signature, b"")}).to_bytes()
    with box.running() as life:
        until(lambda: life.connected)
        office.client.publish(mqtt_topics.bulletin(COUNTY, told.id), copy, retain=False)
        until(lambda: box.receipts(office.client))
        assert box.receipts(office.client)[0].refusal is Refusal.BAD_SIGNATURE
        office.publish(told)
        until(lambda: box.states(office.client, told) == WHOLE)
        office.client.publish(mqtt_topics.bulletin(COUNTY, told.id), copy, retain=False)
        still_hears(life, box, office)
        assert box.states(office.client, told) == WHOLE


def test_a_keyring_with_a_key_of_another_algorithm_is_not_followed(
    box: LinkBox, office: Office, county: County
) -> None:
    other = CryptoSigner.generate_ecdsa()
    own, town, _ = county.list.delegations
    weak = county.list.keys[0], other.public_key
    with box.running() as life:
        until(lambda: life.connected)
        bundle = replace(
            county.list,
            version=2,
            keys=weak,
            delegations=(own, replace(town, key_ids=(other.public_key.keyid,))),
        ).signed(county.key, COUNTY)
        keyring = Keyring(tuple(county.roots), bundle.to_bytes()).to_bytes()
        office.client.publish(mqtt_topics.keyring(COUNTY), keyring)
        until(lambda: Refusal.KEYRING_BROKEN.sentence in life.link.status()["last_refusal"])
        assert life.link.status()["keyring"] == [1, 1]
        data = signed(notice(areas=(TOWN,)), other)
        office.client.publish(mqtt_topics.bulletin(TOWN, "x"), data, retain=False)
        until(lambda: box.receipts(office.client))
        assert [one.refusal for one in box.receipts(office.client)] == [Refusal.UNKNOWN_KEY]
        still_hears(life, box, office)


@pytest.mark.parametrize("shown", ["1970-01-01", "2020-01-01", "a year ahead"])
def test_a_box_whose_clock_is_years_off_connects_and_is_fooled_by_nothing_old(
    shown: str, box: LinkBox, office: Office, county: County
) -> None:
    box.trusted = False
    ahead = timedelta(days=365)
    if shown != "a year ahead":
        ahead = datetime.fromisoformat(shown).replace(tzinfo=told_zone()) - from_now(0)
    box.clock.ahead = ahead
    with box.running() as life:
        until(lambda: life.connected)
        office.publish_heads()
        until(lambda: life.link.status()["heads_at"])
        old = {"issued": from_now(-72), "not_before": from_now(-72), "expires": from_now(-71)}
        data = signed(notice(severity=Severity.RED, **old), county.key)
        office.client.publish(mqtt_topics.bulletin(COUNTY, "x"), data, retain=False)
        until(lambda: box.receipts(office.client))
        assert [one.refusal for one in box.receipts(office.client)] == [Refusal.EXPIRED]
        red = office.publish(notice(seq=2, severity=Severity.RED))
        until(lambda: box.states(office.client, red) == WHOLE)
        blue = office.publish(notice(seq=3))
        until(lambda: box.states(office.client, blue) == [ReceiptState.ACCEPTED])
        assert life.heard() == [red.id] and not box.trusted


def test_what_is_sent_again_is_heard_once(box: LinkBox, office: Office, county: County) -> None:
    told = notice()
    data = signed(told, county.key)
    with box.running() as life:
        office.publish(told)
        until(lambda: box.states(office.client, told) == WHOLE)
        for name in (mqtt_topics.bulletin(COUNTY, told.id), mqtt_topics.bulletin(VILLAGE, "y")):
            office.client.publish(name, data, retain=False)
        office.client.publish(mqtt_topics.answer(box.name), data, retain=False)
        still_hears(life, box, office)
        assert box.states(office.client, told) == WHOLE


def test_the_same_id_with_other_bytes_is_refused(box: LinkBox, office: Office, county: County) -> None:
    with box.running() as life:
        told = office.publish(notice())
        until(lambda: box.states(office.client, told) == WHOLE)
        other = signed(notice(id=told.id, seq=2, text="请大家往回走。"), county.key)
        office.client.publish(mqtt_topics.bulletin(COUNTY, told.id), other, retain=False)
        until(lambda: box.states(office.client, told)[-1] is ReceiptState.REFUSED)
        assert box.receipts(office.client, told)[-1].refusal is Refusal.OTHER_BYTES
        still_hears(life, box, office)


def test_a_town_does_not_cancel_what_its_county_said(
    box: LinkBox, office: Office, county: County
) -> None:
    later = from_now(1)
    with box.running() as life:
        told = office.publish(notice(not_before=later))
        until(lambda: len(life.station.status().waiting) == 1)
        off = office.publish(cancel(told.id, areas=(TOWN,)), by=county.town)
        until(lambda: box.states(office.client, off) == [ReceiptState.REFUSED])
        assert box.receipts(office.client, off)[0].refusal is Refusal.CANCEL_NOT_ALLOWED
        assert [one.id for one in life.station.status().waiting] == [told.id]


def test_garbage_on_every_topic_keeps_nothing_from_being_heard(box: LinkBox, office: Office) -> None:
    names = mqtt_topics.bulletin(COUNTY, "x"), mqtt_topics.keyring(COUNTY), mqtt_topics.snapshot(COUNTY)
    garbage = (
        *(b"\xff", b"null", b"[" * 10_000, b'{"a":' * 10_000, b'{"payload":NaN}'),
        *(b'{"roots":[],"roots":[],"targets":""}', b'{"payloadType":"x","payloadType":"y"}'),
    )
    with box.running() as life:
        until(lambda: life.connected)
        since = life.link.status()["connected_since"]
        for name in (*names, mqtt_topics.answer(box.name)):
            for data in garbage:
                office.client.publish(name, data, retain=False)
        still_hears(life, box, office)
        assert life.link.status()["connected_since"] == since
        assert life.link.status()["keyring"] == [1, 1]


def test_ten_megabytes_come_no_further_than_the_broker(
    box: LinkBox, broker: BrokerRig, office: Office
) -> None:
    broker.add_box("flood", VILLAGE, PASSWORD)
    with box.running() as life:
        until(lambda: life.connected)
        since = life.link.status()["connected_since"]
        with closing(OfficeClient(broker, "flood", PASSWORD)) as flood:
            flood.send(mqtt_topics.receipt("flood", "x"), b" " * 10_000_000)
            assert flood.gone.wait(20)
        office.client.publish(mqtt_topics.bulletin(COUNTY, "x"), b" " * 260_000, retain=False)
        until(lambda: box.receipts(office.client))
        assert [one.refusal for one in box.receipts(office.client)] == [Refusal.TOO_BIG]
        still_hears(life, box, office)
        assert office.client.on(mqtt_topics.receipt("flood", "x")) == []
        assert life.link.status()["connected_since"] == since


def test_a_keyring_that_is_rolled_back_is_not_followed(
    box: LinkBox, office: Office, county: County
) -> None:
    old = county.keyring()
    stolen = county.town
    with box.running() as life:
        until(lambda: life.connected)
        office.client.publish(mqtt_topics.keyring(COUNTY), county.replace_key(TOWN, new_key()))
        until(lambda: life.link.status()["keyring"] == [1, 2])
        office.client.publish(mqtt_topics.keyring(COUNTY), old)
        until(lambda: "比手里的旧" in life.link.status()["last_refusal"])
        told = office.publish(notice(areas=(TOWN,)), by=stolen)
        until(lambda: box.receipts(office.client))
        assert [one.refusal for one in box.receipts(office.client)] == [Refusal.REVOKED_KEY]
        assert life.link.status()["keyring"] == [1, 2] and told.id not in life.heard()


def test_two_rotations_while_the_box_was_off(box: LinkBox, office: Office, county: County) -> None:
    stolen = county.key
    with box.running() as life:
        until(lambda: life.connected)
    for _ in range(2):
        new = new_key()
        county.rotate_root([new_key() for _ in range(3)], new)
        keyring = county.replace_key(COUNTY, new)
    office.client.publish(mqtt_topics.keyring(COUNTY), keyring)
    with box.running() as life:
        until(lambda: life.link.status()["keyring"] == [3, 3])
        office.client.publish(mqtt_topics.bulletin(COUNTY, "x"), signed(notice(), stolen), retain=False)
        until(lambda: box.receipts(office.client))
        assert [one.refusal for one in box.receipts(office.client)] == [Refusal.REVOKED_KEY]
        still_hears(life, box, office, county.key)


@dataclass
class RealOffice:
    """The office's own folder, rules and publisher; `pinned` and `keyring` are what a box is given."""

    folder: KeyFolder
    roots: list[Path]
    database: OfficeDatabase

    def __post_init__(self) -> None:
        self.clock = Clock(told_zone())
        self.parts = make_parts(self.database, self.clock, COUNTY)
        for name in ("小王", "老张"):
            self.parts.officers.let_in(name, OfficeRole.KEEPER, Severity.RED)

    @property
    def pinned(self) -> str:
        return self.folder.pin

    def keyring(self) -> bytes:
        return self.folder.keyring.to_bytes()

    def key(self) -> CryptoSigner:
        return self.folder.unlock(SENTENCE)

    def rotate(self) -> None:
        keys = [open_key(path, SENTENCE) for path in self.roots[:2]]
        self.folder.rotate(keys, [], lambda _: SENTENCE, self.clock.now())

    def sign(self, text: str) -> Outgoing:
        """Written, agreed to where the hour wants it, and signed as the office does."""
        wang, zhang = (self.parts.officers.get(name) for name in ("小王", "老张"))
        paper = self.parts.desk.send(wang, Draft(Notice(text, severity=Severity.BLUE), (COUNTY,)))
        if paper.state is PaperState.AWAITING:
            self.parts.desk.approve(zhang, paper.id, paper.version)
        given = self.database, self.parts.register, self.clock, self.key(), self.folder.trust
        publisher = Publisher(*given)
        assert publisher.sign_cleared() == 1
        return next(sheet for sheet in publisher.in_force() if sheet.id == paper.id)


def test_a_leaked_key_that_ran_its_numbers_up_is_overcome_by_the_offices_rotation(
    tmp_path: Path, broker: BrokerRig
) -> None:
    roots = [tmp_path / f"root-{number}.key" for number in (1, 2, 3)]
    begun = from_now(0)
    folder = KeyFolder.create(tmp_path / "county", COUNTY, "青田县", roots, lambda _: SENTENCE, begun)
    with (
        closing(OfficeDatabase(f"sqlite:///{tmp_path / 'office.db'}")) as database,
        closing(OfficeClient(broker)) as client,
    ):
        database.migrate()
        office = RealOffice(folder, roots, database)
        given: Any = office
        box = LinkBox(tmp_path / "box", given, broker, "leaked")
        stolen = office.key()

        def came_whole(told: Bulletin) -> bool:
            return box.states(client, told) == WHOLE

        with box.running() as life:
            until(lambda: life.connected)
            for seq in (900_000, 1_800_000):
                ahead = notice(seq=seq)
                client.publish(
                    mqtt_topics.bulletin(COUNTY, ahead.id), signed(ahead, stolen), retain=False
                )
                until(partial(came_whole, ahead))
            assert refusal_of(box, client, office.sign("停水。")) is Refusal.SEQUENCE_TOO_OLD
            office.rotate()
            client.publish(mqtt_topics.keyring(COUNTY), office.keyring(), retain=False)
            until(lambda: life.link.status()["keyring"][0] == 2)
            sheet = office.sign("停水。")
            client.publish(mqtt_topics.bulletin(COUNTY, sheet.id), sheet.envelope, retain=False)
            until(lambda: life.heard()[-1] == sheet.id)
            again = notice(seq=1_800_001)
            late = Outgoing(again.id, again.areas, signed(again, stolen))
            assert refusal_of(box, client, late) is Refusal.REVOKED_KEY


def refusal_of(box: LinkBox, client: OfficeClient, sheet: Outgoing) -> Refusal:
    """What the box says of this when it is published straight to the broker."""

    def refusals() -> list[Refusal]:
        return [one.refusal for one in box.receipts(client) if one.refusal]

    before = len(refusals())
    client.publish(mqtt_topics.bulletin(COUNTY, sheet.id), sheet.envelope, retain=False)
    until(lambda: len(refusals()) > before)
    return refusals()[-1]
