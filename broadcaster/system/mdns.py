"""The box's name on the local network: a phone finds the page as broadcaster.local."""

from __future__ import annotations

import logging
import socket
import threading
from typing import TYPE_CHECKING

from broadcaster.core.errors import reason_of

if TYPE_CHECKING:
    from zeroconf import ServiceInfo, Zeroconf

# zeroconf is loaded where a name is told: a box without one has 3 MB more to spare.

logger = logging.getLogger(__name__)

KIND = "_http._tcp.local."
LOOK_SECONDS = 30.0


class LanName:
    """Announces by mDNS where the page is, again whenever the address has changed."""

    def __init__(self, name: str, station: str, port: int) -> None:
        self._name, self._station, self._port = name, station, port
        self._announced: tuple[str, Zeroconf] | None = None
        self._awake = threading.Event()

    def step(self) -> None:
        """Announce the name if the address is new, and wait a while."""
        address = own_address()
        if self._announced is None or self._announced[0] != address:
            self._announce(address)
        self._awake.wait(LOOK_SECONDS)

    def wake(self) -> None:
        self._awake.set()

    def close(self) -> None:
        """Take the name back."""
        announced, self._announced = self._announced, None
        if announced:
            announced[1].close()

    def _announce(self, address: str) -> None:
        self.close()
        if address.startswith("127."):
            return
        from zeroconf import Error, Zeroconf

        try:
            network = Zeroconf(interfaces=[address])
        except OSError as error:
            logger.warning("局域网上报不出 %s.local 这个名字：%s", self._name, reason_of(error))
            return
        self._announced = address, network
        try:
            network.register_service(service(self._name, self._station, address, self._port))
        except (OSError, Error) as error:
            # Another box has the name; it may be gone at the next change of address.
            why = reason_of(error) if isinstance(error, OSError) else "可能另一台机器用着它"
            logger.warning("局域网上报不出 %s.local 这个名字：%s", self._name, why)


def service(name: str, station: str, address: str, port: int) -> ServiceInfo:
    """The service to announce: the host name with its address, and the page under the station's name."""
    from zeroconf import ServiceInfo

    instance = station.encode()[:50].decode(errors="ignore").replace(".", " ")
    return ServiceInfo(
        KIND,
        f"{instance}.{KIND}",
        port=port,
        server=f"{name}.local.",
        addresses=[socket.inet_aton(address)],
        properties={"path": "/"},
    )


def own_address() -> str:
    """The address by which others on the local network reach this machine; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
