"""One connection to the county's broker: MQTT 5 over TLS, run by its owner's thread. It knows no
bulletin.
"""

import logging
import select
import ssl
from collections import deque
from collections.abc import Sequence
from enum import Enum, auto
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from broadcaster.bulletin import mqtt_topics
from broadcaster.bulletin.enrolment import Enrolment
from broadcaster.core.errors import reason_of

logger = logging.getLogger(__name__)

SESSION_SECONDS = 14 * 86_400
# GD/J 088: a heartbeat every 30 s.
KEEPALIVE_SECONDS = 30
CONNECT_SECONDS = 4.0
# openssl/x509_vfy.h. A box without a battery clock boots in the past, where no certificate is valid yet;
# the authority is pinned all the same.
X509_V_FLAG_NO_CHECK_TIME = 0x200000
# Retained messages of a subscription come anew, or only when it is new.
ANEW, WHEN_NEW = 0, 1
MOST_IN_FLIGHT = 20
# What the broker may have under way to a box, and as many answers.
MOST_AT_ONCE = 2 * MOST_IN_FLIGHT
# MQTT 5, 3.4.2.1
NO_MATCHING_SUBSCRIBERS = 16
UNSPECIFIED, SESSION_TAKEN_OVER = 0x80, 0x8E
# Why the broker let go, as MQTT names it.
ENDINGS = {
    "Not authorized": "登记不作数了，请向县里重新登记",
    "Bad user name or password": "登记不作数了，请向县里重新登记",
    "Banned": "登记不作数了，请向县里重新登记",
    "Session taken over": "另一台机器用本站的密码登录了县里",
    "Server shutting down": "县里的消息服务器停了",
    "Server unavailable": "县里的消息服务器停了",
    "Server busy": "县里的消息服务器太忙",
    "Keep alive timeout": "对方没有回答",
    "Unspecified error": "连接断了",
    "Normal disconnection": "连接断了",
    "Connection rate exceeded": "连得太勤",
}


class DisconnectCause(Enum):
    """The way in which the broker ended the connection. Mosquitto before 2.0.12 sends nothing to a
    client that it throws out for another one.
    """

    USUAL = auto()
    SILENT = auto()
    TAKEN_OVER = auto()


class BrokerConnection:
    """Made anew for each try, closed when it is over; one thread. The callbacks only note."""

    def __init__(self, enrolment: Enrolment, offices: Sequence[str], will: bytes) -> None:
        self._enrolment = enrolment
        self._offices = tuple(offices)
        self.messages: deque[MQTTMessage] = deque()
        self.acknowledged: deque[tuple[int, bool]] = deque()
        """Numbers of what was published, and whether somebody listens to it there."""
        self.up = False
        self.over = ""
        self.ending = DisconnectCause.USUAL
        self._client = client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=enrolment.box,
            protocol=MQTTProtocolVersion.MQTTv5,
            manual_ack=True,
        )
        client.suppress_exceptions = True
        client.connect_timeout = CONNECT_SECONDS
        client.username_pw_set(enrolment.box, enrolment.password)
        client.tls_set_context(_context(enrolment.authority))
        client.will_set(mqtt_topics.state(enrolment.box), will, 1, True)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = lambda client, data, message: self.messages.append(message)
        client.on_publish = self._published

    def open(self) -> None:
        """Blocks for some seconds at most. Raises OSError."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_SECONDS
        properties.ReceiveMaximum = MOST_IN_FLIGHT
        host, port = self._enrolment.host, self._enrolment.port
        try:
            self._client.connect(host, port, KEEPALIVE_SECONDS, clean_start=False, properties=properties)
        except ValueError as error:
            self.close()
            raise OSError(str(error)) from error
        except OSError:
            self.close()
            raise

    def turn(self, timeout_seconds: float, woken: int) -> bool:
        """Read and write what there is, after waiting for it; return early when `woken` can be read.

        Whether the broker was heard of.
        """
        client, sock = self._client, self._client.socket()
        if sock is None:
            self.over = self.over or "连接断了"
            return False
        pending = _holds(sock)
        wait = 0.0 if pending else timeout_seconds
        writes = [sock.fileno()] if client.want_write() else []
        readable, writable, _ = select.select([sock.fileno(), woken], writes, [], wait)
        came = pending or sock.fileno() in readable
        if came:
            self._read()
        if writable or client.want_write():
            client.loop_write()
        client.loop_misc()
        return came and not self.over

    def _read(self) -> None:
        """All that is there, to be written down together; paho takes a packet or two at a time."""
        for _ in range(MOST_AT_ONCE):
            self._client.loop_read()
            sock = self._client.socket()
            if self.over or sock is None:
                return
            if not _holds(sock) and not select.select([sock.fileno()], [], [], 0)[0]:
                return

    def follow(self, offices: Sequence[str]) -> None:
        """These from now on: what the new ones have said stands retained, and comes anew."""
        if tuple(offices) == self._offices:
            return
        self._offices = tuple(offices)
        self._subscribe(ANEW)

    def acknowledge(self, message: MQTTMessage) -> None:
        self._client.ack(message.mid, message.qos)

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> int:
        """The number that comes back in `acknowledged`."""
        return self._client.publish(topic, payload, 1, retain).mid

    def answer(self, payload: bytes) -> None:
        """To a command: not kept anywhere, for who asked waits some seconds at most."""
        self._client.publish(mqtt_topics.done(self._enrolment.box), payload, 0)

    def leave(self, last: bytes) -> None:
        """Say goodbye, as far as it goes at once."""
        try:
            self.publish(mqtt_topics.state(self._enrolment.box), last, retain=True)
            self._client.loop_write()
            self._client.disconnect()
            self._client.loop_write()
        except (OSError, ValueError) as error:
            logger.info("和县里断开了，没有来得及说一声：%s", reason_of(error))
        self.close()

    def close(self) -> None:
        sock = self._client.socket()
        if sock is not None:
            sock.close()

    def _connected(self, client: Client, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self.over = str(reason)
            return
        self._subscribe(WHEN_NEW)
        # Of quality 0: what a village's people ask is stale after seconds, and no password is kept.
        client.subscribe(mqtt_topics.command(self._enrolment.box), 0)
        self.up = True

    def _subscribe(self, bulletins: int) -> None:
        box = self._enrolment.box
        anew = SubscribeOptions(qos=1, retainHandling=ANEW)
        as_told = SubscribeOptions(qos=1, retainHandling=bulletins)
        # In this order: whom to believe, what is in force, and then what is said.
        keyrings = map(mqtt_topics.keyring, self._offices)
        snapshots = map(mqtt_topics.snapshot, self._offices)
        first = [(topic, anew) for topic in (*keyrings, *snapshots, mqtt_topics.answer(box))]
        areas = mqtt_topics.bulletins_for(self._enrolment.area)
        self._client.subscribe([*first, *((topic, as_told) for topic in areas)])

    def _disconnected(self, client: Client, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        endings = {UNSPECIFIED: DisconnectCause.SILENT, SESSION_TAKEN_OVER: DisconnectCause.TAKEN_OVER}
        self.ending = endings.get(reason.value, DisconnectCause.USUAL)
        self.over = self.over or ENDINGS.get(str(reason), f"连接断了（{reason}）")

    def _published(self, client: Client, data: Any, mid: int, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            logger.error(
                "县里的消息服务器不收本站发的，请告诉县里：%s", ENDINGS.get(str(reason), reason)
            )
        self.acknowledged.append((mid, reason.value != NO_MATCHING_SUBSCRIBERS))


def _holds(sock: object) -> bool:
    """True if TLS has buffered more data from the network than was read."""
    return isinstance(sock, ssl.SSLSocket) and sock.pending() > 0


def _context(authority: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=authority)
    context.verify_flags |= X509_V_FLAG_NO_CHECK_TIME
    return context
