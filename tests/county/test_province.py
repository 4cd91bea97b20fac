"""From a province's desk over a county's relay to a village's loudspeaker, and back onto its board."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
from county.province_rig import CLOCK, COUNTY, PROVINCE, Country, country
from sqlalchemy import select

from broadcaster.bulletin.bulletin import VERSION
from broadcaster.core.model import Outcome
from broadcaster.core.notice import Severity
from broadcaster.county.board.province_board import FigureQuality
from broadcaster.county.notices.approval_desk import DraftRecord
from broadcaster.county.register.versions_read import versions_read
from broadcaster.county.relay.relay_tables import carried
from broadcaster.county.relay.uplink import OfficeReceipts
from broadcaster.county.store.office_database import OfficeDatabase


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    with country(tmp_path_factory.mktemp("country")) as made:
        # The box was enrolled before there was a relay: the root says it, nobody enrols anew.
        assert made.life.link.status()["above"] == {}
        made.say_above()
        made.until(lambda: made.life.link.status()["above"].get(PROVINCE))
        yield made


def test_a_bulletin_of_the_province_is_heard_and_its_sum_stands_on_the_provinces_board(
    land: Country,
) -> None:
    record = land.province.send(PROVINCE, severity=Severity.ORANGE)
    land.until(lambda: land.province.counts(record).heard == 1)
    assert land.province.counts(record).to_json() == {
        **{"sent": 1, "reached": 1, "accepted": 1, "on_the_air": 0},
        **{"heard": 1, "partly": 0, "failed": 0, "cancelled": 0, "silent": 0},
    }
    assert land.heard(record) == 1
    land.until(
        lambda: (delivery := land.province.delivery(record)) and delivery.quality is FigureQuality.TRUE
    )
    delivery = land.province.delivery(record)
    assert delivery and (delivery.county.name, delivery.counts.heard, delivery.remark) == (
        "青田县",
        1,
        "",
    )
    assert land.county.parts.desk.recent(10) == [], "it is none of the county's"


def test_a_later_field_goes_through_the_relay_once_the_county_has_said_that_it_reads_it(
    land: Country,
) -> None:
    database = land.province.database
    land.until(lambda: versions_read(database, [COUNTY]).lowest == VERSION)
    paper = land.province.send(PROVINCE, contact="13800001111")
    land.until(lambda: land.heard(paper) == 1)
    land.until(lambda: "13800001111" in [row.notice.contact for row in land.life.station.history()])


def test_a_cancel_of_the_province_ends_what_waits_in_one_go(land: Country) -> None:
    begins = CLOCK.now() + timedelta(hours=2)
    record = land.province.send(COUNTY, not_before=begins)
    land.until(lambda: land.province.counts(record).waiting == 1)
    land.province.cancel(record)
    land.until(lambda: land.province.counts(record).cancelled == 1)
    assert land.heard(record) == 0
    ends = [row.outcome for row in land.life.station.history() if row.notice.issuer == "浙江省"]
    assert ends[0] is Outcome.CANCELLED


def test_a_countys_own_notice_does_not_need_the_relay_and_the_provinces_waits_for_it(
    land: Country,
) -> None:
    land.relay.kill()
    own = land.county.send(COUNTY)
    land.until(lambda: land.county.counts(own).heard == 1)
    waits = land.province.send(PROVINCE)
    own_again = land.county.send(COUNTY)
    land.until(lambda: land.county.counts(own_again).heard == 1)
    assert land.heard(waits) == 0 and not land.province.told(waits)
    land.relay.start()
    land.until(lambda: land.province.counts(waits).heard == 1)
    assert [land.heard(one) for one in (own, own_again, waits)] == [1, 1, 1]


def test_a_relay_that_is_killed_anywhere_loses_and_doubles_nothing(land: Country) -> None:
    book = OfficeDatabase(f"sqlite:///{land.county.path / 'relay' / 'relay.db'}")
    receipts = OfficeReceipts(land.county.database)
    points: dict[str, Callable[[DraftRecord], object]] = {
        "sent above": lambda record: land.province.parts.desk.get(record.id).sent_at,
        "in the relay's book": lambda record: book.first(
            select(carried).where(carried.c.id == record.id)
        ),
        "in the box": lambda record: land.life.station.bulletins.find(record.id),
        "a receipt in the county": lambda record: receipts.receipts_of(record.id),
        "heard": land.heard,
        "a sum on the board": land.province.told,
    }
    records = []
    for point, reached in points.items():
        records.append(record := land.province.send(PROVINCE, title=point))
        land.until(partial(reached, record))
        land.relay.kill()
        land.relay.start()
    book.close()
    for record in records:
        land.until(partial(land.told_as_heard, record))
        assert land.province.counts(record).sent == 1, record.draft.title
        assert land.heard(record) == 1, record.draft.title


def test_a_killed_broker_above_or_below_is_gone_by_again(land: Country) -> None:
    for office in (land.province, land.county):
        record = land.province.send(PROVINCE)
        office.rig.kill()
        office.rig.start()
        land.until(partial(land.told_as_heard, record))
        assert land.heard(record) == 1


def test_taken_back_by_the_root_the_province_is_heard_no_more(land: Country) -> None:
    land.say_above("--none")
    land.until(lambda: land.life.link.status()["above"] == {})
    unheard = land.province.send(PROVINCE)
    own = land.county.send(COUNTY)
    land.until(lambda: land.county.counts(own).heard == 1)
    land.until(lambda: land.province.told(unheard))
    assert land.heard(unheard) == 0
    assert land.province.counts(unheard).silent == 1
