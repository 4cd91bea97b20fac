"""A province above a county, two real brokers, and the relay between them."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bulletin.county_rig import County, bulletin, signed
from county.county_office import OTHER_VILLAGE, TOWN, VILLAGE, OfficeDesk, PretendBox
from rig.broker import BrokerRig, OfficeClient
from rig.fakes import ManualClock
from rig.rig import wait_until

from broadcaster.bulletin import envelope, mqtt_topics
from broadcaster.bulletin.bulletin import Bulletin, new_bulletin_id
from broadcaster.bulletin.keyring import Trust
from broadcaster.bulletin.keys import new_key, public
from broadcaster.bulletin.receipts import ReceiptState
from broadcaster.bulletin.refusals import Refusal
from broadcaster.bulletin.relay_totals import RelayHeartbeat, RelayTotals, read_heartbeat, read_totals
from broadcaster.bulletin.snapshot import read_snapshot
from broadcaster.bulletin.trusted_time import Now
from broadcaster.bulletin.upstream_trust import UpstreamTrust
from broadcaster.core.model import Outcome
from broadcaster.core.notice import Severity
from broadcaster.county.broker.mosquitto import county_user
from broadcaster.county.broker.mqtt_client import MqttClient
from broadcaster.county.relay.downlink import Downlink
from broadcaster.county.relay.relay_memory import RelayMemory
from broadcaster.county.relay.uplink import LISTENS_TO, SUM_SECONDS, OfficeReceipts, Uplink

PASSWORD = "of-the-relay-alone-0123"
COUNTY, OTHER_COUNTY, PROVINCE = "331121", "331122", "33"


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BrokerRig, BrokerRig]]:
    with ExitStack() as stack:
        above, below = (BrokerRig(tmp_path_factory.mktemp(name)) for name in ("above", "below"))
        above.broker.add_county(COUNTY, PASSWORD)
        above.broker.add_county(OTHER_COUNTY, PASSWORD)
        below.broker.add_relay(PASSWORD)
        for rig in (above, below):
            stack.callback(rig.kill)
            rig.start()
        yield above, below


class Listener(OfficeClient):
    """An end of a broker that hears all there is; the newest of each topic."""

    def __init__(self, rig: BrokerRig) -> None:
        super().__init__(rig, client_id="listener", kinds="rsqnkhu")
        assert self.up.wait(60)

    def standing(self, topic: str) -> bytes:
        return (self.on(topic) or [b""])[-1]


class Province:
    """Its office: keys, and what stands on its broker."""

    def __init__(self, rig: BrokerRig, clock: ManualClock) -> None:
        self.keys = County(PROVINCE, expires=clock.now() + timedelta(days=365))
        self.clock = clock
        self.client = Listener(rig)
        self.seq = 0
        self.in_force: list[Bulletin] = []
        self._used: list[str] = []
        self.put(mqtt_topics.keyring(PROVINCE), self.keys.keyring())
        self._used.append(mqtt_topics.heartbeat(COUNTY))

    def put(self, topic: str, data: bytes) -> None:
        self._used.append(topic)
        self.client.publish(topic, data)

    def notice(self, *areas: str, **given: Any) -> Bulletin:
        self.seq += 1
        now = self.clock.now()
        times = {"issued": now, "not_before": now, "expires": now + timedelta(hours=6)}
        return bulletin(**{"areas": areas or (PROVINCE,), "seq": self.seq} | times | given)

    def publish(self, *areas: str, **given: Any) -> tuple[Bulletin, bytes]:
        told = self.notice(*areas, **given)
        data = signed(told, self.keys.key)
        self.in_force.append(told)
        for area in told.areas:
            self.put(mqtt_topics.bulletin(area, told.id), data)
        self.publish_heads()
        return told, data

    def publish_heads(self) -> None:
        snapshot = self.keys.snapshot(*self.in_force, at=self.clock.now())
        highest = {self.keys.id(self.keys.key): self.seq}
        made = replace(snapshot, highest=highest) if self.seq else snapshot
        self.put(mqtt_topics.snapshot(PROVINCE), made.signed(self.keys.key).to_bytes())

    def digest_of(self, id: str) -> str | None:
        found = (one for one in self.in_force if one.id == id)
        return next((envelope.sign("", one.to_bytes(), []).digest for one in found), None)

    def sum(self, told: Bulletin, key: Any) -> RelayTotals | None:
        data = self.client.standing(mqtt_topics.totals(COUNTY, told.id))
        return read_totals(data, COUNTY, public(key)) if data else None

    def close(self) -> None:
        for topic in set(self._used):
            self.client.publish(topic, b"")
        self.client.close()


class Relaying:
    """One life of the relay; its steps are taken by the test."""

    def __init__(self, desk: OfficeDesk, province: Province, folder: Path, brokers: Any) -> None:
        above, below = brokers
        self.desk, self.key = desk, KEY
        self.book = RelayMemory(folder)
        self.upper = wire(above, county_user(COUNTY), ())
        self.lower = wire(below, "relay", LISTENS_TO)
        wires = self.upper, self.lower
        self.downlink = Downlink(
            *(UpstreamTrust(PROVINCE, province.keys.pinned), COUNTY, self.book, *wires, desk.clock),
            *(lambda: (TOWN, VILLAGE), desk.parts.register.enrolled),
        )
        database = desk.parts.database
        self.tally = Uplink(*(COUNTY, self.book, *wires, desk.clock, self.key, OfficeReceipts(database)))
        self.upper.start()
        self.lower.start()

    def until(self, what: Callable[[], Any]) -> None:
        def stepped() -> bool:
            self.downlink.wake()
            self.downlink.step()
            self.tally.wake()
            self.tally.step()
            self.desk.clock.advance(SUM_SECONDS / 10)
            return bool(what())

        wait_until(stepped)

    def close(self) -> None:
        self.upper.close()
        self.lower.close()
        self.book.close()


KEY = new_key()


def wire(rig: BrokerRig, user: str, listens_to: Sequence[str]) -> MqttClient:
    authority = rig.broker.folder / "authority.pem"
    return MqttClient("127.0.0.1", rig.port, user, PASSWORD, authority, listens_to)


@pytest.fixture
def province(brokers: Any, plain_desk: OfficeDesk) -> Iterator[Province]:
    made = Province(brokers[0], plain_desk.clock)
    plain_desk.from_above = made.digest_of
    yield made
    made.close()


@pytest.fixture
def county(brokers: Any) -> Iterator[Listener]:
    """What a village could hear, and a hand that says what its boxes do."""
    made = Listener(brokers[1])
    yield made
    for topic in {topic for topic, data in made.got if topic[5] in "nkh"}:
        made.publish(topic, b"")
    made.close()


@pytest.fixture
def start(
    plain_desk: OfficeDesk, province: Province, county: Listener, tmp_path: Path, brokers: Any
) -> Iterator[Callable[[], Relaying]]:
    with ExitStack() as stack:

        def started() -> Relaying:
            made = Relaying(plain_desk, province, tmp_path, brokers)
            stack.callback(made.close)
            return made

        yield started


@pytest.fixture
def box(plain_desk: OfficeDesk) -> PretendBox:
    return plain_desk.enrol()


def test_a_bulletin_comes_down_as_it_was_signed_and_the_sum_goes_up(
    start: Callable[[], Relaying],
    province: Province,
    county: Listener,
    box: PretendBox,
    plain_desk: OfficeDesk,
) -> None:
    desk, other = plain_desk, plain_desk.enrol(OTHER_VILLAGE, "别村")
    told, data = province.publish(severity=Severity.ORANGE)
    relay = start()
    relay.until(lambda: county.standing(mqtt_topics.snapshot(PROVINCE)))
    relay.until(lambda: county.standing(mqtt_topics.bulletin(PROVINCE, told.id)))
    assert county.standing(mqtt_topics.bulletin(PROVINCE, told.id)) == data
    assert county.got[0][0] == mqtt_topics.keyring(PROVINCE)
    now = desk.clock.now()
    trust = Trust.pin(county.standing(mqtt_topics.keyring(PROVINCE)), province.keys.pinned, now)
    assert (
        told.id
        in read_snapshot(
            county.standing(mqtt_topics.snapshot(PROVINCE)), trust, Now(now, True, now)
        ).in_force
    )
    relay.until(lambda: province.sum(told, relay.key))
    first = province.sum(told, relay.key)
    assert first and (first.sent, first.silent, first.reached) == (2, 2, 0)
    # Together with one of what the county itself has sent.
    own = box.told(new_bulletin_id(), ReceiptState.ACCEPTED, desk.clock)
    both = box.signed(own, box.told(told.id, ReceiptState.ACCEPTED, desk.clock))
    county.publish(mqtt_topics.receipt(box.id, mqtt_topics.SEVERAL), both, retain=False)
    say(county, box, told, box.heard(told.id, desk.clock, Outcome.PLAYED, 30.0))
    say(county, other, told, other.receipt(told.id, ReceiptState.ACCEPTED, desk.clock))
    # Signed by a key that the register does not have, and by one box in the name of another.
    say(
        county,
        other,
        told,
        replace(other, key=new_key()).heard(told.id, desk.clock, Outcome.PLAYED, 30.0),
    )
    say(county, other, told, box.heard(told.id, desk.clock, Outcome.PLAYED, 30.0))
    relay.until(lambda: (now_told := province.sum(told, relay.key)) and now_told.heard)
    last = province.sum(told, relay.key)
    assert last and last.number > first.number
    assert (last.sent, last.reached, last.accepted, last.heard, last.silent) == (2, 2, 2, 1, 0)


def test_a_village_is_in_no_sum_of_what_was_not_sent_there(
    start: Callable[[], Relaying],
    province: Province,
    county: Listener,
    box: PretendBox,
    plain_desk: OfficeDesk,
) -> None:
    other, relay = plain_desk.enrol(OTHER_VILLAGE, "别村"), start()
    told, _ = province.publish(VILLAGE)
    relay.until(lambda: province.sum(told, relay.key))
    say(county, other, told, other.heard(told.id, plain_desk.clock, Outcome.PLAYED, 30.0))
    forged = box.receipt(told.id, ReceiptState.ON_THE_AIR, plain_desk.clock, digest="0" * 64)
    say(county, box, told, forged)
    say(county, box, told, box.receipt(told.id, ReceiptState.ACCEPTED, plain_desk.clock))
    relay.until(lambda: (last := province.sum(told, relay.key)) and last.accepted)
    last = province.sum(told, relay.key)
    assert last and (last.sent, last.reached, last.on_the_air, last.heard) == (1, 1, 0, 0)
    # Before its end the latest counts; what was heard is not taken back.
    say(county, box, told, box.heard(told.id, plain_desk.clock, Outcome.PLAYED, 30.0))
    late = box.receipt(told.id, ReceiptState.REFUSED, plain_desk.clock, refusal=Refusal.EXPIRED)
    say(county, box, told, late)
    relay.until(lambda: (last := province.sum(told, relay.key)) and last.heard)
    relay.until(lambda: not relay.book.to_report())
    last = province.sum(told, relay.key)
    assert last and (last.heard, last.failed) == (1, 0)


def say(county: Listener, box: PretendBox, told: Bulletin, receipt: bytes) -> None:
    county.publish(mqtt_topics.receipt(box.id, told.id), receipt, retain=False)


def test_what_does_not_hold_is_named_and_goes_no_further(
    start: Callable[[], Relaying], province: Province, county: Listener
) -> None:
    def put(told: Bulletin, by: Any, at: str = PROVINCE) -> None:
        province.put(mqtt_topics.bulletin(at, told.id), signed(told, by))

    relay, own = start(), province.keys
    stranger, elsewhere = province.notice(), province.notice(OTHER_COUNTY)
    put(stranger, new_key())
    relay.until(lambda: "不在钥匙串" in relay.downlink.last_refusal)
    # It is another county's, whatever topic it stands under.
    put(elsewhere, own.key, COUNTY)
    relay.until(lambda: "不是发给" in relay.downlink.last_refusal)
    # A town speaks for itself alone.
    put(province.notice(COUNTY), own.town, COUNTY)
    relay.until(lambda: "管不到" in relay.downlink.last_refusal)
    good, _ = province.publish(COUNTY)
    relay.until(lambda: county.standing(mqtt_topics.bulletin(COUNTY, good.id)))
    put(replace(good, text="改过。"), own.key, COUNTY)
    relay.until(lambda: "内容却不同" in relay.downlink.last_refusal)
    assert {topic for topic, data in county.got if topic[5] == "n" and data} == {
        mqtt_topics.bulletin(COUNTY, good.id)
    }


def test_only_the_areas_of_this_county_are_carried(
    start: Callable[[], Relaying], province: Province, county: Listener
) -> None:
    relay = start()
    told, _ = province.publish(OTHER_COUNTY, TOWN)
    relay.until(lambda: county.standing(mqtt_topics.bulletin(TOWN, told.id)))
    assert county.on(mqtt_topics.bulletin(OTHER_COUNTY, told.id)) == []


def test_what_the_heads_list_no_more_is_taken_off_and_does_not_come_back(
    start: Callable[[], Relaying], province: Province, county: Listener
) -> None:
    relay = start()
    told, data = province.publish()
    place = mqtt_topics.bulletin(PROVINCE, told.id)
    relay.until(lambda: county.standing(place))
    province.in_force.clear()
    province.clock.advance(60)
    province.publish_heads()
    relay.until(lambda: county.on(place)[-1] == b"")
    # It stands above still: somebody plays it again.
    province.put(place, data)
    another, _ = province.publish()
    relay.until(lambda: county.standing(mqtt_topics.bulletin(PROVINCE, another.id)))
    assert county.standing(place) == b""
    # Also when the relay has lost its memory of it.
    relay.book.forget(told.id)
    province.put(place, data)
    relay.until(lambda: "已经撤下" in relay.downlink.last_refusal)


def test_what_the_broker_below_forgets_was_emptied_is_emptied_again(
    start: Callable[[], Relaying], province: Province, county: Listener, brokers: Any
) -> None:
    _, below = brokers
    relay = start()
    told, data = province.publish()
    place = mqtt_topics.bulletin(PROVINCE, told.id)
    relay.until(lambda: county.standing(place))
    province.in_force.clear()
    province.clock.advance(60)
    province.publish_heads()
    relay.until(lambda: county.on(place)[-1] == b"")
    # As a broker that had not saved it yet comes back.
    county.publish(place, data)
    below.kill()
    below.start()
    relay.until(lambda: county.on(place)[-1] == b"")


def test_what_has_expired_is_taken_off_also_without_the_office_above(
    start: Callable[[], Relaying], province: Province, county: Listener
) -> None:
    relay = start()
    told, _ = province.publish()
    relay.until(lambda: county.standing(mqtt_topics.bulletin(PROVINCE, told.id)))
    relay.upper.close()
    province.clock.step(timedelta(hours=7))
    relay.until(lambda: county.standing(mqtt_topics.bulletin(PROVINCE, told.id)) == b"")


def test_a_restart_carries_nothing_twice_and_sums_go_on(
    start: Callable[[], Relaying], province: Province, county: Listener, box: PretendBox
) -> None:
    first = start()
    told, _ = province.publish()
    first.until(lambda: province.sum(told, first.key))
    first.close()
    # While no relay runs.
    say(county, box, told, box.heard(told.id, province.clock, Outcome.PLAYED, 30.0))
    again = start()
    again.until(lambda: (now_told := province.sum(told, again.key)) and now_told.heard == 1)
    assert len(again.book.in_force()) == 1 and again.downlink.last_refusal == ""


def test_a_relay_that_lost_its_database_tells_what_the_office_has_kept(
    start: Callable[[], Relaying], province: Province, county: Listener, box: PretendBox
) -> None:
    told, _ = province.publish()
    heard = box.heard(told.id, province.clock, Outcome.PLAYED, 30.0)
    relay = start()
    relay.desk.take(box, heard)
    relay.until(lambda: province.sum(told, relay.key))
    first = province.sum(told, relay.key)
    assert first and (first.sent, first.heard, first.silent) == (1, 1, 0)


def test_it_starts_without_a_network_and_goes_on_when_each_link_is_back(
    start: Callable[[], Relaying], province: Province, county: Listener, box: PretendBox, brokers: Any
) -> None:
    above, below = brokers
    below.kill()
    relay = start()
    told, data = province.publish()
    relay.until(lambda: relay.book.to_send())
    below.start()
    relay.until(lambda: county.standing(mqtt_topics.bulletin(PROVINCE, told.id)) == data)
    above.kill()
    say(county, box, told, box.heard(told.id, province.clock, Outcome.PLAYED, 30.0))
    relay.until(lambda: relay.book.counts(told.id).heard)
    above.start()
    relay.until(lambda: (now_told := province.sum(told, relay.key)) and now_told.heard == 1)


def test_a_sum_that_the_broker_above_acknowledged_and_lost_is_sent_again(
    start: Callable[[], Relaying], province: Province, county: Listener, brokers: Any
) -> None:
    above, _ = brokers
    relay = start()
    told, _ = province.publish()
    relay.until(lambda: province.sum(told, relay.key))
    first = province.sum(told, relay.key)
    above.kill()
    shutil.rmtree(above.broker.folder / "kept")
    (above.broker.folder / "kept").mkdir()
    above.start()
    relay.until(lambda: (now_told := province.sum(told, relay.key)) and now_told != first)
    second = province.sum(told, relay.key)
    assert first and second and (second.sent, second.silent) == (first.sent, first.silent)


def test_sums_stand_above_for_a_day_after_the_end_and_late_receipts_are_told(
    start: Callable[[], Relaying], province: Province, county: Listener, box: PretendBox
) -> None:
    relay, clock = start(), province.clock
    told, _ = province.publish()
    place = mqtt_topics.totals(COUNTY, told.id)
    relay.until(lambda: province.sum(told, relay.key))
    clock.step(timedelta(hours=29))
    relay.until(lambda: not relay.book.in_force())
    assert province.client.standing(place)
    clock.step(timedelta(hours=2))
    relay.until(lambda: province.client.standing(place) == b"")
    say(county, box, told, box.heard(told.id, clock, Outcome.PLAYED, 30.0))
    relay.until(lambda: any(b"" != data for data in province.client.on(place)[2:]))
    late = [data for data in province.client.on(place) if data][-1]
    assert read_totals(late, COUNTY, public(relay.key)).heard == 1
    clock.step(timedelta(days=14))
    relay.until(lambda: relay.book.find(told.id) is None)


def test_a_relay_says_that_it_is_there_and_whether_it_hears_its_county(
    start: Callable[[], Relaying], province: Province, county: Listener, brokers: Any
) -> None:
    def presence() -> RelayHeartbeat | None:
        data = province.client.standing(mqtt_topics.heartbeat(COUNTY))
        return read_heartbeat(data, COUNTY, public(relay.key)) if data else None

    _, below = brokers
    relay = start()
    relay.until(lambda: (told := presence()) and told.below)
    first = presence()
    relay.until(lambda: (told := presence()) and first and told.at > first.at)
    below.kill()
    relay.until(lambda: (told := presence()) and not told.below)
    below.start()
    relay.until(lambda: (told := presence()) and told.below)


def test_a_relay_says_which_version_all_boxes_of_its_county_read(
    start: Callable[[], Relaying], province: Province, county: Listener, plain_desk: OfficeDesk
) -> None:
    def said() -> list[tuple[int, int]]:
        """The number of each heartbeat so far, and the version."""
        came = [data for data in province.client.on(mqtt_topics.heartbeat(COUNTY)) if data]
        told = [read_heartbeat(data, COUNTY, public(relay.key)) for data in came]
        return [(one.number, one.reads) for one in told]

    relay, desk = start(), plain_desk
    # An empty county.
    relay.until(lambda: len(said()) == 2)
    (number, full), (behind, plain) = said()
    assert (full, plain) == (2, 1) and number == behind, "the plain one is for an office of before"
    # Told at once, and not with the heartbeat of the next minute.
    before = desk.clock.now()
    box = desk.enrol()
    relay.until(lambda: len(said()) == 3)
    desk.publisher.note_versions({box.id: 2})
    relay.until(lambda: len(said()) == 5)
    assert [reads for _, reads in said()] == [2, 1, 1, 2, 1]
    assert desk.clock.now() - before < timedelta(minutes=1)


def test_a_revoked_key_of_the_office_above_speaks_no_more(
    start: Callable[[], Relaying], province: Province, county: Listener
) -> None:
    relay = start()
    told = province.notice(TOWN)
    place = mqtt_topics.bulletin(TOWN, told.id)
    province.put(place, signed(told, province.keys.town))
    relay.until(lambda: county.standing(place))
    province.put(mqtt_topics.keyring(PROVINCE), province.keys.replace_key(TOWN, new_key()))
    relay.until(lambda: county.standing(place) == b"")
    assert relay.downlink.upstream.believed.version == (1, 2)


def test_another_countys_relay_cannot_tell_for_this_one(province: Province, brokers: Any) -> None:
    stranger = OfficeClient(brokers[0], county_user(OTHER_COUNTY), PASSWORD, county_user(OTHER_COUNTY))
    stranger.publish(mqtt_topics.totals(COUNTY, "x"), b"{}")
    stranger.publish(mqtt_topics.totals(OTHER_COUNTY, "x"), b"{}")
    wait_until(lambda: province.client.on(mqtt_topics.totals(OTHER_COUNTY, "x")))
    assert province.client.on(mqtt_topics.totals(COUNTY, "x")) == []
    stranger.publish(mqtt_topics.totals(OTHER_COUNTY, "x"), b"")
    stranger.close()
