"""Removes retained messages that do not belong on the broker, which would otherwise stay for ever and
fill it.
"""

import logging
from collections.abc import Collection

from broadcaster.bulletin import mqtt_topics
from broadcaster.core.clock import Clock
from broadcaster.county.board.receipt_inbox import ReceiptInbox
from broadcaster.county.board.uncounted_receipts import Doubt
from broadcaster.county.broker.box_status import read_state
from broadcaster.county.broker.mqtt_client import Incoming, MqttClient

logger = logging.getLogger(__name__)

# What boxes tell, ask and answer is for the moment, and is written down where it is taken in.
NEVER_KEPT = frozenset("rqd")
LOOKS_EVERY_SECONDS = 60.0
STATE = mqtt_topics.state("")


class RetainedJunk:
    """For the office's own thread. A box that is retired takes its state along."""

    def __init__(self, mqtt: MqttClient, inbox: ReceiptInbox, clock: Clock) -> None:
        self._mqtt = mqtt
        self._inbox = inbox
        self._clock = clock
        self._states: set[str] = set()
        self._stale: dict[str, str] = {}
        self._look_at = clock.monotonic()

    def see(self, one: Incoming) -> None:
        if not one.retained:
            return
        kind, _, rest = one.topic.removeprefix(f"{mqtt_topics.ROOT}/").partition("/")
        box = rest.partition("/")[0]
        if kind in NEVER_KEPT and one.payload:
            self._stale[one.topic] = box
        elif kind == "s" and one.payload and read_state(one.payload) is None:
            self._stale[one.topic] = box
        elif kind == "s" and rest == box:
            (self._states.add if one.payload else self._states.discard)(box)

    def clear(self) -> None:
        """Empty those topics; what cannot be now comes again with the next connection."""
        stale, self._stale = self._stale, {}
        if stale and self._empty(stale):
            for topic, box in stale.items():
                self._inbox.doubts.note(box, Doubt.RETAINED, topic)
        if self._states and self._clock.monotonic() >= self._look_at:
            self._look_at = self._clock.monotonic() + LOOKS_EVERY_SECONDS
            gone = self._states - self._inbox.registered_boxes(self._states)
            if gone and self._empty([mqtt_topics.state(box) for box in gone]):
                logger.info("已经不在登记簿里的 %d 个广播站，状态清掉了", len(gone))
                self._states -= gone

    def _empty(self, names: Collection[str]) -> bool:
        return self._mqtt.publish([(name, b"") for name in names])
