"""A real Mosquitto over TLS on loopback, as `county/broker.py` makes it, and a client of the office."""

import socket
import ssl
import subprocess
import threading
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from rig.rig import wait_until

from broadcaster.county.broker import OFFICE, Broker

OFFICE_PASSWORD = "of-the-office-alone"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
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
        self.process = self.broker.start()
        wait_until(self._answers, 20)

    def kill(self) -> None:
        """As a power cut does."""
        if self.process:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def add_box(self, box: str, area: str, password: str) -> None:
        before = self._reloads()
        self.broker.add_box(box, area, password)
        if self.process:
            self.broker.reload(self.process.pid)
            wait_until(lambda: self._reloads() > before, 20)

    def _reloads(self) -> int:
        log = self.broker.folder / "log"
        return log.read_bytes().count(b"Reloading config") if log.exists() else 0

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


class OfficeClient:
    """Publishes as the office does, and keeps all that comes back by topic."""

    def __init__(self, rig: BrokerRig, user: str = OFFICE, password: str = OFFICE_PASSWORD) -> None:
        self.got: list[tuple[str, bytes]] = []
        self.refused: list[int] = []
        self.up = threading.Event()
        self._client = client = mqtt.Client(
            CallbackAPIVersion.VERSION2, f"test-{user}", protocol=mqtt.MQTTv5
        )
        client.username_pw_set(user, password)
        client.tls_set(str(rig.broker.folder / "authority.pem"), tls_version=ssl.PROTOCOL_TLS_CLIENT)
        client.on_message = lambda c, u, message: self.got.append((message.topic, message.payload))
        client.on_connect = self._connected
        client.on_publish = lambda c, u, mid, reason, properties: self.refused.append(reason.value)
        client.reconnect_delay_set(1, 1)
        client.connect_async("127.0.0.1", rig.port, 30)
        client.loop_start()

    def _connected(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe([(f"cb/1/{kind}/#", 1) for kind in "rsq"])
        self.up.set()

    def publish(self, topic: str, payload: bytes, retain: bool = True) -> None:
        """Return when the broker has acknowledged it."""
        assert self.up.wait(20)
        self._client.publish(topic, payload, 1, retain).wait_for_publish(20)

    def on(self, topic: str) -> list[bytes]:
        return [payload for name, payload in list(self.got) if name.startswith(topic)]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
