"""Remembers records lost with a damaged database: reported for two days, over all starts, and noted in
the journal for good.
"""

import logging
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import blake2b

from broadcaster.core.clock import Clock
from broadcaster.core.errors import StoreUnusable
from broadcaster.core.labels import LOST
from broadcaster.core.model import Airing, AiringKind, JournalEntry, Outcome
from broadcaster.core.notice import Notice
from broadcaster.store.database.station_database import Database
from broadcaster.store.journal import Journal
from broadcaster.store.station_state import StationState

logger = logging.getLogger(__name__)

LAST_LOSS = "last_loss"
TITLE = "播出记录缺了一段"
TOLD_FOR = timedelta(days=2)


class LostRecords:
    """The last one, with its hour; a power cut ten minutes later took the word away with it."""

    def __init__(self, database: Database, state: StationState, journal: Journal, clock: Clock) -> None:
        self._database = database
        self._state = state
        self._journal = journal
        self._clock = clock
        self._marked: datetime | None = None
        self._kept = database.note
        self._before = "" if database.note else self._earlier_loss()
        if database.note:
            self._keep()

    @property
    def fault(self) -> str:
        """In Chinese, of an earlier start; the database itself tells of this one."""
        return "" if self._database.note else self._before

    def look(self) -> None:
        """Keep what came since, and mark in the record where lines of it are gone."""
        if self._database.note != self._kept:
            self._kept = self._database.note
            self._keep()
        since = self._database.lost_since
        if since and since != self._marked:
            self._marked = since
            self._journal.record(self._line(since))

    def _line(self, since: datetime) -> JournalEntry:
        now = self._clock.now()
        said = f"从{since:%m月%d日 %H:%M}到{now:%m月%d日 %H:%M}，播过什么查不到，或者查不全。"
        # One line of one gap.
        name = blake2b(f"gap {since}".encode(), digest_size=6).hexdigest()
        gap = Airing(Notice(said, title=TITLE), now, now, AiringKind.SCHEDULED, id=name)
        return JournalEntry(gap, Outcome.UNKNOWN, LOST, "", None, now, 0.0, 0.0)

    def _keep(self) -> None:
        try:
            self._state.put(LAST_LOSS, f"{self._clock.now().isoformat()} {self._kept}")
        except StoreUnusable as error:
            logger.warning("数据库丢过记录这件事没有记下来，下次启动以后不再提醒：%s", error)

    def _earlier_loss(self) -> str:
        with suppress(StoreUnusable, ValueError):
            when, _, sentence = self._state.get(LAST_LOSS).partition(" ")
            then = datetime.fromisoformat(when)
            if abs(self._clock.now() - then) < TOLD_FOR:
                return f"{then:%m月%d日 %H:%M}：{sentence}"
        return ""
