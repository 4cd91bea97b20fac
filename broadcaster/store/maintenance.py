"""Daily maintenance of the database: deletes old rows and makes a backup."""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Integer, case, cast, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from broadcaster.core.clock import Clock
from broadcaster.core.clock_trust import LEAST_YEAR
from broadcaster.core.errors import StoreUnusable
from broadcaster.core.model import AiringKind
from broadcaster.store.database.sqlite_connection import StoreDamaged
from broadcaster.store.database.station_database import Database
from broadcaster.store.database.tables import journal, journal_day
from broadcaster.store.lost_records import LostRecords
from broadcaster.store.station_state import StationState

logger = logging.getLogger(__name__)

KEPT_WHOLE = timedelta(days=365)
LOOK_SECONDS = 600.0
# So few at a time that a journal line waits some milliseconds at most.
PORTION = 500
MOST_PAGES = 2_000
LAST_DAY = "tidied_on"
WRITTEN = cast(func.strftime("%s", journal.c.ended_at), Integer)
NEVER_BEFORE = datetime(LEAST_YEAR, 1, 1, tzinfo=UTC).timestamp()


class Maintenance:
    """Tidies when a new day has come; one loop around `step`.

    Not before it is told whom to ask about the clock: by one that is years ahead the whole journal
    would be old.
    """

    def __init__(self, database: Database, state: StationState, lost: LostRecords, clock: Clock) -> None:
        self._database = database
        self._state = state
        self._lost_records = lost
        self._clock = clock
        self._awake = threading.Event()
        self._clock_is_right: Callable[[], bool] = lambda: False

    def begin(self, clock_is_right: Callable[[], bool]) -> None:
        """Tidy from now on, whenever the clock is right."""
        self._clock_is_right = clock_is_right
        self.wake()

    def step(self) -> None:
        """Tidy if that was not done today, then wait."""
        now = self._clock.now()
        try:
            self._look(now)
        except StoreDamaged as error:
            logger.critical("数据库坏了，换上最近的好备份：%s", error)
            self._database.repair()
        except StoreUnusable as error:
            logger.error("数据库没有整理：%s", error)
        self._awake.wait(LOOK_SECONDS)
        self._awake.clear()

    def _look(self, now: datetime) -> None:
        self._lost_records.look()
        self._database.checkpoint()
        if self._clock_is_right() and self._state.get(LAST_DAY) != now.date().isoformat():
            self.tidy(now)

    def wake(self) -> None:
        self._awake.set()

    def tidy(self, now: datetime) -> None:
        """Copy the database, then make days of the lines that were written more than a year ago.

        Raises `StoreUnusable`.
        """
        self._database.backups.make("daily")
        last_old = self._last_old(now)
        while self._roll_up(last_old):
            pass
        self._database.shrink(MOST_PAGES)
        self._state.put(LAST_DAY, now.date().isoformat())

    def _last_old(self, now: datetime) -> int:
        """The last line that was surely written so long ago, for all before the first young one is old.

        What a clock showed that was never told the time, or ran ahead, says nothing; their order does.
        """
        oldest = (now - KEPT_WHOLE).timestamp()
        young = select(journal.c.number).where(WRITTEN.between(oldest, now.timestamp()))
        first_young = self._database.read(young.order_by(journal.c.number).limit(1))
        old = select(journal.c.number).where(WRITTEN >= NEVER_BEFORE, WRITTEN < oldest)
        if first_young:
            old = old.where(journal.c.number < first_young[0].number)
        last_old = self._database.read(old.order_by(journal.c.number.desc()).limit(1))
        return int(last_old[0].number) if last_old else 0

    def _roll_up(self, last: int) -> int:
        """Some of the lines up to that number; how many."""
        with self._database.transaction() as connection:
            old = select(journal.c.number).where(journal.c.number <= last).limit(PORTION)
            numbers = connection.execute(old).scalars().all()
            if numbers:
                _add_days(connection, numbers)
                connection.execute(delete(journal).where(journal.c.number.in_(numbers)))
        return len(numbers)


def _add_days(connection: Connection, numbers: Sequence[int]) -> None:
    """Add these lines to their days; what was asked for by a person has no slot."""
    day = func.substr(journal.c.due_at, 1, 10)
    slot = case((journal.c.kind == AiringKind.LIVE.value, ""), else_=journal.c.asked_by)
    days = (
        select(day, slot, journal.c.outcome, func.count(), func.sum(journal.c.seconds_played))
        .where(journal.c.number.in_(numbers))
        .group_by(day, slot, journal.c.outcome)
    )
    line = insert(journal_day).from_select([column.name for column in journal_day.c], days)
    connection.execute(
        line.on_conflict_do_update(
            index_elements=["day", "slot", "outcome"],
            set_={
                "airings": journal_day.c.airings + line.excluded.airings,
                "seconds": journal_day.c.seconds + line.excluded.seconds,
            },
        )
    )
