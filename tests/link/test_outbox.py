"""A receipt that reaches no office is sent again soon, and not for ever each second."""

from collections import deque
from typing import Any, cast

import pytest
from rig.fakes import ManualClock

from broadcaster.link.bulletin_log import BulletinLog
from broadcaster.link.mqtt_client import BrokerConnection
from broadcaster.link.outbox import Outbox
from broadcaster.station.station import StoredBulletins
from broadcaster.store.bulletins import StoredReceipts


class Line:
    """A broker that has no listener until `listens`."""

    def __init__(self) -> None:
        self.listens = False
        self.acknowledged: deque[tuple[int, bool]] = deque()
        self.sent = 0

    def publish(self, topic: str, payload: bytes) -> int:
        self.sent += 1
        self.acknowledged.append((self.sent, self.listens))
        return self.sent


class Log:
    """One receipt on the disk."""

    def __init__(self) -> None:
        self.more = True
        self.to_send: deque[StoredReceipts] = deque()

    def leave_to_the_disk(self) -> None:
        self.more = True


class Receipts:
    def receipts(self, room: int, after: int) -> list[StoredReceipts]:
        return [StoredReceipts(1, "", b"receipt")] if after < 1 else []


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_the_wait_for_a_listener_doubles_up_to_the_longest_and_begins_anew(clock: ManualClock) -> None:
    line: Any = Line()
    log, receipts = cast(BulletinLog, Log()), cast(StoredBulletins, Receipts())
    outbox = Outbox(log, receipts, "331121104200-1", clock, 30.0)

    def next_wait() -> float:
        outbox.send(cast(BrokerConnection, line))
        outbox.take(cast(BrokerConnection, line))
        wait = outbox.due_seconds
        clock.advance(0.0 if wait == float("inf") else wait)
        return wait

    assert [next_wait() for _ in range(6)] == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    line.listens = True
    assert next_wait() == float("inf")
    outbox.begin()
    line.listens = False
    assert next_wait() == 2.0
