"""A province, a county and a village: two offices, two brokers, the relay as a process, a real box."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

from county.county_office import SENTENCE, VILLAGE, a_draft
from link.link_rig import Life, LinkBox
from rig.broker import OFFICE_PASSWORD, BrokerRig
from rig.fakes import CHEAP
from rig.rig import wait_until

from broadcaster.commands.arguments import main
from broadcaster.core.clock import Clock
from broadcaster.core.notice import Severity
from broadcaster.county.board.county_totals import CountyTotals
from broadcaster.county.board.delivery_board import Counts
from broadcaster.county.board.province_board import CountyDelivery
from broadcaster.county.board.receipt_inbox import ReceiptInbox
from broadcaster.county.broker.broker_access import MosquittoAccess
from broadcaster.county.broker.mosquitto import OFFICE
from broadcaster.county.broker.mqtt_client import MqttClient
from broadcaster.county.keys.key_folder import KeyFolder
from broadcaster.county.keys.key_renewal import KeyRenewal
from broadcaster.county.notices.approval_desk import DraftRecord
from broadcaster.county.notices.draft import DraftState
from broadcaster.county.notices.publisher import Publisher
from broadcaster.county.office.office_thread import OfficeThread
from broadcaster.county.pages.base.office_services import make_parts
from broadcaster.county.register.register import BrokerAddress
from broadcaster.county.relay.joining import join, public_key
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.office_settings import FILE
from broadcaster.county.store.officers import OfficeRole
from broadcaster.system.thread_loop import ThreadLoop

PROVINCE, COUNTY, PASSWORD = "33", "331121", "shuiku-2026"
CLOCK = Clock(ZoneInfo("Asia/Shanghai"))


class WorkingOffice:
    """An office with its thread, by the machine's clock, at a broker of its own."""

    def __init__(self, path: Path, area: str, name: str) -> None:
        self.path = path
        self.roots = [path.parent / f"{area}-root-{number}.key" for number in (1, 2, 3)]
        begun = datetime.now(UTC)
        self.folder = KeyFolder.create(path, area, name, self.roots, lambda _: SENTENCE, begun)
        self.rig = BrokerRig(path / "broker")
        (path / FILE).write_text(f"broker:\n  port: {self.rig.port}\n", encoding="utf-8")
        self.database = OfficeDatabase(f"sqlite:///{path / 'office.db'}")
        self.database.migrate()
        self.door = MosquittoAccess(self.rig.broker.folder)
        self.parts = make_parts(self.database, CLOCK, area, self.door, passwords=CHEAP)
        for who, role in (("小王", OfficeRole.CLERK), ("老张", OfficeRole.APPROVER)):
            self.parts.officers.add(who, role, Severity.RED, PASSWORD)

    @contextmanager
    def working(self) -> Iterator[None]:
        parts, folder = self.parts, self.folder
        keys = KeyRenewal(folder, folder.unlock(SENTENCE), CLOCK)
        given = self.database, parts.register, CLOCK, keys.signer, keys.trust
        authority = self.rig.broker.folder / "authority.pem"
        wire = MqttClient("127.0.0.1", self.rig.port, OFFICE, OFFICE_PASSWORD, authority)
        self.door.connected = lambda: wire.connected
        office = OfficeThread(
            *(Publisher(*given), ReceiptInbox(self.database, CLOCK), parts.recurring, wire, CLOCK),
            *(keys, parts.register.areas_of, CountyTotals(self.database, CLOCK), self.door.look),
        )
        self.rig.start()
        wire.start()
        with closing(self.database), closing(wire), ThreadLoop("office", office.step, office.wake):
            yield
        self.rig.kill()

    @property
    def address(self) -> BrokerAddress:
        return BrokerAddress("127.0.0.1", self.rig.port, self.rig.broker.authority)

    @property
    def pinned(self) -> str:
        return self.folder.pin

    def keyring(self) -> bytes:
        """As `LinkBox` asks for it."""
        return self.folder.keyring.to_bytes()

    def send(self, *areas: str, **given: Any) -> DraftRecord:
        """By day or night: who must agree does."""
        draft = a_draft(**{"text": "今天停水。", "areas": areas, "severity": Severity.DAILY, **given})
        record = self.parts.desk.send(self.parts.officers.get("小王"), draft)
        if record.state is DraftState.AWAITING:
            record = self.parts.desk.approve(self.parts.officers.get("老张"), record.id, record.version)
        return record

    def cancel(self, record: DraftRecord) -> DraftRecord:
        return self.parts.desk.cancel(self.parts.officers.get("小王"), record.id)

    def counts(self, record: DraftRecord) -> Counts:
        return self.parts.board.counts([record.id])[record.id]

    def delivery(self, record: DraftRecord) -> CountyDelivery | None:
        """In the one county; None before it is signed."""
        return next(iter(self.parts.province_board.deliveries(self.parts.desk.get(record.id))), None)

    def told(self, record: DraftRecord) -> bool:
        """Whether its county has told of it."""
        return bool((delivery := self.delivery(record)) and delivery.has_figures)


class RelayProcess:
    """`broadcaster county relay`, which can be killed as a power cut does."""

    def __init__(self, office: Path) -> None:
        self._command = [sys.executable, "-m", "broadcaster.commands.cli", "county", "relay", "--office"]
        self._command.append(str(office))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait(10)
            self._process = None


@dataclass
class Country:
    """All of it, running."""

    province: WorkingOffice
    county: WorkingOffice
    relay: RelayProcess
    box: LinkBox
    life: Life

    def until(self, what: Callable[[], Any]) -> None:
        # Each look reads a database.
        wait_until(lambda: what() or Event().wait(0.05))

    def told_as_heard(self, record: DraftRecord) -> bool:
        """Whether the province knows that the village has heard it."""
        return self.province.counts(record).heard == 1

    def heard(self, record: DraftRecord) -> int:
        """How often the village has heard it."""
        return self.life.heard().count(record.id)

    def say_above(self, *words: str) -> None:
        """As somebody types it in the county, with two sticks."""
        before = os.environ.get("BROADCASTER_PASSPHRASE")
        os.environ["BROADCASTER_PASSPHRASE"] = SENTENCE
        try:
            two = [word for file in self.county.roots[:2] for word in ("--root-key", str(file))]
            assert main(["county", "above", *words, *two, "--office", str(self.county.path)]) == 0
        finally:
            del os.environ["BROADCASTER_PASSPHRASE"]
            if before is not None:
                os.environ["BROADCASTER_PASSPHRASE"] = before


@contextmanager
def country(folder: Path) -> Iterator[Country]:
    """The box is enrolled at its county alone, before that has a relay."""
    with ExitStack() as stack:
        province = WorkingOffice(folder / "province", PROVINCE, "浙江省")
        county = WorkingOffice(folder / "county", COUNTY, "青田县")
        for office in (province, county):
            stack.callback(office.rig.kill)
            stack.enter_context(office.working())
        box_of, _ = county.parts.register.add(VILLAGE, "洞背村")
        given: Any = county
        box = LinkBox(folder / "box", given, county.rig, box_of.id)
        county.parts.register.set_key(box_of.id, box.membership.public_key)
        life = stack.enter_context(box.running())
        province.parts.counties.add(COUNTY, "青田县")
        join(
            county.path,
            province.parts.counties.admission_file(COUNTY, province.pinned, province.address),
        )
        province.parts.counties.set_key(COUNTY, public_key(county.path))
        relay = RelayProcess(county.path)
        stack.callback(relay.kill)
        relay.start()
        wait_until(lambda: life.connected)
        yield Country(province, county, relay, box, life)
