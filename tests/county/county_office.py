"""An office in parts, its people, and boxes that sign receipts as real ones do."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from rig.fakes import CHEAP, FakeRehearsals, FakeStudio, ManualClock
from securesystemslib.signer import CryptoSigner
from sqlalchemy import select

from broadcaster.bulletin.enrolment import Enrolment
from broadcaster.bulletin.keys import new_key, public
from broadcaster.bulletin.receipts import PlayedResult, Receipt, Receipts, ReceiptState
from broadcaster.core.model import Outcome
from broadcaster.core.notice import SPECS, Notice, Severity
from broadcaster.county.board.receipt_inbox import IncomingReceipts, ReceiptInbox
from broadcaster.county.keys.key_folder import KeyFolder
from broadcaster.county.keys.key_renewal import KeyRenewal
from broadcaster.county.notices.approval_desk import DraftRecord
from broadcaster.county.notices.draft import Draft
from broadcaster.county.notices.preview import OfficePreviews
from broadcaster.county.notices.publisher import Publisher
from broadcaster.county.pages.base.office_services import OfficeServices, make_parts
from broadcaster.county.register.register import BrokerAddress
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.officers import Officer, OfficeRole
from broadcaster.county.store.tables import bulletin

SENTENCE = "三个和尚没水喝 2026"
PASSWORD = "shuiku-2026"
TOWN, VILLAGE, NEXT_VILLAGE = "331121104", "331121104200", "331121104201"
OTHER_TOWN, OTHER_VILLAGE = "331121105", "331121105200"
BROKER = BrokerAddress("broker.example", 8883, "-----BEGIN CERTIFICATE-----\n")
UNLOCKED: dict[KeyFolder, CryptoSigner] = {}


@dataclass
class PretendBox:
    """What a box keeps of itself, and the receipts that it signs."""

    enrolment: Enrolment
    key: CryptoSigner
    digest_of: Callable[[str], str | None] = lambda id: None
    number: int = 0

    @property
    def id(self) -> str:
        return self.enrolment.box

    def receipt(self, bulletin: str, state: ReceiptState, clock: ManualClock, **more: Any) -> bytes:
        return self.signed(self.told(bulletin, state, clock, **more))

    def told(self, bulletin: str, state: ReceiptState, clock: ManualClock, **more: Any) -> Receipt:
        self.number += 1
        given: dict[str, Any] = {"digest": self.digest_of(bulletin), "at": clock.now()}
        given |= {"clock_trusted": True, **more}
        return Receipt(number=self.number, bulletin=bulletin, state=state, **given)

    def signed(self, *told: Receipt) -> bytes:
        """Under one signature."""
        return Receipts(self.id, told).signed(self.key).to_bytes()

    def heard(self, bulletin: str, clock: ManualClock, outcome: Outcome, played: float) -> bytes:
        now = clock.now()
        heard = PlayedResult(outcome, now, now, played, 30.0, 1, "baker:female")
        return self.receipt(bulletin, ReceiptState.ENDED, clock, heard=heard)


def a_draft(text: str, **more: Any) -> Draft:
    return changed(Draft(Notice(severity=Severity.BLUE)), text=text, **more)


def changed(draft: Draft, **more: Any) -> Draft:
    """With these fields of its notice, or of its own."""
    words = {name: value for name, value in more.items() if name in SPECS and name != "id"}
    own = {name: value for name, value in more.items() if name not in words}
    return replace(draft, notice=replace(draft.notice, **words), **own)


@dataclass
class OfficeDesk:
    """The parts with two clerks, an approver and a keeper, at 10 o'clock of a Monday."""

    parts: OfficeServices
    publisher: Publisher
    intake: ReceiptInbox
    clock: ManualClock
    folder: KeyFolder
    boxes: dict[str, PretendBox] = field(default_factory=dict)
    from_above: Callable[[str], str | None] = lambda id: None
    """The digest of what another office has sent."""

    def officer(self, name: str) -> Officer:
        return self.parts.officers.get(name)

    def draft(self, text: str = "今天下午停水。", **more: Any) -> Draft:
        return a_draft(text, **{"areas": (TOWN,)} | more)

    def send(self, by: str = "小王", **more: Any) -> DraftRecord:
        """Written, submitted and, if nobody must agree, signed."""
        record = self.parts.desk.send(self.officer(by), self.draft(**more))
        self.publisher.sign_cleared()
        return self.parts.desk.get(record.id)

    def publisher_at(self, address: str) -> Publisher:
        """One whose office boxes reach at this address for recordings."""
        parts = self.parts
        given = parts.database, parts.register, self.clock, UNLOCKED[self.folder], self.folder.trust
        return Publisher(*given, address)

    def enrol(self, village: str = VILLAGE, name: str = "洞背村") -> PretendBox:
        _, code = self.parts.register.add(village, name)
        return self.enrol_by(code)

    def enrol_by(self, code: str, key: CryptoSigner | None = None) -> PretendBox:
        key = key or new_key()
        given = self.folder.pin, self.folder.keyring.to_bytes(), BROKER
        made = self.parts.register.enrol(code, public(key).keyval["public"], *given, is_proved=True)
        self.boxes[made.box] = PretendBox(made, key, self.digest_of)
        return self.boxes[made.box]

    def digest_of(self, id: str) -> str | None:
        """What a box knows of a bulletin that it has read."""
        query = select(bulletin.c.digest).where(bulletin.c.id == id)
        row = self.parts.database.first(query)
        return row.digest if row else self.from_above(id)

    def take(self, box: PretendBox, *receipts: bytes) -> int:
        return self.intake.take([IncomingReceipts(box.id, one) for one in receipts])

    def counts(self, id: str) -> dict[str, int]:
        return self.parts.board.counts([id])[id].to_json()


# Its studio writes no clip.
NOWHERE = Path(os.devnull)


def pretend_booth(rehearsals: FakeRehearsals | None = None) -> OfficePreviews:
    """Ten bytes of sound, at a rate of five a second."""
    previews = OfficePreviews(FakeStudio(NOWHERE), rehearsals or FakeRehearsals(), 0)
    previews.bytes_a_second = 5
    return previews


def make_desk(database: OfficeDatabase, folder: KeyFolder) -> OfficeDesk:
    clock = ManualClock()
    clock.step(timedelta(days=1, hours=-6))
    parts = make_parts(database, clock, folder.trust.area, passwords=CHEAP)
    for name, role, cap in (
        ("小王", OfficeRole.CLERK, Severity.ORANGE),
        ("小李", OfficeRole.CLERK, Severity.BLUE),
        ("老张", OfficeRole.APPROVER, Severity.RED),
        ("管家", OfficeRole.KEEPER, Severity.RED),
        ("参观", OfficeRole.VIEWER, Severity.DAILY),
    ):
        parts.officers.add(name, role, cap, PASSWORD)
    if folder not in UNLOCKED:
        UNLOCKED[folder] = folder.unlock(SENTENCE)
    publisher = Publisher(database, parts.register, clock, UNLOCKED[folder], folder.trust)
    return OfficeDesk(parts, publisher, ReceiptInbox(database, clock), clock, folder)


def keys_of(desk: OfficeDesk) -> KeyRenewal:
    return KeyRenewal(desk.folder, UNLOCKED[desk.folder], desk.clock)
