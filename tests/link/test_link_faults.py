"""The line to the county when brokers, boxes and disks fail, and others at the broker are no friends."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from bulletin.county_rig import COUNTY, County, signed
from link.link_rig import PASSWORD, LinkBox, Office, notice, until
from rig.broker import BrokerRig, OfficeClient

from broadcaster.bulletin import mqtt_topics
from broadcaster.bulletin.receipts import ReceiptState
from broadcaster.bulletin.replay_guard import Accepted
from broadcaster.core.notice import Severity
from broadcaster.link.inbox import Inbox
from broadcaster.link.outbox import HELD_SECONDS
from broadcaster.link.reconnect_policy import PERHAPS_TAKEN_OVER, STEADY_SECONDS, TAKEN_OVER
from broadcaster.store.database import sqlite_connection

WHOLE = [ReceiptState.ACCEPTED, ReceiptState.ON_THE_AIR, ReceiptState.ENDED]
NOT_AUTHORISED = 135


@pytest.fixture
def broker(broker: BrokerRig) -> Iterator[BrokerRig]:
    """Up again for the next test, whatever this one did to it."""
    yield broker
    if not broker.process:
        broker.start()


def test_without_a_broker_at_the_start_it_is_heard_when_there_is_one(
    box: LinkBox, broker: BrokerRig, office: Office
) -> None:
    told = office.publish(notice())
    broker.kill()
    with box.running() as life:
        until(lambda: life.link.status()["trouble"])
        assert life.link.status()["trouble"] == "那台机器上的服务没有开"
        broker.start()
        until(lambda: box.states(office.client, told) == WHOLE)


def test_what_the_broker_has_acknowledged_outlasts_its_death(
    box: LinkBox, broker: BrokerRig, office: Office
) -> None:
    with box.running() as life:
        until(lambda: life.connected)
    told = office.publish(notice())
    broker.kill()
    broker.start()
    with box.running() as life:
        until(lambda: box.states(office.client, told) == WHOLE)
        broker.kill()
        until(lambda: not life.connected)
        broker.start()
        office.publish(other := notice(seq=2))
        until(lambda: box.states(office.client, other) == WHOLE)
        assert life.heard() == [told.id, other.id]


def test_receipts_of_what_was_heard_meanwhile_come_when_the_broker_is_back(
    box: LinkBox, broker: BrokerRig, office: Office
) -> None:
    with box.running() as life:
        life.device.holds = True
        told = office.publish(notice())
        until(lambda: ReceiptState.ON_THE_AIR in box.states(office.client, told))
        broker.kill()
        until(lambda: not life.connected)
        life.device.release()
        until(lambda: life.receipts_kept() == 3)
    with box.running() as life:
        broker.start()
        until(lambda: box.states(office.client, told) == WHOLE)
        assert life.heard() == []


def test_a_box_that_goes_down_between_acknowledging_and_queueing_says_it_once(
    tmp_path: Path, county: County
) -> None:
    box = LinkBox(tmp_path / "box", county)
    told = notice()
    with box.running(with_loop=False) as life:
        inbox = Inbox(life.station, box.membership, box.clock)
        assert isinstance(inbox.keep(signed(told, county.key)), Accepted)
        inbox.save()
        assert life.heard() == []
    with box.running() as life:
        until(lambda: life.heard() == [told.id])
        until(lambda: not life.station.status().on_air and life.station.past(told.id))
    for _ in range(2):
        with box.running() as life:
            until(lambda: life.link.status()["trouble"])
            assert life.heard() == []
            assert life.receipts_kept() == 3


def test_a_cancel_that_the_box_went_down_over_counts_after_it(tmp_path: Path, county: County) -> None:
    box = LinkBox(tmp_path / "box", county)
    told = notice()
    stop = notice(kind="cancel", cancels=told.id, text="", title="取消", seq=2)
    with box.running(with_loop=False) as life:
        inbox = Inbox(life.station, box.membership, box.clock)
        inbox.keep(signed(told, county.key))
        inbox.keep(signed(stop, county.key))
        inbox.save()
    with box.running() as life:
        until(lambda: life.receipts_kept() == 3)
        assert life.heard() == []


def test_while_the_disk_takes_nothing_what_is_urgent_is_heard_once_and_told_of_later(
    box: LinkBox, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_connection, "BUSY_SECONDS", 0.2)
    with box.running() as life:
        until(lambda: life.connected)
        with closing(sqlite3.connect(box.state / "broadcaster.db", isolation_level=None)) as held:
            held.execute("BEGIN IMMEDIATE")
            told = office.publish(notice(severity=Severity.RED))
            blue = office.publish(notice(seq=2))
            until(lambda: life.heard() == [told.id])
            held.execute("ROLLBACK")
        until(lambda: box.states(office.client, told)[-1:] == [ReceiptState.ENDED])
        until(lambda: box.states(office.client, blue) == WHOLE)
        assert life.heard() == [told.id, blue.id]


def test_an_hour_without_a_broker_and_the_box_says_so_and_goes_on(
    box: LinkBox, broker: BrokerRig, office: Office
) -> None:
    assert office.client.up.wait(20)
    broker.kill()
    with box.running(with_loop=False) as life:
        for _ in range(120):
            box.clock.waited += 30
            life.link.step()
        assert "收不到县里的消息" in life.link.fault
        broker.start()
        told = office.publish(notice())
        office.publish_heads()

        def step() -> bool:
            life.link.step()
            return bool(box.states(office.client, told) == WHOLE and not life.link.fault)

        until(step)


def test_another_box_cannot_speak_for_the_county(
    box: LinkBox, broker: BrokerRig, office: Office, county: County
) -> None:
    broker.add_box("stranger", "331121105200", PASSWORD)
    stranger = OfficeClient(broker, "stranger", PASSWORD)
    told = notice()
    with box.running() as life:
        until(lambda: life.connected)
        names = (
            mqtt_topics.bulletin(COUNTY, told.id),
            mqtt_topics.snapshot(COUNTY),
            mqtt_topics.answer(box.name),
            mqtt_topics.state(box.name),
            mqtt_topics.receipt(box.name),
        )
        for name in names:
            stranger.publish(name, signed(told, county.key))
        assert list(stranger.answers.values()) == [NOT_AUTHORISED] * len(names)
        office.publish(other := notice(seq=2))
        until(lambda: box.states(office.client, other) == WHOLE)
        assert life.heard() == [other.id]
    stranger.close()


def test_another_user_does_not_take_a_boxs_session_over(
    box: LinkBox, broker: BrokerRig, office: Office
) -> None:
    broker.add_box("thief", "331121105200", PASSWORD)
    with box.running() as life:
        until(lambda: life.connected)
        since = life.link.status()["connected_since"]
        thief = OfficeClient(broker, "thief", PASSWORD, client_id=box.name)
        assert thief.up.wait(20)
        told = office.publish(notice())
        until(lambda: box.states(office.client, told) == WHOLE)
        assert life.link.status()["connected_since"] == since
        assert thief.on(mqtt_topics.receipt(box.name, "")) == []
        thief.close()


def test_another_machine_on_the_same_account_is_a_fault_and_fills_no_log(
    box: LinkBox, broker: BrokerRig, caplog: pytest.LogCaptureFixture
) -> None:
    """As a card that was copied does: the broker throws out the older one, and so on for ever."""
    with box.running() as life:
        until(lambda: life.connected)
        twin = OfficeClient(broker, box.name, PASSWORD, client_id=box.name)
        until(lambda: life.link.fault)
        twin.close()
        # A broker that names the reason spares the box the guessing.
        assert life.link.status()["fault"] in (TAKEN_OVER, PERHAPS_TAKEN_OVER)
        until(lambda: life.connected)
        box.clock.waited += STEADY_SECONDS
        until(lambda: not life.link.fault)
    told = [
        one.getMessage() for one in caplog.records if one.name == "broadcaster.link.reconnect_policy"
    ]
    assert len(told) == 6, told
    assert told[0] == told[2] == "和县里连上了" and told[1].startswith("没有连上县里")
    assert "请让县里给本站发一个新的登记码" in told[3]
    assert re.fullmatch("10 分钟里和县里断过 [3-9] 次，现在连着", told[4])
    assert told[5] == "和县里一直连着，没有再被另一台机器断开"


@pytest.mark.slow
def test_the_red_one_behind_1500_others_is_heard(box: LinkBox, office: Office) -> None:
    with box.running() as life:
        until(lambda: life.connected)
    for seq in range(1, 1501):
        office.publish(notice(seq=seq, text="今天下午停水。" * 40))
    red = office.publish(notice(seq=1501, severity=Severity.RED))
    with box.running() as life:
        until(lambda: ReceiptState.ENDED in box.states(office.client, red), 300)
        until(lambda: len(life.link.status()["in_force"]) + len(life.station.history(2000)) >= 1501, 300)


def test_receipts_that_the_broker_acknowledged_and_lost_come_again(
    box: LinkBox, broker: BrokerRig, office: Office
) -> None:
    office.answers = False
    with box.running() as life:
        told = office.publish(notice())
        until(lambda: box.states(office.client, told) == WHOLE)
        until(lambda: life.link.status()["receipts_waiting"] == 0)
        topic = mqtt_topics.receipt(box.name)
        first = office.client.on(topic)
        broker.kill()
        broker.start()
        until(lambda: sorted(office.client.on(topic)) == sorted(first * 2))
        assert life.heard() == [told.id]


def test_a_receipt_is_kept_until_the_broker_has_surely_saved_it(box: LinkBox, office: Office) -> None:
    office.answers = False
    with box.running(with_loop=False) as life:
        told = office.publish(notice())

        def step() -> bool:
            life.link.wake()
            life.link.step()
            told_all = box.states(office.client, told) == WHOLE
            return told_all and not life.link.status()["receipts_waiting"]

        def told_since(at: object) -> bool:
            life.link.wake()
            life.link.step()
            return bool(life.link.status()["heads_at"] != at)

        until(step)
        assert life.receipts_kept() == 3
        for waited, kept in ((HELD_SECONDS / 2, 3), (HELD_SECONDS, 0)):
            box.clock.waited += waited
            office.publish_heads()
            at = office.in_force and life.link.status()["heads_at"]
            until(partial(told_since, at))
            assert life.receipts_kept() == kept


def test_on_a_line_that_never_stands_long_the_answer_of_the_office_empties_the_outbox(
    box: LinkBox, office: Office
) -> None:
    """What was acknowledged after the question is kept for the next one; without an answer all is."""

    def connect(asked_before: int) -> int:
        """So many are kept when the connection ends, all sent and the question long asked."""
        with box.running() as life:
            until(lambda: life.connected and not life.link.status()["receipts_waiting"])
            until(lambda: questions() > asked_before)
            until(
                lambda: not office.answers or life.link.status()["heads_at"] or not life.receipts_kept()
            )
            return life.receipts_kept()

    def questions() -> int:
        return len(office.client.on(mqtt_topics.sync_request(box.name)))

    office.answers = False
    told = office.publish(notice())
    with box.running():
        until(lambda: box.states(office.client, told) == WHOLE)
    for _ in range(2):
        assert connect(questions()) == 3
    office.answers = True
    until(lambda: connect(questions()) == 0, 60)
    assert box.states(office.client, told) == WHOLE


def test_a_receipt_that_nobody_listens_to_is_no_lost_one(
    box: LinkBox, broker: BrokerRig, county: County
) -> None:
    with box.running() as life:
        with closing(Office(broker, county)) as office:
            told = office.publish(notice())
            until(lambda: box.states(office.client, told) == WHOLE)
        broker.kill()
        # No session of an office is left there.
        broker.start()
        until(lambda: life.connected)
        assert life.receipts_kept() == 3 and life.link.status()["receipts_waiting"]
        with closing(OfficeClient(broker)) as late:
            until(lambda: box.states(late, told) == WHOLE)
