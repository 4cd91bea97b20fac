"""An office whose database is yesterday's copy: what it has sent since is taken back from its broker."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from county.county_office import TOWN, OfficeDesk, keys_of
from county.test_office_on_broker import BrokerProcess, Line, broker, judge, read_own
from rig.broker import OFFICE_PASSWORD, BrokerRig
from rig.rig import wait_until
from sqlalchemy import delete, update

from broadcaster.bulletin import mqtt_topics
from broadcaster.core.notice import Severity
from broadcaster.county.board.county_totals import CountyTotals
from broadcaster.county.broker.mosquitto import OFFICE
from broadcaster.county.broker.mqtt_client import Incoming, MqttClient
from broadcaster.county.notices import restored_bulletins
from broadcaster.county.notices.approval_desk import DraftRecord
from broadcaster.county.notices.draft import DraftState
from broadcaster.county.notices.restored_bulletins import HOLD_SECONDS
from broadcaster.county.office.office_thread import UNREACHED_SECONDS, OfficeThread
from broadcaster.county.store.tables import bulletin, reach, sequence

__all__ = ["broker"]


def is_out(record: DraftRecord | None) -> bool:
    return record is not None and record.state is DraftState.PUBLISHED


@pytest.fixture
def line(broker: BrokerRig, plain_desk: OfficeDesk) -> Iterator[Line]:
    with closing(Line(broker, plain_desk.enrol().id)) as made:
        yield made


def put_back(desk: OfficeDesk, unsigned: str, gone: list[str], in_force: str) -> None:
    """As the database was before these were signed, sent and called off."""
    cancel = desk.parts.desk.cancel_of(in_force)
    assert cancel
    with desk.parts.database.transaction() as connection:
        connection.execute(update(sequence).values(highest=1))
        connection.execute(delete(bulletin).where(bulletin.c.id.in_([*gone, cancel.id])))
        connection.execute(delete(reach).where(reach.c.bulletin.in_([unsigned, *gone])))
        for id, state in ((unsigned, DraftState.CLEARED), (in_force, DraftState.PUBLISHED)):
            connection.execute(update(bulletin).where(bulletin.c.id == id).values(state=state))


def test_what_was_sent_after_the_copy_is_in_force_again_told_and_can_be_called_off(
    plain_desk: OfficeDesk, broker: BrokerRig, line: Line
) -> None:
    desk, sender = plain_desk, plain_desk.officer("小王")

    def sent(text: str, running: BrokerProcess) -> str:
        record = desk.parts.desk.send(sender, desk.draft(text, severity=Severity.BLUE))
        running.until(lambda: line.on(mqtt_topics.bulletin(TOWN, record.id)))
        return record.id

    with closing(BrokerProcess(desk, broker)) as before:
        called_off, unsigned, gone = (sent(f"{n}号楼停水。", before) for n in (1, 2, 3))
        desk.parts.desk.cancel(sender, called_off)
        before.until(lambda: is_out(desk.parts.desk.cancel_of(called_off)))
        desk.clock.advance(10)
        before.until(lambda: len(read_own(desk, line).in_force) == 3)
    told = read_own(desk, line)
    put_back(desk, unsigned, [gone], called_off)
    later = desk.parts.desk.send(sender, desk.draft("四号楼停水。"))
    with closing(BrokerProcess(desk, broker)) as after:
        after.until(lambda: line.on(mqtt_topics.bulletin(TOWN, later.id)))
        state_of = {id: desk.parts.desk.get(id).state for id in (called_off, unsigned, gone)}
        assert set(state_of.values()) == {DraftState.CANCELLED, DraftState.PUBLISHED}
        assert state_of[called_off] is DraftState.CANCELLED
        highest = max(told.highest.values())
        assert judge(desk, line.on(mqtt_topics.bulletin(TOWN, later.id))[-1]).bulletin.seq == highest + 1
        desk.clock.advance(10)
        after.until(lambda: later.id in read_own(desk, line).in_force)
        now_told = read_own(desk, line).in_force
        assert {id: now_told.get(id) for id in told.in_force} == told.in_force
        assert desk.counts(gone)["sent"] == 1 and desk.parts.desk.get(gone).draft.text == "3号楼停水。"
        [warning] = restored_bulletins.warnings(desk.parts.database, desk.clock.now())
        assert "取回了 2 则" in warning and "《3号楼停水。》（到" in warning
        desk.parts.desk.cancel(sender, gone)
        after.until(lambda: line.on(mqtt_topics.bulletin(TOWN, gone))[-1] == b"")
        off = desk.parts.desk.cancel_of(gone)
        assert (
            off and judge(desk, line.on(mqtt_topics.bulletin(TOWN, off.id))[-1]).bulletin.cancels == gone
        )


def test_what_waited_in_the_session_is_told_from_what_stands_on_the_broker(broker: BrokerRig) -> None:
    """It comes first, and a snapshot among it says nothing of the bulletins behind it."""
    topic = mqtt_topics.snapshot("331121")
    authority = broker.broker.folder / "authority.pem"
    given = "127.0.0.1", broker.port, OFFICE, OFFICE_PASSWORD, authority, (topic,)

    def opened() -> MqttClient:
        made = MqttClient(*given)
        made.start()
        wait_until(lambda: made.connected)
        return made

    with closing(opened()) as before:
        wait_until(lambda: before.publish([(topic, b"of before")]))
    with closing(opened()) as after:
        came: list[Incoming] = []
        while len(came) < 2:
            came += [one for one in after.take(1.0, 9) if one.topic]
        assert [(one.payload, one.fresh) for one in came] == [
            (b"of before", False),
            (b"of before", True),
        ]


@pytest.mark.parametrize("is_over", [False, True])
def test_what_was_sent_in_the_last_moment_has_its_number_though_no_heads_told_of_it(
    plain_desk: OfficeDesk, broker: BrokerRig, line: Line, is_over: bool
) -> None:
    desk, sender = plain_desk, plain_desk.officer("小王")
    with closing(BrokerProcess(desk, broker)) as before:
        before.until(lambda: line.on(mqtt_topics.snapshot("331121")))
        snapshot = line.on(mqtt_topics.snapshot("331121"))[0]
        last = desk.parts.desk.send(sender, desk.draft())
        before.until(lambda: line.on(mqtt_topics.bulletin(TOWN, last.id)))
        # It waits in the office's session, and comes before all that stands on the broker.
        before.until(lambda: before.wire.publish([(mqtt_topics.snapshot("331121"), snapshot)]))
    seq = judge(desk, line.on(mqtt_topics.bulletin(TOWN, last.id))[-1]).bulletin.seq
    with desk.parts.database.transaction() as connection:
        connection.execute(update(sequence).values(highest=0))
        connection.execute(delete(bulletin))
    if is_over:
        desk.clock.advance(7 * 3600)
    later = desk.parts.desk.send(sender, desk.draft("第二则。"))
    with closing(BrokerProcess(desk, broker)) as after:
        after.until(lambda: line.on(mqtt_topics.bulletin(TOWN, later.id)))
        assert judge(desk, line.on(mqtt_topics.bulletin(TOWN, later.id))[-1]).bulletin.seq == seq + 1
        desk.clock.advance(10)
        expected = {later.id} if is_over else {last.id, later.id}
        after.until(lambda: set(read_own(desk, line).in_force) == expected)


def test_what_was_called_off_stays_so_whichever_of_the_two_comes_first(
    plain_desk: OfficeDesk, broker: BrokerRig, line: Line
) -> None:
    desk, sender = plain_desk, plain_desk.officer("小王")
    with closing(BrokerProcess(desk, broker)) as before:
        sent = desk.parts.desk.send(sender, desk.draft())
        before.until(lambda: line.on(mqtt_topics.bulletin(TOWN, sent.id)))
        envelope = line.on(mqtt_topics.bulletin(TOWN, sent.id))[-1]
        desk.parts.desk.cancel(sender, sent.id)
        before.until(lambda: is_out(desk.parts.desk.cancel_of(sent.id)))
        before.until(lambda: line.on(mqtt_topics.bulletin(TOWN, sent.id))[-1] == b"")
        # The office ended between the cancel and the place that it empties.
        before.wire.publish([(mqtt_topics.bulletin(TOWN, sent.id), envelope)])
    with desk.parts.database.transaction() as connection:
        connection.execute(delete(bulletin))
    with closing(BrokerProcess(desk, broker)) as after:
        after.until(lambda: desk.parts.desk.find(sent.id) and desk.parts.desk.cancel_of(sent.id))
        assert desk.parts.desk.get(sent.id).state is DraftState.CANCELLED
        after.until(lambda: line.on(mqtt_topics.bulletin(TOWN, sent.id))[-1] == b"")


def test_before_its_broker_is_reached_nothing_is_signed_for_a_minute(plain_desk: OfficeDesk) -> None:
    desk, parts = plain_desk, plain_desk.parts
    office = OfficeThread(
        *(desk.publisher, desk.intake, parts.recurring, MqttClient("127.0.0.1", 1)),
        *(desk.clock, keys_of(desk), parts.register.areas_of),
        CountyTotals(parts.database, desk.clock),
        hold_seconds=3.0,
    )
    record = parts.desk.send(desk.officer("小王"), desk.draft())
    desk.clock.advance(UNREACHED_SECONDS / 2)
    office.tend()
    assert parts.desk.get(record.id).state is DraftState.CLEARED
    desk.clock.advance(UNREACHED_SECONDS / 2)
    office.tend()
    assert parts.desk.get(record.id).state is DraftState.PUBLISHED


def test_what_the_broker_has_lost_too_is_waited_for_no_longer_than_a_moment(
    plain_desk: OfficeDesk, broker: BrokerRig, line: Line
) -> None:
    desk, sender = plain_desk, plain_desk.officer("小王")
    with closing(BrokerProcess(desk, broker)) as before:
        lost = desk.parts.desk.send(sender, desk.draft())
        before.until(lambda: line.on(mqtt_topics.bulletin(TOWN, lost.id)))
        desk.clock.advance(10)
        before.until(lambda: lost.id in read_own(desk, line).in_force)
        before.wire.publish([(mqtt_topics.bulletin(TOWN, lost.id), b"")])
    with desk.parts.database.transaction() as connection:
        connection.execute(delete(bulletin))
    with closing(BrokerProcess(desk, broker)) as after:
        after.until(lambda: lost.id in desk.publisher.restored.missing)
        waits = desk.parts.desk.send(sender, desk.draft("第二则。"))
        after.office.tend()
        assert desk.parts.desk.get(waits.id).state is DraftState.CLEARED
        desk.clock.advance(HOLD_SECONDS)
        after.until(lambda: line.on(mqtt_topics.bulletin(TOWN, waits.id)))
        desk.clock.advance(10)
        after.until(lambda: set(read_own(desk, line).in_force) == {waits.id})
