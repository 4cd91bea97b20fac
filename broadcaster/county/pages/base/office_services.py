"""Builds the parts of the office in data order, for its pages, its commands and its own thread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from broadcaster.core.clock import Clock
from broadcaster.county.board.delivery_board import DeliveryBoard
from broadcaster.county.board.province_board import ProvinceBoard
from broadcaster.county.board.uncounted_receipts import StoredDoubts
from broadcaster.county.foreign.message_log import MessageLog
from broadcaster.county.notices.approval_desk import ApprovalDesk
from broadcaster.county.notices.library import Library
from broadcaster.county.notices.preview_log import PreviewLog
from broadcaster.county.notices.quiet_villages import QuietVillages
from broadcaster.county.notices.recurring import RecurringNotices
from broadcaster.county.notices.revisions import Revisions
from broadcaster.county.notices.unsent_forms import UnsentForms
from broadcaster.county.notices.upload_limits import UploadLimits
from broadcaster.county.register.counties import Counties
from broadcaster.county.register.enrollees import BrokerAccess
from broadcaster.county.register.register import BoxState, Register
from broadcaster.county.store.audit import Audit
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.office_sessions import OfficeSessions
from broadcaster.county.store.officers import Officers
from broadcaster.store.passwords import Passwords


@dataclass(frozen=True)
class OfficeServices:
    """One of each, over one database."""

    database: OfficeDatabase
    clock: Clock
    county: str
    officers: Officers
    sessions: OfficeSessions
    register: Register
    desk: ApprovalDesk
    unsent_forms: UnsentForms
    board: DeliveryBoard
    counties: Counties
    province_board: ProvinceBoard
    recurring: RecurringNotices
    library: Library
    foreign: MessageLog
    audit: Audit
    preview_log: PreviewLog
    revisions: Revisions
    doubts: StoredDoubts
    upload_limits: UploadLimits
    quiet_villages: QuietVillages

    def listeners(self, areas: Sequence[str]) -> str:
        """The boxes that a bulletin to these areas would reach, in words, as far as this office knows;
        "" for none.
        """
        boxes = len(self.register.enrolled(areas))
        below = sum(one.state is BoxState.ENROLLED for one in self.counties.concerned(areas))
        counts = f"{boxes} 个广播站" if boxes else "", f"由 {below} 个下级平台转到各村" if below else ""
        return "，".join(filter(None, counts))


def make_parts(
    database: OfficeDatabase,
    clock: Clock,
    county: str,
    door: BrokerAccess | None = None,
    wake: Callable[[], None] = lambda: None,
    passwords: Passwords | None = None,
) -> OfficeServices:
    """`county` is the trimmed code of the office's area."""
    officers = Officers(database, clock, passwords)
    counties = Counties(database, clock, county, door)
    desk = ApprovalDesk(database, clock, county, wake)
    return OfficeServices(
        database=database,
        clock=clock,
        county=county,
        officers=officers,
        sessions=OfficeSessions(database, clock),
        register=Register(database, clock, county, door),
        desk=desk,
        unsent_forms=UnsentForms(database, clock),
        board=DeliveryBoard(database, clock),
        counties=counties,
        province_board=ProvinceBoard(database, clock, counties),
        recurring=RecurringNotices(database, clock, desk, officers),
        library=Library(database, clock),
        foreign=MessageLog(database, clock),
        audit=Audit(database, clock),
        preview_log=PreviewLog(database, clock),
        revisions=Revisions(database, clock),
        doubts=StoredDoubts(database, clock),
        upload_limits=UploadLimits(clock),
        quiet_villages=QuietVillages(database, clock),
    )
