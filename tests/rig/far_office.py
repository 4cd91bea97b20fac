"""An office with its broker and site, in this process, whose site carries villages' own pages."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rig.broker import OFFICE_PASSWORD, BrokerRig
from rig.fakes import CHEAP
from rig.rig import wait_until
from werkzeug.test import Client, TestResponse

from broadcaster.bulletin.keys import public
from broadcaster.core.clock import Clock
from broadcaster.core.notice import Severity
from broadcaster.county.board.county_totals import CountyTotals
from broadcaster.county.board.receipt_inbox import ReceiptInbox
from broadcaster.county.broker.broker_access import MosquittoAccess
from broadcaster.county.broker.mosquitto import OFFICE
from broadcaster.county.broker.mqtt_client import MqttClient
from broadcaster.county.keys.key_folder import KeyFolder
from broadcaster.county.keys.key_renewal import KeyRenewal
from broadcaster.county.keys.village_keys import VillageKeys
from broadcaster.county.notices.publisher import Publisher
from broadcaster.county.office.office_thread import OfficeThread
from broadcaster.county.pages.app import create_app
from broadcaster.county.pages.base.office_services import OfficeServices, make_parts
from broadcaster.county.pages.base.page_context import EnrolmentTrust, OfficeContext
from broadcaster.county.register.register import BrokerAddress
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.office_settings import OfficeSettings
from broadcaster.county.store.officers import OfficeRole
from broadcaster.county.villages.remote_client import RemoteClient
from broadcaster.county.villages.village_site import VillageSites
from broadcaster.link.membership import enrol, own_key
from broadcaster.system.thread_loop import ThreadLoop

SENTENCE = "三个和尚没水喝 2026"
KEEPER, PASSWORD = "管家", "shuiku-2026"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
HTTPS = "https://office.example"


@dataclass
class FarOffice:
    """Running; `sites` is its WSGI application."""

    folder: KeyFolder
    broker: BrokerRig
    parts: OfficeServices
    keys: VillageKeys
    wire: MqttClient
    sites: VillageSites
    publisher: Publisher

    def enrol(self, state: Path, village: str, name: str) -> str:
        """Into the state folder of a box that is not running; its name."""
        made, code = self.parts.register.add(village, name)
        key = str(public(own_key(state)).keyval["public"])
        address = BrokerAddress("127.0.0.1", self.broker.port, self.broker.broker.authority)
        keyring = self.folder.keyring.to_bytes()
        given = self.parts.register.enrol(code, key, self.folder.pin, keyring, address)
        enrol(state, given, datetime.now(UTC))
        return made.id

    def carry(self, box: str, urgent: bool = True) -> None:
        """By the keyring that is published."""
        found = self.parts.register.get(box)
        self.keys.open(found.area, found.name, urgent)

    def visitor(self) -> "Visitor":
        return Visitor(Client(self.sites))


class Visitor:
    """A phone far away: a browser without JavaScript, over TLS."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, base_url=HTTPS, **more)

    def post(self, path: str, seen_on: str, **fields: str) -> TestResponse:
        """As a form on that page does."""
        page = self.get(seen_on, follow_redirects=True).text
        token = TOKEN.search(page)
        assert token, page
        data, came_from = fields | {"csrf_token": token[1]}, {"Referer": f"{HTTPS}{seen_on}"}
        return self.client.post(path, base_url=HTTPS, data=data, headers=came_from)

    def shown(self, path: str, seen_on: str, **fields: str) -> str:
        """The page that the form is answered with, at an address of its own."""
        answer = self.post(path, seen_on, **fields)
        assert answer.status_code == 303, answer.text
        return self.get(answer.location, follow_redirects=True).text

    def see(self, path: str) -> str:
        answer = self.get(path, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.text


def hidden(page: str) -> dict[str, str]:
    """What a form carries along, beside its token."""
    return {name: unescape(value) for name, value in HIDDEN.findall(page) if name != "csrf_token"}


@contextmanager
def far_office(folder: Path) -> Iterator[FarOffice]:
    clock = Clock(ZoneInfo("Asia/Shanghai"))
    with ExitStack() as stack:
        broker = BrokerRig(folder / "broker")
        broker.start()
        stack.callback(broker.kill)
        roots = [folder / f"root-{number}.key" for number in (1, 2, 3)]
        office = KeyFolder.create(
            *(folder / "county", "331121", "青田县", roots, lambda _: SENTENCE, clock.now())
        )
        database = stack.enter_context(closing(OfficeDatabase(f"sqlite:///{office.path / 'office.db'}")))
        database.migrate()
        door = MosquittoAccess(broker.broker.folder)
        door.connected = lambda: True
        parts = make_parts(database, clock, "331121", door, passwords=CHEAP)
        parts.officers.add(KEEPER, OfficeRole.KEEPER, Severity.RED, PASSWORD)
        wire = MqttClient(
            *("127.0.0.1", broker.port, OFFICE, OFFICE_PASSWORD),
            broker.broker.folder / "authority.pem",
        )
        woken: list[Callable[[], None]] = []
        held = KeyRenewal(office, office.unlock(SENTENCE), clock)

        def wake() -> None:
            for one in woken:
                one()

        keys = VillageKeys(office, lambda: held.signer, SENTENCE, clock, wake)
        publisher = Publisher(database, parts.register, clock, held.signer, held.trust)
        line = RemoteClient(wire, parts.register, keys)
        running = OfficeThread(
            *(publisher, ReceiptInbox(database, clock), parts.recurring, wire, clock),
            *(held, parts.register.areas_of, CountyTotals(database, clock)),
        )
        woken.append(running.wake)
        wire.start()
        stack.enter_context(closing(wire))
        stack.enter_context(ThreadLoop("office", running.step, running.wake))
        wait_until(lambda: wire.connected)
        address = BrokerAddress("127.0.0.1", broker.port, broker.broker.authority)
        trusted = EnrolmentTrust(office.pin, lambda: office.keyring.to_bytes(), address)
        nobody_writes: Any = None
        pages = OfficeContext(parts, OfficeSettings(), trusted, nobody_writes, villages=keys)
        site = create_app(pages, office.path)
        sites = VillageSites(site, line, parts.register, keys, office.path / "villages")
        stack.callback(sites.leave)
        yield FarOffice(office, broker, parts, keys, wire, sites, publisher)
