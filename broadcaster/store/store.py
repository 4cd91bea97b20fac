"""The store of the box: all its parts over one database file, with their threads."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from broadcaster.core.clock import Clock
from broadcaster.store.accepted_airings import AcceptedAirings
from broadcaster.store.accounts import Accounts
from broadcaster.store.audit_log import AuditLog
from broadcaster.store.bulletins import StoredBulletins
from broadcaster.store.database.reserved_space import SPARE, ReservedSpace
from broadcaster.store.database.station_database import Database
from broadcaster.store.database.write_queue import WriteQueue
from broadcaster.store.drafts import Drafts
from broadcaster.store.journal import Journal
from broadcaster.store.lost_records import LostRecords
from broadcaster.store.maintenance import Maintenance
from broadcaster.store.page_slots import StoredSlots
from broadcaster.store.passwords import Passwords
from broadcaster.store.phones import Phones
from broadcaster.store.station_state import StationState
from broadcaster.store.tokens import Tokens
from broadcaster.system.thread_loop import ThreadLoop


@dataclass(frozen=True)
class Store:
    """All parts of the store, opened."""

    database: Database
    write_queue: WriteQueue
    reserved_space: ReservedSpace
    queue: AcceptedAirings
    journal: Journal
    slots: StoredSlots
    accounts: Accounts
    phones: Phones
    tokens: Tokens
    deeds: AuditLog
    drafts: Drafts
    bulletins: StoredBulletins
    state: StationState
    lost_records: LostRecords
    maintenance: Maintenance
    loops: tuple[ThreadLoop, ...]

    @property
    def fault(self) -> str:
        """A sentence in Chinese on what is not written or was lost, or ""."""
        return (self.write_queue.fault or self.database.fault) + self.reserved_space.fault


@contextmanager
def open_store(path: Path, clock: Clock) -> Iterator[Store]:
    """Comes up whatever the file and the disk are like; on the way out all that waits is written."""
    with closing(Database(path, clock)) as database:
        passwords = Passwords()
        reserved_space = ReservedSpace(path.with_name(SPARE))
        with closing(WriteQueue(database, reserved_space)) as write_queue:
            state = StationState(database, write_queue)
            journal = Journal(database, write_queue, clock)
            lost_records = LostRecords(database, state, journal, clock)
            maintenance = Maintenance(database, state, lost_records, clock)
            loops = (
                ThreadLoop("store", write_queue.step, write_queue.wake),
                ThreadLoop("upkeep", maintenance.step, maintenance.wake),
            )
            with loops[0], loops[1]:
                yield Store(
                    database,
                    write_queue,
                    reserved_space,
                    AcceptedAirings(database, write_queue, clock),
                    journal,
                    StoredSlots(database),
                    Accounts(database, clock, passwords),
                    Phones(database, clock, passwords),
                    Tokens(database, clock),
                    AuditLog(database, write_queue, clock),
                    Drafts(database, clock),
                    StoredBulletins(database),
                    state,
                    lost_records,
                    maintenance,
                    loops,
                )
