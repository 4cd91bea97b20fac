"""The process of the relay: between the upstream broker and the county's own, one thread each way."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner

from broadcaster.bulletin import areas, keys
from broadcaster.bulletin.upstream_trust import UpstreamTrust
from broadcaster.core.clock import Clock
from broadcaster.core.errors import ConfigError, FileUnwritable, reason_of
from broadcaster.county.broker.broker_access import MosquittoAccess
from broadcaster.county.broker.mosquitto import county_user, is_password, new_password
from broadcaster.county.broker.mqtt_client import MqttClient
from broadcaster.county.keys.key_folder import KeyFolder
from broadcaster.county.register.register import Register
from broadcaster.county.relay.downlink import Downlink
from broadcaster.county.relay.relay_memory import FILE, RelayMemory, set_aside_damaged
from broadcaster.county.relay.uplink import LISTENS_TO, OfficeReceipts, Uplink
from broadcaster.county.store.office_backups import refuse_lost
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.office_settings import (
    DATABASE,
    OfficeSettings,
    RelaySettings,
    load_office_to_run,
    read_text,
)
from broadcaster.system.atomic_file import write_private
from broadcaster.system.log_format import Ordered, log_in, tell_start
from broadcaster.system.single_instance import only_one
from broadcaster.system.thread_loop import ThreadLoop

FOLDER, KEY, NAME = "relay", "relay.pem", "转发"
LOOK_SECONDS = 2.0
KEY_LOST = (
    "转发用的钥匙坏了或者不见了，换了新的：上级的通知照转，报上去的数上级不认，请重新加入："
    "broadcaster county join。"
)
MEMORY_LOST = "转发的记录坏了，改名留着，从头开始：上级还在效的通知会再收一遍。"
# For the service manager to start it again.
EXIT_PART_DIED = 75


@dataclass(frozen=True)
class RelayStatus:
    """The status that `broadcaster county relay` prints, whenever it changes."""

    county: str
    above: str
    public_key: str
    above_connected: bool
    below_connected: bool
    keyring: tuple[int, int] | None
    heads_at: str
    in_force: int
    waiting: int
    last_refusal: str
    fault: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def sentence(self) -> str:
        links = " ".join(
            f"{name}{'连着' if there else '没连上'}。"
            for name, there in (("上级", self.above_connected), ("县里", self.below_connected))
        )
        carried = f"上级在效的通知 {self.in_force} 则，{self.waiting} 则还没有转到县里。"
        trust = "" if self.keyring else f"还没有收到上级 {self.above} 的钥匙串。"
        refused = f"最后一次拒收：{self.last_refusal}" if self.last_refusal else ""
        return f"{links}{carried}{trust}{refused}{self.fault}"


class Relay:
    """The two threads' parts, and how they stand."""

    def __init__(
        self,
        county: str,
        above: UpstreamTrust,
        memory: RelayMemory,
        clients: tuple[MqttClient, MqttClient],
        clock: Clock,
        signer: CryptoSigner,
        database: OfficeDatabase,
        fault: str = "",
    ) -> None:
        self._county = county
        self._fault = fault
        self._memory = memory
        self._upper, self._lower = clients
        self._public = str(keys.public(signer).keyval["public"])
        register = Register(database, clock, county)

        def places() -> Sequence[str]:
            boxes = (areas.trim(one.area) for one in register.boxes())
            found = {wide for code in (*register.names(), *boxes) for wide in areas.ancestors(code)}
            return sorted(code for code in found if areas.contains(county, code) and code != county)

        self.downlink = Downlink(above, county, memory, *clients, clock, places, register.enrolled)
        self.uplink = Uplink(county, memory, *clients, clock, signer, OfficeReceipts(database))

    def status(self) -> RelayStatus:
        trust, snapshot = self.downlink.upstream.trust, self.downlink.upstream.snapshot
        return RelayStatus(
            county=self._county,
            above=self.downlink.upstream.area,
            public_key=self._public,
            above_connected=self._upper.connected,
            below_connected=self._lower.connected,
            keyring=trust.version if trust else None,
            heads_at=snapshot.at.isoformat() if snapshot else "",
            in_force=len(self._memory.in_force()),
            waiting=len(self._memory.to_send()),
            last_refusal=self.downlink.last_refusal,
            fault=self._fault,
        )


def run(path: Path, tell: Callable[[RelayStatus], None]) -> int:
    """Relay until a signal; no network is no reason to end."""
    os.umask(0o077)
    stopping = Ordered()
    with ExitStack() as stack:
        relay = stack.enter_context(open_relay(path))
        downlink, uplink = relay.downlink, relay.uplink
        loops = [
            stack.enter_context(ThreadLoop("relay-down", downlink.step, downlink.wake)),
            stack.enter_context(ThreadLoop("relay-up", uplink.step, uplink.wake)),
        ]
        tell_start(NAME)
        told: RelayStatus | None = None
        while True:
            if (status := relay.status()) != told:
                tell(told := status)
            if stopping.wait(LOOK_SECONDS):
                stopping.tell(NAME)
                return 0
            if not all(loop.alive for loop in loops):
                return EXIT_PART_DIED


@contextmanager
def open_relay(path: Path) -> Iterator[Relay]:
    """Built from the office's folder, its wires started. Raises `BroadcasterError`."""
    county, (settings, unread) = KeyFolder(path).trust.area, load_office_to_run(path)
    log_in(settings.zone)
    if not settings.database:
        refuse_lost(path / DATABASE, Clock(settings.zone))
    above = _upstream(settings.relay, county)
    folder = path / FOLDER
    clock = Clock(settings.zone)
    with ExitStack() as stack:
        folder.mkdir(mode=0o700, exist_ok=True)
        stack.enter_context(only_one(folder, NAME))
        signer, fault = _key_or_another(folder)
        fault += unread
        fault += MEMORY_LOST * set_aside_damaged(folder, clock)
        database = stack.enter_context(closing(OfficeDatabase(settings.database_url(path))))
        database.migrate()
        memory = stack.enter_context(closing(RelayMemory(folder)))
        clients = _upper(path, settings.relay, county), _lower(path, settings)
        relay = Relay(county, above, memory, clients, clock, signer, database, fault)
        for mqtt in clients:
            mqtt.start()
            stack.callback(mqtt.close)
        yield relay


def own_key(folder: Path) -> CryptoSigner:
    """It signs sums, and no word of a loudspeaker: so it lies open, and nobody need stand by."""
    path = folder / KEY
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            write_secret(path, keys.bare(keys.new_key()))
        return keys.from_bare(path.read_bytes())
    except OSError as error:
        raise FileUnwritable(f"{path} 读不了，也写不进去：{reason_of(error)}。") from error


def _key_or_another(folder: Path) -> tuple[CryptoSigner, str]:
    """And in Chinese, if it is another than before: who signs sums is nothing to what is carried."""
    path = folder / KEY
    is_lost = (folder / FILE).exists() and not path.exists()
    try:
        return own_key(folder), KEY_LOST * is_lost
    except keys.KeyLocked:
        path.replace(path.with_name(f"{path.stem}-damaged{path.suffix}"))
        return own_key(folder), KEY_LOST


def write_secret(path: Path, content: bytes) -> None:
    """For this user's eyes only. Raises `FileUnwritable`."""
    try:
        write_private(path, content)
    except OSError as error:
        raise FileUnwritable(f"{path} 写不进去：{reason_of(error)}。") from error


def _upstream(relay: RelaySettings, county: str) -> UpstreamTrust:
    for one in relay.upstream_offices(county):
        return UpstreamTrust(one.area, one.root)
    raise ConfigError(
        ["office.yaml 里没有写 relay：上级是谁、它的消息服务器在哪里，见 docs/province.md。"]
    )


def _upper(path: Path, relay: RelaySettings, county: str) -> MqttClient:
    password = read_text(path, relay.password_file).strip()
    if not password.isprintable() or not password:
        raise ConfigError([f"{path / relay.password_file} 坏了，请重新写上级给的密码。"])
    # Read, so that a missing one is told before anything starts.
    read_text(path, relay.authority)
    user = relay.user or county_user(county)
    return MqttClient(relay.host, relay.port, user, password, path / relay.authority, ())


def _lower(path: Path, settings: OfficeSettings) -> MqttClient:
    broker, relay = settings.broker, settings.relay
    file = path / relay.password_file_below
    if broker.folder and not (file.exists() and is_password(read_text(path, relay.password_file_below))):
        write_secret(file, new_password().encode("ascii"))
    password = read_text(path, relay.password_file_below).strip()
    if broker.folder:
        MosquittoAccess(path / broker.folder).admit_relay(password)
    authority = path / broker.authority if broker.authority else None
    if broker.authority:
        read_text(path, broker.authority)
    return MqttClient(broker.host, broker.port, relay.user_below, password, authority, LISTENS_TO)
