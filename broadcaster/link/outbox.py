"""The box's outbox: sends receipts in order, and keeps each until the office has it or the broker has
saved it.
"""

from collections import deque

from broadcaster.bulletin import mqtt_topics
from broadcaster.core.clock import Clock
from broadcaster.link.bulletin_log import BulletinLog
from broadcaster.link.mqtt_client import KEEPALIVE_SECONDS, MOST_IN_FLIGHT, BrokerConnection
from broadcaster.station.station import StoredBulletins, StoredReceipts

# What a broker has acknowledged is on its disk two savings later, if it lived so long. A byte of it
# that comes then was sent two keepalives before at the earliest: on a line that is slower paho gives
# up.
HELD_SECONDS = 2.0 * mqtt_topics.SAVED_SECONDS + 2.0 * KEEPALIVE_SECONDS
# A broker that was killed has its office back within seconds. Where the office is down for a day, the
# wait between two tries doubles up to the policy's.
FIRST_NOBODY_SECONDS = 2.0


class Outbox:
    """One thread. If a connection ends before its receipts are safe the next sends them once more:
    the office knows them by their numbers.

    An office keeps what has come before it answers a question that came behind it, so on a line that
    never stands long enough for the broker's savings an answer is enough.
    """

    def __init__(
        self,
        log: BulletinLog,
        receipts: StoredBulletins,
        box: str,
        clock: Clock,
        nobody_seconds: float,
    ) -> None:
        self._longest_nobody_seconds = nobody_seconds
        self._nobody_seconds = 0.0
        self._log = log
        self._receipts = receipts
        self._box = box
        self._clock = clock
        self._in_flight: dict[int, int] = {}
        self._held: deque[tuple[float, int]] = deque()
        self._held_when_asked = 0
        self._sent_to = 0
        self._again_at = 0.0

    def begin(self) -> None:
        """Another connection: from the oldest on, again."""
        self._in_flight.clear()
        self._held.clear()
        self._held_when_asked = 0
        self._sent_to, self._again_at = 0, 0.0
        self._log.leave_to_the_disk()

    @property
    def due_seconds(self) -> float:
        """Until there is something to send, and room for it."""
        waits = self._log.more or self._log.to_send
        if not waits or len(self._in_flight) >= MOST_IN_FLIGHT:
            return float("inf")
        return max(0.0, self._again_at - self._clock.monotonic())

    @property
    def waiting(self) -> int:
        """The number of receipts that no broker has."""
        return self._receipts.receipts_kept() - len(self._held)

    def send(self, line: BrokerConnection) -> None:
        """As many as there is room for."""
        if self.due_seconds:
            return
        for one in self._next(MOST_IN_FLIGHT - len(self._in_flight)):
            self._in_flight[line.publish(mqtt_topics.receipt(self._box), one.envelope)] = one.number
            self._sent_to = one.number

    def _next(self, room: int) -> list[StoredReceipts]:
        log = self._log
        if not log.more:
            return [log.to_send.popleft() for _ in range(min(room, len(log.to_send)))]
        found = self._receipts.receipts(room, after=self._sent_to)
        log.more = len(found) == room
        if not log.more:
            # All of them are among these.
            log.to_send.clear()
        return found

    def take(self, line: BrokerConnection) -> None:
        """Handles the broker's acknowledgements."""
        now = self._clock.monotonic()
        while line.acknowledged:
            mid, somebody_listens = line.acknowledged.popleft()
            number = self._in_flight.pop(mid, None)
            if number is None:
                continue
            if somebody_listens:
                self._nobody_seconds = 0.0
                self._held.append((now, number))
            else:
                # A broker that has lost the office's session, until the office is there again.
                self._sent_to = min(self._sent_to, number - 1)
                if self._again_at <= now:
                    self._wait_for_listener(now)
                self._log.leave_to_the_disk()

    def _wait_for_listener(self, now: float) -> None:
        doubled = max(2 * self._nobody_seconds, FIRST_NOBODY_SECONDS)
        self._nobody_seconds = min(doubled, self._longest_nobody_seconds)
        self._again_at = now + self._nobody_seconds

    def heard(self) -> None:
        """The broker has just been heard of. Raises `StoreUnusable`."""
        safe = self._clock.monotonic() - HELD_SECONDS
        self._drop(sum(at <= safe for at, _ in self._held))

    def asked(self) -> None:
        """A question goes to the office, behind all that the broker has acknowledged."""
        self._held_when_asked = len(self._held)

    def answered(self) -> None:
        """The office has answered the last question. Raises `StoreUnusable`."""
        self._drop(self._held_when_asked)

    def _drop(self, count: int) -> None:
        """The oldest of what the broker has."""
        self._held_when_asked = max(0, self._held_when_asked - count)
        if numbers := [self._held.popleft()[1] for _ in range(count)]:
            self._receipts.drop_receipts(numbers)
