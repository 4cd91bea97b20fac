"""A province's register of counties, and what it makes of the sums that their relays tell."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from county.county_office import BROKER, OfficeDesk
from rig.fakes import ManualClock
from securesystemslib.signer import CryptoSigner

from broadcaster.bulletin import envelope, mqtt_topics
from broadcaster.bulletin.admission import Admission, AdmissionRefused
from broadcaster.bulletin.areas import AreaUnknown
from broadcaster.bulletin.bulletin import PAYLOAD_TYPE, VERSION, read_bulletin
from broadcaster.bulletin.keys import new_key, public
from broadcaster.bulletin.receipts import ReceiptState as Told
from broadcaster.bulletin.relay_totals import RelayHeartbeat, RelayTotals
from broadcaster.core.model import Outcome
from broadcaster.county.board.county_totals import CountyTotals
from broadcaster.county.board.province_board import CountyDelivery, FigureQuality
from broadcaster.county.notices.approval_desk import DraftRecord
from broadcaster.county.register.one_time_code import RegisterRefused
from broadcaster.county.register.register import BoxState
from broadcaster.county.register.versions_read import versions_read
from broadcaster.county.relay.uplink import OfficeReceipts

COUNTY, OTHER = "331121", "331122"
COUNTS = {"sent": 300, "reached": 290, "accepted": 288, "on_the_air": 5, "heard": 200, "partly": 3}
COUNTS |= {"failed": 4, "silent": 10, "cancelled": 2}


@dataclass
class PretendRelay:
    """What a relay of a county signs."""

    county: str
    key: CryptoSigner = field(default_factory=new_key)
    number: int = 0

    def sum(self, desk: OfficeDesk, record: DraftRecord, **given: Any) -> tuple[str, bytes]:
        self.number += 1
        sheet = next(one for one in desk.publisher.in_force() if one.id == record.id)
        fields: dict[str, Any] = {"county": self.county, "number": self.number, "bulletin": record.id}
        fields |= {"digest": digest_of(sheet.envelope), "at": desk.clock.now()}
        told = RelayTotals(**fields | COUNTS | given)
        return mqtt_topics.totals(self.county, record.id), told.signed(self.key).to_bytes()

    def presence(self, clock: ManualClock, below: bool = True) -> tuple[str, bytes]:
        """All that a relay of 0.2.0 says of itself."""
        self.number += 1
        told = RelayHeartbeat(self.county, self.number, clock.now(), below)
        return mqtt_topics.heartbeat(self.county), told.signed(self.key).to_bytes()

    def presences(self, clock: ManualClock, reads: int) -> list[tuple[str, bytes]]:
        """Of a relay whose county reads this version: the full heartbeat and the plain one."""
        plain = self.presence(clock)
        told = RelayHeartbeat(self.county, self.number, clock.now(), True, reads)
        return [(plain[0], told.signed(self.key).to_bytes()), plain]


def digest_of(data: bytes) -> str:
    return envelope.read(data, PAYLOAD_TYPE).digest


def let_in(desk: OfficeDesk, code: str = COUNTY, name: str = "青田县") -> PretendRelay:
    relay = PretendRelay(code)
    _, one_time = desk.parts.counties.add(code, name)
    desk.parts.counties.admit(one_time, shown(relay.key), desk.folder.pin, BROKER)
    return relay


def shown(key: CryptoSigner) -> str:
    return str(public(key).keyval["public"])


def take(desk: OfficeDesk, *came: tuple[str, bytes]) -> int:
    return CountyTotals(desk.parts.database, desk.clock).take(came)


def deliveries(desk: OfficeDesk, record: DraftRecord) -> dict[str, CountyDelivery]:
    found = desk.parts.province_board.deliveries(desk.parts.desk.get(record.id))
    return {one.county.code: one for one in found}


def test_a_sum_stands_on_the_board_as_it_was_signed_beside_own_boxes(province: OfficeDesk) -> None:
    relay, other = let_in(province), let_in(province, OTHER, "缙云县")
    own = province.enrol("330100100200", "省里的村")
    record = province.send(areas=("33",))
    assert take(province, relay.presence(province.clock), relay.sum(province, record)) == 2
    assert province.counts(record.id) == COUNTS | {"sent": 301, "silent": 11}
    province.take(own, own.heard(record.id, province.clock, Outcome.PLAYED, 30.0))
    take(province, other.sum(province, record, **dict.fromkeys(COUNTS, 0)))
    counts = province.counts(record.id)
    assert (counts["sent"], counts["heard"], counts["silent"]) == (301, 201, 10)
    assert deliveries(province, record)[COUNTY].counts.to_json() == COUNTS
    [line, _] = province.parts.province_board.to_csv(province.parts.desk.get(record.id)).splitlines()[1:]
    at = f"{province.clock.now():%Y-%m-%d %H:%M:%S}"
    assert line.startswith(
        f"{record.draft.sent_title},{COUNTY},青田县,300,290,288,5,200,3,4,10,2,76,{at},"
    )


def test_the_last_sum_counts_whichever_comes_first(province: OfficeDesk) -> None:
    relay = let_in(province)
    record = province.send(areas=("33",))
    first = relay.sum(province, record, heard=1, on_the_air=204)
    last = relay.sum(province, record)
    assert take(province, last) == 1
    take(province, first)
    assert take(province, last) == 0, "what stands retained comes again"
    take(province, relay.sum(province, record, heard=0, on_the_air=205), relay.sum(province, record))
    assert deliveries(province, record)[COUNTY].counts.heard == 200


def test_what_is_not_genuine_or_not_ours_is_not_counted(province: OfficeDesk) -> None:
    relay, other = let_in(province), let_in(province, OTHER, "缙云县")
    record, elsewhere = province.send(areas=("33",)), province.send(areas=(OTHER,))
    stranger = PretendRelay(COUNTY)
    in_its_name = other.sum(province, record)[1]
    unknown = replace(record, draft=replace(record.draft, id="0" * 35))
    topic, told = relay.sum(province, record, bulletin=unknown.id)
    assert (
        take(
            province,
            stranger.sum(province, record),
            (mqtt_topics.totals(COUNTY, record.id), in_its_name),
            (mqtt_topics.totals("331123", record.id), relay.sum(province, record)[1]),
            relay.sum(province, record, digest="0" * 64),
            relay.sum(province, elsewhere),
            (topic, told),
            (mqtt_topics.totals(COUNTY, record.id), b"{"),
            (mqtt_topics.totals(COUNTY, record.id), b""),
            ("cb/1/u/x", b"{}"),
            (mqtt_topics.receipt("box", "id"), b"{}"),
            stranger.presence(province.clock),
        )
        == 0
    )
    assert deliveries(province, record)[COUNTY].quality is FigureQuality.NEVER
    assert province.counts(record.id)["sent"] == 0


def test_the_board_says_honestly_what_a_countys_figures_are_worth(province: OfficeDesk) -> None:
    clock, board = province.clock, province.parts.province_board
    province.parts.counties.add(COUNTY, "青田县")
    record = province.send(areas=(COUNTY,))

    def word() -> FigureQuality:
        return deliveries(province, record)[COUNTY].quality

    assert (word(), board.without_totals([province.parts.desk.get(record.id)])) == (
        FigureQuality.UNKNOWN,
        {record.id: 1},
    )
    relay = PretendRelay(COUNTY)
    province.parts.counties.set_key(COUNTY, shown(relay.key))
    assert word() is FigureQuality.NEVER
    take(province, relay.presence(clock))
    assert word() is FigureQuality.NONE_YET
    take(province, relay.sum(province, record))
    told_at = clock.now()
    assert (word(), board.without_totals([province.parts.desk.get(record.id)])) == (
        FigureQuality.TRUE,
        {record.id: 0},
    )
    clock.step(timedelta(minutes=1))
    take(province, relay.presence(clock))
    delivery = deliveries(province, record)[COUNTY]
    assert (delivery.at, delivery.remark) == (clock.now(), ""), "nothing has changed until now"
    clock.step(timedelta(minutes=1))
    take(province, relay.presence(clock, below=False))
    assert (word(), deliveries(province, record)[COUNTY].at) == (FigureQuality.CUT_OFF, told_at)
    old = relay.presence(clock)
    clock.step(timedelta(minutes=4))
    # One that comes late says when it was.
    take(province, old)
    assert word() is FigureQuality.SILENT
    assert "没有消息" in deliveries(province, record)[COUNTY].remark
    # A clock that is ahead makes no relay fresher.
    ahead = ManualClock()
    ahead.step(clock.now() - ahead.now() + timedelta(days=1))
    take(province, relay.presence(ahead))
    clock.step(timedelta(minutes=4))
    assert word() is FigureQuality.SILENT
    province.parts.counties.retire(COUNTY)
    assert (word(), take(province, relay.sum(province, record, heard=0, on_the_air=205))) == (
        FigureQuality.RETIRED,
        0,
    )
    assert province.counts(record.id)["heard"] == 200, "what it told stays"


def test_a_later_field_goes_to_counties_once_all_say_that_they_read_it(province: OfficeDesk) -> None:
    one, other = let_in(province), let_in(province, OTHER, "缙云县")
    # What nobody has let in yet has no box that would hear it.
    province.parts.counties.add("331123", "遂昌县")

    def sent(*areas: str) -> int:
        paper = province.send(areas=areas, contact="13800001111")
        sheet = next(one for one in province.publisher.in_force() if one.id == paper.id)
        return read_bulletin(envelope.read(sheet.envelope, PAYLOAD_TYPE).payload).v

    def said(relay: PretendRelay, reads: int) -> None:
        take(province, *relay.presences(province.clock, reads))

    said(one, 2)
    assert (sent("331121104"), sent(OTHER), sent("33")) == (2, 1, 1)
    said(other, 2)
    assert (sent("331121104"), sent(OTHER), sent("33")) == (2, 2, 2)
    told = deliveries(province, province.send(areas=(OTHER,)))[OTHER].county.told_at
    assert told == province.clock.now(), "it is a heartbeat"
    said(other, 1)
    assert (sent(OTHER), sent("33")) == (1, 1)
    # A newer program than this one.
    said(other, 3)
    assert sent(OTHER, COUNTY) == 2
    # A relay of before in the place of this one, with its key; then one with another key.
    take(province, other.presence(province.clock))
    assert sent(OTHER) == 1
    said(other, 2)
    province.parts.counties.set_key(OTHER, shown(new_key()))
    assert sent(OTHER) == 1
    province.parts.counties.retire(OTHER)
    assert sent("33") == 2


def test_an_earlier_heartbeat_of_a_higher_version_does_not_count(province: OfficeDesk) -> None:
    relay = let_in(province)
    full, plain = relay.presences(province.clock, 2)
    take(province, relay.presence(province.clock))
    take(province, full, plain)
    assert versions_read(province.parts.database, [COUNTY]).lowest == 1


def test_a_chain_of_offices_tells_the_lowest_version_below(province: OfficeDesk) -> None:
    """To its own office above a city's relay says this of the counties and the boxes below it."""
    receipts = OfficeReceipts(province.parts.database)
    assert receipts.lowest_version_read("33") == VERSION, "nobody is there yet"
    county = let_in(province)
    assert receipts.lowest_version_read("33") == 1, "it has not said"
    take(province, *county.presences(province.clock, 2))
    assert receipts.lowest_version_read("33") == 2
    box = province.enrol("331122104200", "别村")
    assert receipts.lowest_version_read("33") == 1
    province.publisher.note_versions({box.id: 2})
    assert receipts.lowest_version_read("33") == 2


def test_only_the_counties_that_a_bulletin_is_for_stand_on_its_board(province: OfficeDesk) -> None:
    let_in(province)
    let_in(province, OTHER, "缙云县")
    for areas, wanted in (
        ((COUNTY,), {COUNTY}),
        (("3311",), {COUNTY, OTHER}),
        (("331122104",), {OTHER}),
    ):
        assert set(deliveries(province, province.send(areas=areas))) == wanted
    province.parts.counties.retire(OTHER)
    assert set(deliveries(province, province.send(areas=("33",)))) == {COUNTY}


def test_a_code_lets_one_relay_in_once_and_another_replaces_it(province: OfficeDesk) -> None:
    counties, clock = province.parts.counties, province.clock
    made, code = counties.add(f"{COUNTY}000000", " 青田县 ")
    assert (made.code, made.name, made.state) == (COUNTY, "青田县", BoxState.INVITED)
    first, given = PretendRelay(COUNTY), (province.folder.pin, BROKER)
    with pytest.raises(RegisterRefused, match="公钥不对"):
        counties.admit(code, "00", *given)
    told = counties.admit(code.upper(), shown(first.key), *given)
    read = Admission.from_bytes(told.to_bytes())
    assert (read.county, read.area, read.user) == (COUNTY, "33", f"county-{COUNTY}")
    assert (read.root, read.host, len(read.password)) == (province.folder.pin, BROKER.host, 32)
    with pytest.raises(RegisterRefused, match="另一台机器用过了"):
        counties.admit(code, shown(new_key()), *given)
    record = province.send(areas=(COUNTY,))
    take(province, first.presence(clock), first.sum(province, record, number=10**12))
    again, second = counties.replace(COUNTY), PretendRelay(COUNTY)
    assert take(province, first.sum(province, record, number=10**12 + 1)) == 1, "until it is used"
    with pytest.raises(RegisterRefused, match="没有这个登记码"):
        counties.admit("aaaa-bbbb-cccc", shown(second.key), *given)
    counties.admit(again, shown(second.key), *given)
    with pytest.raises(RegisterRefused, match="证明钥匙"):
        counties.admit(again, shown(second.key), *given)
    # Its answer was lost: it asks again.
    counties.admit(again, shown(second.key), *given, is_proved=True)
    assert deliveries(province, record)[COUNTY].quality is FigureQuality.NEVER
    assert take(province, first.sum(province, record, number=10**12 + 2)) == 0
    # It counts anew, and what it says counts.
    take(province, second.presence(clock), second.sum(province, record, heard=0, on_the_air=205))
    assert deliveries(province, record)[COUNTY].counts.heard == 0


def test_what_cannot_be_a_county_below_is_refused_in_a_sentence(province: OfficeDesk) -> None:
    counties = province.parts.counties
    for code in ("34", "33", "331121104", "341121"):
        with pytest.raises(RegisterRefused, match="下面的市或县"):
            counties.add(code, "别处")
    with pytest.raises(AreaUnknown):
        counties.add("x", "别处")
    with pytest.raises(RegisterRefused, match="名称"):
        counties.add(COUNTY, "")
    _, code = counties.add(COUNTY, "青田县")
    with pytest.raises(RegisterRefused, match="已经在"):
        counties.add(COUNTY, "青田县")
    with pytest.raises(RegisterRefused, match="没有这个县"):
        counties.retire(OTHER)
    relay = let_in(province, OTHER, "缙云县")
    with pytest.raises(RegisterRefused, match="缙云县"):
        counties.set_key(COUNTY, shown(relay.key))
    with pytest.raises(RegisterRefused, match="证书不对"):
        counties.admit(code, shown(new_key()), province.folder.pin, replace(BROKER, authority=""))
    province.clock.step(timedelta(days=8))
    with pytest.raises(RegisterRefused, match="过期"):
        counties.admit(code, shown(new_key()), province.folder.pin, BROKER)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"county": 1}', b" " * 200_000])
def test_a_file_that_is_no_admission_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(AdmissionRefused, match="上级发的接入文件"):
        Admission.from_bytes(data)


def test_a_cancel_of_the_province_is_counted_by_county_as_well(province: OfficeDesk) -> None:
    relay = let_in(province)
    record = province.send(areas=("33",))
    told = relay.sum(province, record, heard=0, on_the_air=0, partly=0, failed=3, cancelled=287)
    province.parts.desk.cancel(province.officer("小王"), record.id)
    province.publisher.sign_cleared()
    assert take(province, told) == 1
    counts = province.counts(record.id)
    assert (counts["failed"], counts["cancelled"]) == (3, 287)
    box = province.enrol("330100100200", "省里的村")
    province.take(box, box.receipt(record.id, Told.ACCEPTED, province.clock))
    assert province.counts(record.id)["sent"] == 301
