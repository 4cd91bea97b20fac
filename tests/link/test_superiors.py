"""A box that believes its province too, by a second root; all comes over the county's broker."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bulletin.county_rig import COUNTY, TOWN, County, signed
from link.link_rig import LinkBox, Office, cancel, notice, told_zone, until
from rig.broker import BrokerRig
from rig.damage import HARMS

from broadcaster.bulletin import mqtt_topics
from broadcaster.bulletin.bulletin import Bulletin
from broadcaster.bulletin.enrolment import Enrolment, EnrolmentRefused
from broadcaster.bulletin.keys import new_key, public
from broadcaster.bulletin.metadata_signing import next_root
from broadcaster.bulletin.receipts import ReceiptState
from broadcaster.bulletin.refusals import Refusal
from broadcaster.bulletin.tuf_metadata import read_root
from broadcaster.bulletin.upstream_office import UpstreamOffice
from broadcaster.link.membership import enrol, load_membership

PROVINCE = "33"
WHOLE = [ReceiptState.ACCEPTED, ReceiptState.ON_THE_AIR, ReceiptState.ENDED]


@pytest.fixture(scope="module")
def province() -> County:
    return County(PROVINCE, expires=datetime.now(told_zone()) + timedelta(days=365))


@pytest.fixture
def box(
    tmp_path: Path, county: County, province: County, broker: BrokerRig, request: pytest.FixtureRequest
) -> LinkBox:
    name = f"box-{abs(hash(request.node.nodeid)) % 10**9}"
    above = (UpstreamOffice(PROVINCE, province.pinned),)
    return LinkBox(tmp_path / "box", county, broker, name, above=above)


class Relayed:
    """What a relay puts on the county's broker."""

    def __init__(self, office: Office, province: County) -> None:
        self.office, self.province = office, province

    def keyring(self, data: bytes = b"") -> None:
        self.office.client.publish(mqtt_topics.keyring(PROVINCE), data or self.province.keyring())

    def publish(self, told: Bulletin, by: Any = None) -> Bulletin:
        data = signed(told, by or self.province.key)
        self.office.client.publish(mqtt_topics.bulletin(told.areas[0], told.id), data)
        return told

    def snapshot(self, *in_force: Bulletin, **given: Any) -> None:
        snapshot = self.province.snapshot(*in_force, **{"at": datetime.now(told_zone())} | given)
        data = snapshot.signed(self.province.key).to_bytes()
        self.office.client.publish(mqtt_topics.snapshot(PROVINCE), data)

    def clear(self, *told: Bulletin) -> None:
        places = [mqtt_topics.bulletin(one.areas[0], one.id) for one in told]
        for topic in (mqtt_topics.keyring(PROVINCE), mqtt_topics.snapshot(PROVINCE), *places):
            self.office.client.publish(topic, b"")


def test_the_province_is_heard_beside_the_county_and_again_after_a_restart(
    box: LinkBox, office: Office, province: County
) -> None:
    relayed = Relayed(office, province)
    relayed.keyring()
    with box.running() as life:
        until(lambda: life.connected)
        first = relayed.publish(notice(areas=(PROVINCE,)))
        relayed.snapshot(first)
        until(lambda: box.states(office.client, first) == WHOLE)
        own = office.publish(notice())
        until(lambda: box.states(office.client, own) == WHOLE)
        assert life.link.status()["above"] == {PROVINCE: [1, 1]}
        assert life.link.fault == ""
    relayed.clear()
    with box.running() as life:
        until(lambda: life.connected)
        second = relayed.publish(notice(areas=(PROVINCE,), seq=2))
        until(lambda: box.states(office.client, second) == WHOLE)
        assert life.heard() == [second.id], "what was heard is not heard twice"
        off = relayed.publish(cancel(own.id, areas=(PROVINCE,), seq=3))
        until(lambda: box.states(office.client, off))
        assert box.states(office.client, off) == [ReceiptState.ACCEPTED]
    relayed.clear(first, second, off)


@pytest.mark.parametrize("harm", HARMS)
def test_damaged_heads_and_keyrings_of_superiors_are_asked_for_again_and_silence_nobody(
    box: LinkBox, office: Office, province: County, harm: str
) -> None:
    relayed = Relayed(office, province)
    relayed.keyring()
    with box.running() as life:
        until(lambda: life.connected)
        relayed.snapshot(first := relayed.publish(notice(areas=(PROVINCE,))))
        until(lambda: box.states(office.client, first) == WHOLE)
    kept = [
        path for name in ("heads*.json", "trust-*.json") for path in box.membership.folder.glob(name)
    ]
    assert len(kept) >= 2
    for path in kept:
        HARMS[harm](path)
    with box.running() as life:
        until(lambda: life.connected)
        relayed.keyring()
        second = relayed.publish(notice(areas=(PROVINCE,), seq=2))
        until(lambda: box.states(office.client, second) == WHOLE)
    relayed.clear(first, second)


def test_what_the_provinces_heads_have_dropped_is_not_heard_by_a_box_without_memory(
    box: LinkBox, office: Office, province: County
) -> None:
    relayed = Relayed(office, province)
    relayed.keyring()
    gone, kept = (notice(areas=(PROVINCE,), seq=seq) for seq in (1, 2))
    relayed.snapshot(kept)
    with box.running() as life:
        until(lambda: life.connected)
        relayed.publish(gone)
        relayed.publish(kept)
        until(lambda: box.states(office.client, kept) == WHOLE)
        assert [one.refusal for one in box.receipts(office.client, gone)] == [Refusal.NOT_IN_FORCE]
        assert life.heard() == [kept.id]
    relayed.clear(gone, kept)


def test_a_stranger_a_revoked_key_and_another_root_of_the_province_are_not_believed(
    box: LinkBox, office: Office, province: County
) -> None:
    relayed, rogue = Relayed(office, province), County(PROVINCE, expires=province.expires)
    relayed.keyring()
    with box.running() as life:
        until(lambda: life.connected)
        relayed.keyring(rogue.keyring())
        until(lambda: life.link.status()["last_refusal"])
        relayed.publish(by_rogue := notice(areas=(PROVINCE,)), rogue.key)
        until(lambda: any(one.refusal is Refusal.UNKNOWN_KEY for one in box.receipts(office.client)))
        later = datetime.now(told_zone()) + timedelta(hours=1)
        waits = relayed.publish(notice(areas=(TOWN,), not_before=later), province.town)
        until(lambda: box.states(office.client, waits) == [ReceiptState.ACCEPTED])
        relayed.keyring(province.replace_key(TOWN, new_key()))
        until(lambda: len(box.states(office.client, waits)) > 1)
        assert life.heard() == []
    relayed.clear(by_rogue, waits)


def test_only_who_stands_above_the_county_can_be_believed_beside_it(
    tmp_path: Path, county: County, box: LinkBox
) -> None:
    def given(area: str) -> Enrolment:
        box.above = (UpstreamOffice(area, "0" * 64),)
        return Enrolment.from_bytes(box.enrolment().to_bytes())

    now = datetime.now(told_zone())
    for area in ("34", "331121", "331121104"):
        with pytest.raises(EnrolmentRefused, match="不是这个县"):
            enrol(tmp_path / "other", given(area), now)
    enrol(tmp_path / "other", given("3311"), now)
    assert load_membership(tmp_path / "other").enrolment.above == (UpstreamOffice("3311", "0" * 64),)
    with pytest.raises(ValueError, match="a trimmed code"):
        given("330000")


def test_a_box_says_that_its_provinces_keys_will_expire(box: LinkBox, office: Office) -> None:
    soon = County(PROVINCE, expires=datetime.now(told_zone()) + timedelta(days=20))
    box.above = (UpstreamOffice(PROVINCE, soon.pinned),)
    box.membership = enrol(box.state, box.enrolment(), box.clock.now())
    relayed = Relayed(office, soon)
    with box.running() as life:
        until(lambda: life.connected)
        relayed.keyring()
        until(lambda: "上级（33）的钥匙还有 19 天到期" in life.link.fault)
    relayed.clear()


def says_above(county: County, *above: UpstreamOffice) -> None:
    """The county's root says so from now on, by two of its three keys."""
    old = read_root(county.roots[-1])
    now = datetime.now(told_zone())
    made = next_root(old, county.root_keys[:2], (), public(county.key), now, above)
    county.roots.append(made.to_bytes())


def test_a_box_that_was_enrolled_before_believes_whom_the_countys_root_names_and_no_longer(
    tmp_path: Path, county: County, province: County, broker: BrokerRig, office: Office
) -> None:
    box, relayed = LinkBox(tmp_path / "box", county, broker, "box-of-before"), Relayed(office, province)
    relayed.keyring()
    with box.running() as life:
        until(lambda: life.connected)
        told = relayed.publish(notice(areas=(PROVINCE,)))
        until(lambda: any(one.refusal is Refusal.UNKNOWN_KEY for one in box.receipts(office.client)))
        says_above(county, UpstreamOffice(PROVINCE, province.pinned))
        office.client.publish(mqtt_topics.keyring(COUNTY), county.keyring())
        until(lambda: box.states(office.client, told) == WHOLE)
        assert life.link.status()["above"].get(PROVINCE)
        later = datetime.now(told_zone()) + timedelta(hours=1)
        waits = relayed.publish(notice(areas=(PROVINCE,), seq=2, not_before=later))
        until(lambda: box.states(office.client, waits) == [ReceiptState.ACCEPTED])
    with box.running() as life:
        until(lambda: life.connected)
        assert life.link.status()["above"].get(PROVINCE)
        says_above(county)
        office.client.publish(mqtt_topics.keyring(COUNTY), county.keyring())
        until(lambda: life.link.status()["above"] == {})
        until(lambda: len(box.states(office.client, waits)) > 1)
        relayed.publish(unheard := notice(areas=(PROVINCE,), seq=3))
        own = office.publish(notice())
        until(lambda: box.states(office.client, own) == WHOLE)
        assert life.heard() == [own.id]
        assert not list((box.state / "county").glob("trust-33*"))
    relayed.clear(told, waits, unheard)


def test_another_root_of_the_province_is_followed_and_the_old_one_counts_no_more(
    tmp_path: Path, county: County, province: County, broker: BrokerRig, office: Office
) -> None:
    founded_anew = County(PROVINCE, expires=province.expires)
    box, relayed = LinkBox(tmp_path / "box", county, broker, "box-of-two"), Relayed(office, province)
    box.above = (UpstreamOffice(PROVINCE, province.pinned),)
    box.membership = enrol(box.state, box.enrolment(), datetime.now(told_zone()))
    relayed.keyring()
    with box.running() as life:
        until(lambda: life.link.status()["above"].get(PROVINCE))
        says_above(county, UpstreamOffice(PROVINCE, founded_anew.pinned))
        office.client.publish(mqtt_topics.keyring(COUNTY), county.keyring())
        until(lambda: life.link.status()["above"] == {PROVINCE: None})
        relayed.keyring(founded_anew.keyring())
        until(lambda: life.link.status()["above"].get(PROVINCE))
        relayed.publish(old := notice(areas=(PROVINCE,)))
        relayed.publish(new := notice(areas=(PROVINCE,)), founded_anew.key)
        until(lambda: box.states(office.client, new) == WHOLE)
        assert life.heard() == [new.id]
    relayed.clear(old, new)
