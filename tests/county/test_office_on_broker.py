"""The office on a real broker, and a box that listens, verifies and answers there."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from county.county_office import (
    OTHER_TOWN,
    SENTENCE,
    TOWN,
    VILLAGE,
    OfficeDesk,
    PretendBox,
    keys_of,
    make_desk,
)
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from rig.broker import OFFICE_PASSWORD, WATCHER, BrokerRig, OfficeClient
from rig.fakes import ManualClock
from rig.rig import wait_until
from sqlalchemy import delete, update

from broadcaster.bulletin import mqtt_topics
from broadcaster.bulletin.bulletin import new_bulletin_id
from broadcaster.bulletin.keyring import Trust
from broadcaster.bulletin.receipts import ReceiptState as Told
from broadcaster.bulletin.replay_guard import Accepted, ReplayGuard
from broadcaster.bulletin.snapshot import Snapshot, read_snapshot
from broadcaster.bulletin.sync_request import SyncRequest
from broadcaster.bulletin.trusted_time import Now
from broadcaster.bulletin.verify import verify
from broadcaster.core.model import Outcome
from broadcaster.county.board.county_totals import CountyTotals
from broadcaster.county.board.uncounted_receipts import Doubt
from broadcaster.county.broker.cleared_topics import SAVED_AFTER
from broadcaster.county.broker.mosquitto import OFFICE
from broadcaster.county.broker.mqtt_client import LISTENS_TO, MqttClient
from broadcaster.county.keys.key_folder import KeyFolder, open_key
from broadcaster.county.notices.draft import DraftState
from broadcaster.county.office.office_thread import OfficeThread, own_topics
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import bulletin, sequence


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[BrokerRig]:
    """Of one office each: what stands there is taken back by an office that does not know it."""
    started = BrokerRig(tmp_path / "broker")
    started.start()
    yield started
    started.kill()


# MQTT 5, 2.4
NOT_AUTHORISED = 0x87
BOX_PASSWORD = "of-this-box-alone-0123"


class Line:
    """A village's end: what has come by topic, the newest last, as a box subscribes."""

    def __init__(self, broker: BrokerRig, box: str) -> None:
        self.got: list[tuple[str, bytes]] = []
        broker.add_box(box, VILLAGE, BOX_PASSWORD)
        self._client = Client(CallbackAPIVersion.VERSION2, box, protocol=MQTTv5)
        self._client.username_pw_set(box, BOX_PASSWORD)
        self._client.tls_set(str(broker.broker.folder / "authority.pem"))
        self._client.on_message = lambda c, u, message: self.got.append(
            (message.topic, bytes(message.payload))
        )
        self._answers: dict[int, int] = {}
        self._client.on_publish = lambda c, u, mid, reason, p: self._answers.update({mid: reason.value})
        self._client.connect("127.0.0.1", broker.port)
        wanted = [*mqtt_topics.bulletins_for(VILLAGE), mqtt_topics.answer(box)]
        wanted += [mqtt_topics.keyring("331121"), mqtt_topics.snapshot("331121")]
        self._client.subscribe([(topic, 1) for topic in wanted])
        self._client.loop_start()

    def say(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, 1).wait_for_publish(10)

    def leave(self, topic: str, payload: bytes) -> int:
        """To stand there for ever; what the broker says to it."""
        mid = self._client.publish(topic, payload, 1, True).mid
        wait_until(lambda: mid in self._answers)
        return self._answers[mid]

    def on(self, prefix: str) -> list[bytes]:
        return [payload for topic, payload in list(self.got) if topic.startswith(prefix)]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class BrokerProcess:
    """The office's steps, taken by the test, with the clock of the test."""

    def __init__(self, desk: OfficeDesk, broker: BrokerRig) -> None:
        self.desk, self.keys, self.broker = desk, keys_of(desk), broker
        authority = broker.broker.folder / "authority.pem"
        listens_to = (*LISTENS_TO, *own_topics("331121"))
        self.wire = MqttClient("127.0.0.1", broker.port, OFFICE, OFFICE_PASSWORD, authority, listens_to)
        parts = desk.parts
        self.office = OfficeThread(
            *(desk.publisher, desk.intake, parts.recurring, self.wire),
            *(desk.clock, self.keys, parts.register.areas_of),
            CountyTotals(parts.database, desk.clock),
            # By the clock of the test for ever: it is the heads on the broker that let it sign.
            hold_seconds=3.0,
        )
        # As the villages' pages have it.
        self.wire.on_answer(lambda topic, payload: None)
        self.wire.start()
        self.until(lambda: self.wire.connected)

    def close(self) -> None:
        self.wire.close()

    def until(self, what: Any) -> None:
        def stepped() -> bool:
            self.office.wake()
            self.office.step()
            return bool(what())

        wait_until(stepped)


@pytest.fixture
def running(plain_desk: OfficeDesk, broker: BrokerRig) -> Iterator[BrokerProcess]:
    made = BrokerProcess(plain_desk, broker)
    with closing(made.wire):
        yield made


@pytest.fixture
def box(plain_desk: OfficeDesk) -> PretendBox:
    return plain_desk.enrol()


@pytest.fixture
def line(broker: BrokerRig, box: PretendBox) -> Iterator[Line]:
    with closing(Line(broker, box.id)) as made:
        yield made


def judge(desk: OfficeDesk, data: bytes) -> Accepted:
    now = Now(desk.clock.now(), True, desk.clock.now())
    trust = Trust.pin(desk.folder.keyring.to_bytes(), desk.folder.pin, desk.clock.now())
    verdict = verify(data, trust, ReplayGuard(), VILLAGE, now)
    assert isinstance(verdict, Accepted), verdict
    return verdict


def test_a_bulletin_reaches_its_village_and_what_was_heard_is_counted(
    running: BrokerProcess, line: Line, box: PretendBox
) -> None:
    desk = running.desk
    record = desk.parts.desk.send(desk.officer("小王"), desk.draft())
    running.until(lambda: line.on(mqtt_topics.bulletin(TOWN, record.id)))
    accepted = judge(desk, line.on(mqtt_topics.bulletin(TOWN, record.id))[-1])
    assert accepted.bulletin.id == record.id
    line.say(mqtt_topics.receipt(box.id), box.receipt(record.id, Told.ACCEPTED, desk.clock))
    line.say(mqtt_topics.receipt(box.id), box.heard(record.id, desk.clock, Outcome.PLAYED, 30))
    running.until(lambda: desk.counts(record.id)["heard"] == 1)
    assert desk.parts.desk.get(record.id).sent_at


def test_an_old_database_that_was_put_back_goes_on_behind_the_numbers_that_boxes_know(
    running: BrokerProcess, line: Line, broker: BrokerRig
) -> None:
    desk = running.desk
    first = desk.parts.desk.send(desk.officer("小王"), desk.draft())
    running.until(lambda: line.on(mqtt_topics.bulletin(TOWN, first.id)))
    desk.clock.advance(10)
    seen = judge(desk, line.on(mqtt_topics.bulletin(TOWN, first.id))[-1]).bulletin.seq
    running.until(lambda: read_own(desk, line).highest.get(running.keys.signer.public_key.keyid) == seen)
    running.wire.close()
    with desk.parts.database.transaction() as connection:
        connection.execute(update(sequence).values(highest=0))
        connection.execute(delete(bulletin))
    second = desk.parts.desk.send(desk.officer("小王"), desk.draft())
    again = BrokerProcess(desk, broker)
    with closing(again.wire):
        again.until(lambda: line.on(mqtt_topics.bulletin(TOWN, second.id)))
    assert judge(desk, line.on(mqtt_topics.bulletin(TOWN, second.id))[-1]).bulletin.seq == seen + 1


def read_own(desk: OfficeDesk, line: Line) -> Snapshot:
    now = Now(desk.clock.now(), True, desk.clock.now())
    trust = Trust.pin(desk.folder.keyring.to_bytes(), desk.folder.pin, desk.clock.now())
    found = line.on(mqtt_topics.snapshot("331121"))
    return read_snapshot(found[-1], trust, now) if found else Snapshot(now.at, (1, 1), {}, {})


def test_a_cancel_goes_out_and_the_notice_is_gone_from_the_broker(
    running: BrokerProcess, line: Line, broker: BrokerRig
) -> None:
    desk = running.desk
    record = desk.parts.desk.send(desk.officer("小王"), desk.draft())
    running.until(lambda: line.on(mqtt_topics.bulletin(TOWN, record.id)))
    desk.parts.desk.cancel(desk.officer("小王"), record.id)
    off = desk.parts.desk.cancel_of(record.id)
    assert off
    running.until(lambda: line.on(mqtt_topics.bulletin(TOWN, off.id)))
    assert judge(desk, line.on(mqtt_topics.bulletin(TOWN, off.id))[-1]).bulletin.cancels == record.id
    running.until(lambda: line.on(mqtt_topics.bulletin(TOWN, record.id))[-1] == b"")
    with closing(Line(broker, "late")) as late:
        wait_until(lambda: late.on(mqtt_topics.bulletin(TOWN, off.id)))
        assert not late.on(mqtt_topics.bulletin(TOWN, record.id))


def test_what_was_taken_off_is_taken_off_again_until_the_broker_has_surely_saved_it(
    running: BrokerProcess, line: Line
) -> None:
    desk = running.desk
    record = desk.parts.desk.send(desk.officer("小王"), desk.draft())
    topic = mqtt_topics.bulletin(TOWN, record.id)
    running.until(lambda: line.on(topic))
    desk.clock.advance(24 * 3600)
    running.until(lambda: line.on(topic)[-1] == b"")
    assert [sheet.id for sheet in desk.publisher.to_clear()] == [record.id]
    running.office.begin()
    running.until(lambda: line.on(topic)[-2:] == [b"", b""])
    desk.clock.advance(SAVED_AFTER)
    running.until(lambda: not desk.publisher.to_clear())
    assert line.on(topic)[-3:] == [line.on(topic)[0], b"", b""]


def test_keyring_and_heads_stand_on_the_broker_and_heads_come_every_ten_minutes(
    running: BrokerProcess, line: Line
) -> None:
    desk = running.desk
    running.until(lambda: line.on(mqtt_topics.snapshot("331121")))
    running.until(lambda: line.on(mqtt_topics.keyring("331121")))
    Trust.pin(line.on(mqtt_topics.keyring("331121"))[-1], desk.folder.pin, desk.clock.now())
    desk.clock.step(timedelta(minutes=10))
    now = Now(desk.clock.now(), True, desk.clock.now())

    def newest() -> bool:
        snapshot = read_snapshot(line.on(mqtt_topics.snapshot("331121"))[-1], desk.folder.trust, now)
        return snapshot.at == desk.clock.now()

    running.until(newest)


def test_a_box_that_asks_is_told_the_time_and_what_it_misses(
    running: BrokerProcess, line: Line, box: PretendBox
) -> None:
    desk, nonce = running.desk, "0123456789abcdef"
    record = desk.parts.desk.send(desk.officer("小王"), desk.draft())
    running.until(lambda: desk.parts.desk.get(record.id).sent_at)
    elsewhere = desk.send(areas=(OTHER_TOWN,))
    line.say(mqtt_topics.sync_request(box.id), b"\x00")
    line.say(
        mqtt_topics.sync_request(box.id),
        SyncRequest(nonce, (1, 1), (record.id, elsewhere.id)).to_bytes(),
    )
    running.until(lambda: len(line.on(mqtt_topics.answer(box.id))) >= 2)
    missed, told = line.on(mqtt_topics.answer(box.id))[:2]
    assert judge(desk, missed).bulletin.id == record.id
    snapshot = read_snapshot(told, desk.folder.trust, Now(desk.clock.now(), True, desk.clock.now()))
    assert snapshot.tells_time_to(nonce)
    assert set(snapshot.in_force) == {record.id}


def test_the_office_sees_who_is_there(running: BrokerProcess, line: Line, box: PretendBox) -> None:
    line.say(mqtt_topics.state(box.id), b'{"online": true}')
    running.until(lambda: running.desk.parts.register.get(box.id).online)
    line.say(mqtt_topics.state(box.id), b'{"online": false}')
    running.until(lambda: not running.desk.parts.register.get(box.id).online)


def test_what_boxes_said_while_the_office_was_down_is_counted_when_it_is_back(
    plain_desk: OfficeDesk, broker: BrokerRig, box: PretendBox, line: Line
) -> None:
    first = BrokerProcess(plain_desk, broker)
    record = plain_desk.parts.desk.send(plain_desk.officer("小王"), plain_desk.draft())
    first.until(lambda: line.on(mqtt_topics.bulletin(TOWN, record.id)))
    first.wire.close()
    line.say(mqtt_topics.receipt(box.id), box.heard(record.id, plain_desk.clock, Outcome.PLAYED, 30))
    again = BrokerProcess(plain_desk, broker)
    with closing(again.wire):
        again.until(lambda: plain_desk.counts(record.id)["heard"] == 1)


def test_without_a_broker_it_is_signed_and_goes_out_later(
    plain_desk: OfficeDesk, broker: BrokerRig, line: Line
) -> None:
    record = plain_desk.send()
    assert plain_desk.parts.desk.get(record.id).sent_at is None
    made = BrokerProcess(plain_desk, broker)
    with closing(made.wire):
        made.until(lambda: line.on(mqtt_topics.bulletin(TOWN, record.id)))


def test_a_running_office_sends_the_rotated_keyring_and_signs_by_the_new_key_alone(
    tmp_path: Path, sqlite: OfficeDatabase, broker: BrokerRig
) -> None:
    roots = [tmp_path / f"root-{number}.key" for number in (1, 2, 3)]
    begun = ManualClock().now()
    folder = KeyFolder.create(tmp_path / "own", "331121", "青田县", roots, lambda _: SENTENCE, begun)
    desk = make_desk(sqlite, folder)
    running, line = BrokerProcess(desk, broker), Line(broker, desk.enrol().id)
    with closing(running.wire), closing(line):
        running.until(lambda: line.on(mqtt_topics.snapshot("331121")))
        root_keys = [open_key(path, SENTENCE) for path in roots[:2]]
        folder.rotate(root_keys, [], lambda _: SENTENCE, desk.clock.now())
        record = desk.parts.desk.send(desk.officer("小王"), desk.draft())
        running.until(lambda: line.on(mqtt_topics.keyring("331121"))[-1] == folder.keyring.to_bytes())
        told = line.on(mqtt_topics.snapshot("331121"))
        desk.clock.step(timedelta(minutes=11))
        running.office.tend()
        assert desk.parts.desk.get(record.id).state is DraftState.CLEARED
        running.keys.signer = folder.unlock(SENTENCE)
        running.until(lambda: line.on(mqtt_topics.bulletin(TOWN, record.id)))
        judge(desk, line.on(mqtt_topics.bulletin(TOWN, record.id))[-1])
        running.until(lambda: len(line.on(mqtt_topics.snapshot("331121"))) > len(told))
        trust = Trust.pin(folder.keyring.to_bytes(), folder.pin, desk.clock.now())
        for data in line.on(mqtt_topics.snapshot("331121"))[len(told) :]:
            read_snapshot(data, trust, Now(desk.clock.now(), True, desk.clock.now()))


def test_what_a_box_leaves_on_the_broker_for_ever_is_cleared_as_it_comes_and_at_each_connection(
    plain_desk: OfficeDesk, broker: BrokerRig, box: PretendBox, line: Line
) -> None:
    desk, wide = plain_desk, f"{mqtt_topics.ROOT}/r/{box.id}"
    first = BrokerProcess(desk, broker)
    record = desk.parts.desk.send(desk.officer("小王"), desk.draft())
    first.until(lambda: line.on(mqtt_topics.bulletin(TOWN, record.id)))
    genuine = box.heard(record.id, desk.clock, Outcome.PLAYED, 30)

    def fill() -> None:
        """By the right that boxes of before have."""
        with closing(watcher(broker)) as looks:
            for at in range(20):
                looks.publish(f"{wide}/{at}", b"x" * 200_000)

    fill()
    line.leave(mqtt_topics.receipt(box.id), genuine)
    for name in (mqtt_topics.sync_request(box.id), mqtt_topics.done(box.id), mqtt_topics.state(box.id)):
        line.leave(name, b"x" * 200_000)
    first.until(lambda: standing(broker, box) == [])
    first.wire.close()
    fill()
    assert len(standing(broker, box)) == 20
    again = BrokerProcess(desk, broker)
    with closing(again.wire):
        again.until(lambda: standing(broker, box) == [])
        again.office.step()
    # What it said by it counts all the same, once.
    assert desk.counts(record.id)["heard"] == 1
    told = {one.why: one.count for one in desk.parts.doubts.of(box.id, None)}
    # What waited in the office's session comes as it stood there, too.
    assert told[Doubt.RETAINED] >= 44


def test_a_box_can_leave_but_one_message_among_its_receipts(
    broker: BrokerRig, box: PretendBox, line: Line
) -> None:
    assert line.leave(f"{mqtt_topics.ROOT}/r/{box.id}/1", b"x") == NOT_AUTHORISED
    assert line.leave(mqtt_topics.receipt(box.id), b"x") != NOT_AUTHORISED
    assert standing(broker, box) == [mqtt_topics.receipt(box.id)]
    line.leave(mqtt_topics.receipt(box.id), b"")


def test_the_state_of_a_box_goes_with_the_box(
    running: BrokerProcess, line: Line, box: PretendBox
) -> None:
    desk = running.desk
    line.leave(mqtt_topics.state(box.id), b'{"online": true}')
    running.until(lambda: desk.parts.register.get(box.id).online)
    desk.clock.advance(60)
    running.office.step()
    assert standing(running.broker, box) == [mqtt_topics.state(box.id)]
    desk.parts.register.retire(box.id)
    desk.clock.advance(60)
    running.until(lambda: standing(running.broker, box) == [])


def standing(broker: BrokerRig, box: PretendBox) -> list[str]:
    """What stands retained of it, for who comes now."""
    mark = mqtt_topics.answer(new_bulletin_id())
    with closing(watcher(broker, "sqdra")) as looks:
        # Behind what stood there when it subscribed.
        looks.publish(mark, b"x", retain=False)
        wait_until(lambda: looks.on(mark))
        names = [topic for topic, payload in looks.got if payload and box.id in topic.split("/")]
    return sorted(names)


def watcher(broker: BrokerRig, kinds: str = "a") -> OfficeClient:
    """Somebody else with the office's rights: a second one by its name would throw it out."""
    broker.add_watcher(BOX_PASSWORD)
    return OfficeClient(broker, WATCHER, BOX_PASSWORD, kinds=kinds, keeps=False)
