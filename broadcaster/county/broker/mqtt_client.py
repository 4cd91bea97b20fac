"""MQTT client of the office and the relay: publishing returns once the broker has the message; received
messages wait until they are stored.
"""

import logging
import queue
import random
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from broadcaster.bulletin import mqtt_topics
from broadcaster.bulletin.receipts import LARGEST
from broadcaster.core.errors import ConfigError

logger = logging.getLogger(__name__)

# What boxes say while the office is down waits on the broker for so long.
SESSION_SECONDS = 14 * 24 * 3600
KEEPALIVE_SECONDS = 30
PUBLISH_SECONDS = 5.0
# Of a whole county that answers at once; with Mosquitto's own 20 each twenty would be a transaction.
MOST_UNACKNOWLEDGED = 1_000
# A hundred counties that lost one broker come back one after the other; paho doubles the first.
FIRST_SECONDS, LONGEST_SECONDS = (1, 4), (20, 40)
# While a county answers there is a message every millisecond; a transaction for each ten of them costs
# the office more than what is in them.
GATHER_SECONDS = 0.05
# The boxes' receipts, states and questions, and what relays of counties below tell.
LISTENS_TO = tuple(f"{mqtt_topics.ROOT}/{kind}/#" for kind in "rsqu")
# MQTT 5, 3.8.2.1.2
HIGHEST_IDENTIFIER = 268_435_455
ANSWERS, RECEIPTS = mqtt_topics.done(""), f"{mqtt_topics.ROOT}/r/"


@dataclass(frozen=True)
class Incoming:
    """A message of a box; `number` acknowledges it, and `retained` ones stand on the broker. One that is
    not `fresh` has waited in the session, and comes before all that stands there. No topic: the broker
    is there (again).
    """

    topic: str
    payload: bytes = b""
    number: int = 0
    quality: int = 0
    retained: bool = False
    fresh: bool = True


class MqttClient:
    """Connects for as long as it takes, on paho's own thread; `take` is for one thread."""

    def __init__(
        self,
        host: str,
        port: int,
        user: str = "office",
        password: str = "",
        authority: Path | None = None,
        listens_to: Sequence[str] = LISTENS_TO,
    ) -> None:
        self.times_connected = 0
        self._subscription = 0
        self._listens_to = tuple(listens_to)
        self._came: queue.SimpleQueue[Incoming] = queue.SimpleQueue()
        self._woken = threading.Event()
        self._answered: Callable[[str, bytes], None] | None = None
        client = Client(CallbackAPIVersion.VERSION2, user, protocol=MQTTv5, manual_ack=True)
        client.username_pw_set(user, password)
        if authority:
            client.tls_set_context(_trusting(authority))
        client.reconnect_delay_set(random.randint(*FIRST_SECONDS), random.randint(*LONGEST_SECONDS))
        client.on_connect, client.on_message = self._connected, self._message
        self._client = client
        self._where = host, port

    def start(self) -> None:
        session: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = SESSION_SECONDS
        session.ReceiveMaximum = MOST_UNACKNOWLEDGED
        self._client.connect_async(
            *self._where, KEEPALIVE_SECONDS, clean_start=False, properties=session
        )
        self._client.loop_start()

    def close(self) -> None:
        """Paho sleeps up to a second before it connects again: nobody waits for that to end."""
        was_connected = self.connected
        self._client.disconnect()
        ending = threading.Thread(target=self._client.loop_stop, name="mqtt-end", daemon=True)
        ending.start()
        if was_connected:
            ending.join()

    @property
    def connected(self) -> bool:
        return bool(self._client.is_connected())

    def listen_to(self, wanted: Sequence[str]) -> None:
        """From now on these, in this order; whatever is retained there comes again."""
        self._listens_to = tuple(wanted)
        if self.connected:
            self._subscribe()

    def leave(self, topic: str) -> None:
        """No more of that on this connection."""
        if self.connected:
            self._client.unsubscribe(topic)

    def take(self, seconds: float, most: int) -> list[Incoming]:
        """The received messages; waits so long for the first, and a moment for those behind it."""
        found: list[Incoming] = []
        try:
            found.append(self._came.get(timeout=seconds))
            self._woken.wait(GATHER_SECONDS)
            self._woken.clear()
            while len(found) < most:
                found.append(self._came.get_nowait())
        except queue.Empty:
            pass
        return [one for one in found if one is not NOTHING]

    def wake(self) -> None:
        """Let `take` return."""
        self._woken.set()
        self._came.put(NOTHING)

    def acknowledge(self, taken: Sequence[Incoming]) -> None:
        """The broker may forget these."""
        for one in taken:
            if one.quality:
                self._client.ack(one.number, one.quality)

    def on_answer(self, answered: Callable[[str, bytes], None]) -> None:
        """Before `start`: what boxes answer to commands is told at once, on paho's thread."""
        self._answered = answered

    def send(self, topic: str, data: bytes) -> bool:
        """Sends a message that is not retained; True if it is on its way."""
        return self.connected and not self._client.publish(topic, data, 0).rc

    def publish(self, wanted: Sequence[tuple[str, bytes]], retain: bool = True) -> bool:
        """Publishes messages; True if the broker has acknowledged all of them."""
        if not self.connected:
            return False
        made = [self._client.publish(topic, data, 1, retain) for topic, data in wanted]
        try:
            for one in made:
                one.wait_for_publish(PUBLISH_SECONDS)
        except (RuntimeError, ValueError) as error:
            logger.warning("消息服务器没有收下平台发的：%s", error)
            return False
        return all(one.is_published() for one in made)

    def _connected(self, client: Client, _: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            logger.warning("消息服务器不让平台连，请检查账号和密码：%s", reason)
            return
        self.times_connected += 1
        self._subscribe()
        self._came.put(CONNECTED)
        self._woken.set()

    def _subscribe(self) -> None:
        if self._listens_to:
            # Else what a box leaves there for ever is seen as such at the next connection only.
            marked = SubscribeOptions(qos=1, retainAsPublished=True)
            known: Any = Properties(PacketTypes.SUBSCRIBE)  # type: ignore[no-untyped-call]
            # Of this connection alone: what has waited in the session bears that of an earlier one.
            known.SubscriptionIdentifier = self._subscription = random.randint(1, HIGHEST_IDENTIFIER)
            wanted = [(topic, marked) for topic in self._listens_to]
            self._client.subscribe(wanted, properties=known)
        if self._answered:
            at_once = SubscribeOptions(qos=0, retainAsPublished=True)
            self._client.subscribe([(mqtt_topics.done("+"), at_once)])

    def _message(self, client: Client, _: Any, message: MQTTMessage) -> None:
        retained = message.retain
        if self._answered and message.topic.startswith(ANSWERS) and not retained:
            self._answered(message.topic, bytes(message.payload))
            return
        # A receipt that is longer is refused for it, and a thousand of them need not be held whole.
        most = LARGEST + 1 if message.topic.startswith(RECEIPTS) else None
        payload = bytes(message.payload[:most])
        fresh = self._subscription in getattr(message.properties, "SubscriptionIdentifier", ())
        self._came.put(Incoming(message.topic, payload, message.mid, message.qos, retained, fresh))


def _trusting(authority: Path) -> ssl.SSLContext:
    """Raises `ConfigError`."""
    try:
        # Python 3.13's default context refuses the authorities of before, which bear no key identifiers.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(str(authority))
        return context
    except OSError as error:
        raise ConfigError(
            [f"消息服务器的证书 {authority} 坏了或者读不出来，请从它的文件夹里再拷一份。"]
        ) from error


NOTHING = Incoming("nothing")
CONNECTED = Incoming("")
