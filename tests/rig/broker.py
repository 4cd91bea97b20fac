"""A real Mosquitto over TLS on loopback, as `county/broker` makes it, and a client of the office."""

import random
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from rig.rig import wait_until

from broadcaster.county.broker.mosquitto import OFFICE, Broker

OFFICE_PASSWORD, WATCHER = "of-the-office-alone", "watcher"
RELOADED = b"Reloading config"


def free_port() -> int:
    """Below those that Linux gives to connections: while a broker is down nobody takes its place."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class BrokerRig:
    """Started, killed and started again at will, on the same port and folder."""

    def __init__(self, folder: Path) -> None:
        self.broker = Broker(folder)
        self.port = free_port()
        self.broker.make(["127.0.0.1", "localhost"], self.port, "127.0.0.1")
        self.broker.add_office(OFFICE_PASSWORD)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert not self.process
        before = self._told(b" running")
        self.process = self.broker.start()
        # It listens a moment before it minds signals, and the one to reload would end it.
        wait_until(lambda: self._told(b" running") > before)

    def kill(self) -> None:
        """As a power cut does."""
        if self.process:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def add_box(self, box: str, area: str, password: str) -> None:
        self._reloaded(lambda: self.broker.add_box(box, area, password))

    def add_watcher(self, password: str) -> None:
        """Who may all that the office may, by another name."""
        self._reloaded(lambda: self.broker._add([(WATCHER, password, ["topic readwrite cb/1/#"])]))

    def _reloaded(self, change: Callable[[], None]) -> None:
        before = self._told(RELOADED)
        change()
        if self.process:
            self.broker.reload(self.process.pid)
            wait_until(lambda: self._told(RELOADED) > before)

    def _told(self, words: bytes) -> int:
        log = self.broker.folder / "log"
        return log.read_bytes().count(words) if log.exists() else 0


class OfficeClient:
    """Publishes as the office does, and keeps all that comes back by topic."""

    def __init__(
        self,
        rig: BrokerRig,
        user: str = OFFICE,
        password: str = OFFICE_PASSWORD,
        client_id: str = "",
        kinds: str = "rsq",
        keeps: bool = True,
    ) -> None:
        self.got: list[tuple[str, bytes]] = []
        self.answers: dict[int, int] = {}
        self._user, self._kinds = user, kinds
        self._retained: dict[str, bytes] = {}
        self.up, self.gone = threading.Event(), threading.Event()
        self._client = client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id or f"test-{user}", protocol=mqtt.MQTTv5
        )
        client.username_pw_set(user, password)
        client.tls_set(str(rig.broker.folder / "authority.pem"), tls_version=ssl.PROTOCOL_TLS_CLIENT)
        client.on_message = lambda c, u, told: self.got.append((told.topic, bytes(told.payload)))
        client.on_connect = self._connected
        client.on_publish = self._published
        client.on_disconnect = lambda *_: self.gone.set()
        client.reconnect_delay_set(0.05, 0.05)  # type: ignore[arg-type]
        # As an office must: what boxes tell while it is away is kept for it.
        kept: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        kept.SessionExpiryInterval = 3600
        client.connect_async("127.0.0.1", rig.port, 30, clean_start=not keeps, properties=kept)
        client.loop_start()

    def _connected(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe([(f"cb/1/{kind}/#", 1) for kind in self._kinds])
        # As an office must: the broker may have lost what it had.
        for topic, payload in self._retained.items():
            client.publish(topic, payload, 1, True)
        self.up.set()

    def _published(self, client: mqtt.Client, data: Any, mid: int, reason: Any, *_: Any) -> None:
        self.answers[mid] = reason.value

    def publish(self, topic: str, payload: bytes, retain: bool = True) -> None:
        """Return when the broker has acknowledged it; paho sends it again after a loss."""
        mid = self.send(topic, payload, retain)
        wait_until(lambda: mid in self.answers)

    def send(self, topic: str, payload: bytes, retain: bool = False) -> int:
        """Whether or not the broker takes it; `gone` is set when it throws this client out."""
        assert self.up.wait(60)
        if retain and self._user == OFFICE:
            self._retained[topic] = payload
        return self._client.publish(topic, payload, 1, retain).mid

    def on(self, topic: str) -> list[bytes]:
        return [payload for name, payload in list(self.got) if name.startswith(topic)]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
