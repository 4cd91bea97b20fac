"""The store of the box: all its parts over one database file, with their threads."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from broadcaster.core.clock import Clock
from broadcaster.store.accepted_airings import Queue
from broadcaster.store.accounts import Accounts
from broadcaster.store.audit_log import AuditLog
from broadcaster.store.bulletins import StoredBulletins
from broadcaster.store.database.reserved_space import SPARE, Spare
from broadcaster.store.database.station_database import Database
from broadcaster.store.database.write_queue import Ledger
from broadcaster.store.drafts import Drafts
from broadcaster.store.journal import Journal
from broadcaster.store.lost_records import Losses
from broadcaster.store.maintenance import Upkeep
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
    ledger: Ledger
    spare: Spare
    queue: Queue
    journal: Journal
    slots: StoredSlots
    accounts: Accounts
    phones: Phones
    tokens: Tokens
    deeds: AuditLog
    drafts: Drafts
    bulletins: StoredBulletins
    state: StationState
    losses: Losses
    upkeep: Upkeep
    loops: tuple[ThreadLoop, ...]

    @property
    def fault(self) -> str:
        """A sentence in Chinese on what is not written or was lost, or ""."""
        return (self.ledger.fault or self.database.fault) + self.spare.fault


@contextmanager
def open_store(path: Path, clock: Clock) -> Iterator[Store]:
    """Comes up whatever the file and the disk are like; on the way out all that waits is written."""
    with closing(Database(path, clock)) as database:
        state = StationState(database)
        passwords = Passwords()
        spare = Spare(path.with_name(SPARE))
        with closing(Ledger(database, spare)) as ledger:
            journal = Journal(database, ledger, clock)
            losses = Losses(database, state, journal, clock)
            upkeep = Upkeep(database, state, losses, clock)
            loops = (
                ThreadLoop("store", ledger.step, ledger.wake),
                ThreadLoop("upkeep", upkeep.step, upkeep.wake),
            )
            with loops[0], loops[1]:
                yield Store(
                    database,
                    ledger,
                    spare,
                    Queue(database, ledger, clock),
                    journal,
                    StoredSlots(database),
                    Accounts(database, clock, passwords),
                    Phones(database, clock, passwords),
                    Tokens(database, clock),
                    AuditLog(database, ledger, clock),
                    Drafts(database, clock),
                    StoredBulletins(database),
                    state,
                    losses,
                    upkeep,
                    loops,
                )
