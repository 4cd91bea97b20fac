"""What was lost with the database, told for two days and not only until the next start."""

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from broadcaster.clock import Clock
from broadcaster.errors import StoreUnusable
from broadcaster.store.database import Database
from broadcaster.store.station_state import StationState

logger = logging.getLogger(__name__)

LAST_LOSS = "last_loss"
TOLD_FOR = timedelta(days=2)


class Losses:
    """The last one, with its hour; a power cut ten minutes later took the word away with it."""

    def __init__(self, database: Database, state: StationState, clock: Clock) -> None:
        self._database = database
        self._state = state
        self._clock = clock
        self._kept = database.note
        self._before = "" if database.note else self._still_told()
        if database.note:
            self._keep()

    @property
    def fault(self) -> str:
        """In Chinese, of an earlier start; the database itself tells of this one."""
        return "" if self._database.note else self._before

    def look(self) -> None:
        """Keep what came since."""
        if self._database.note != self._kept:
            self._kept = self._database.note
            self._keep()

    def _keep(self) -> None:
        try:
            self._state.put(LAST_LOSS, f"{self._clock.now().isoformat()} {self._kept}")
        except StoreUnusable as error:
            logger.warning("数据库丢过记录这件事没有记下来，下次启动以后不再提醒：%s", error)

    def _still_told(self) -> str:
        with suppress(StoreUnusable, ValueError):
            when, _, sentence = self._state.get(LAST_LOSS).partition(" ")
            then = datetime.fromisoformat(when)
            if abs(self._clock.now() - then) < TOLD_FOR:
                return f"{then:%m月%d日 %H:%M}：{sentence}"
        return ""
