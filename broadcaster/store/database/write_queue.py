"""Write queue of the database: changes are written in order by a thread of its own, so a slow or full
disk never stops the air.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from broadcaster.core.errors import StoreUnusable
from broadcaster.store.database.deferred_changes import DeferredChange
from broadcaster.store.database.reserved_space import ReservedSpace
from broadcaster.store.database.sqlite_connection import StoreDamaged
from broadcaster.store.database.station_database import Database

logger = logging.getLogger(__name__)

Change = Callable[[Connection], object]

# A write takes 1 ms here and some 30 ms on an SD card; one that takes longer than this is not waited
# for, so a card that hangs costs the air at most so much for each airing.
PATIENCE_SECONDS = 1.0
# A fault is gone from the page 10 s after its cause at the latest.
RETRY_SECONDS = 5.0
# About 1 kB each: a month of lines of a busy village, or three days of a loop every two minutes.
MOST_WAITING = 2_000
# So few in one transaction that it takes a tenth of a second here.
MOST_TOGETHER = 300


@dataclass(eq=False)
class Pending:
    """One change that waits; `settled` when it was written, or could not be. What is `spared` is on the
    disk, and not in the database yet."""

    change: Change
    synced: bool
    settled: threading.Event = field(default_factory=threading.Event)
    written: bool = False
    spared: bool = False


class WriteQueue:
    """Changes to the database; any thread enqueues, one loop around `step` writes. A change may be
    made twice, so each must come to the same the second time. A `DeferredChange` goes to the reserved
    space while the database takes nothing, and from there into the database, also after a power cut.
    """

    def __init__(self, database: Database, reserved_space: ReservedSpace) -> None:
        self._database = database
        self._reserved_space = reserved_space
        self._spare_works = True
        left = [DeferredChange(**record) for record in reserved_space.records]
        self._waiting = [Pending(change, True, written=True, spared=True) for change in left]
        self._changed = threading.Condition()
        self._failed = ""
        self._resting = False
        self._lost = 0

    @property
    def fault(self) -> str:
        """A sentence in Chinese on what could not be written, or ""."""
        with self._changed:
            if not self._failed:
                return f"磁盘写不进去的时候丢了 {self._lost} 条记录。" if self._lost else ""
            lost = f"，已经丢了 {self._lost} 条" if self._lost else ""
            return f"广播照常，但是有 {len(self._waiting)} 条记录还没写下{lost}。{self._failed}"

    @property
    def works(self) -> bool:
        """True if a change accepted now outlasts a power cut, as far as is known."""
        with self._changed:
            return not self._failed or self._spare_works

    @property
    def unwritten(self) -> tuple[DeferredChange, ...]:
        """The changes that have not reached the database yet."""
        with self._changed:
            return tuple(one.change for one in self._waiting if isinstance(one.change, DeferredChange))

    def enqueue(
        self, change: Change, wait: bool = True, meanwhile: Callable[[], object] = lambda: None
    ) -> bool:
        """Put a change, and wait until it is on the disk; False if that takes too long or fails.

        Then it stays in memory, and is written when the disk works again. `meanwhile` is done as soon as
        the change has its place: what comes of it is written after it.
        """
        pending = Pending(change, True)
        with self._changed:
            self._waiting.append(pending)
            if self._failed and len(self._waiting) > MOST_WAITING:
                self._waiting.pop(0)
                self._lost += 1
            self._changed.notify()
            spares = self._spare_works and isinstance(change, DeferredChange)
            waits = wait and (spares or not self._failed)
        meanwhile()
        if not waits:
            return False
        if not pending.settled.wait(PATIENCE_SECONDS):
            self._spare_works = False
            self._fail("磁盘太慢，还没有写完。")
        return pending.written

    def enqueue_unsynced(self, change: Change) -> None:
        """Put a change that may be lost, by a power cut or while the disk does not work."""
        with self._changed:
            if not self._failed:
                self._waiting.append(Pending(change, False))
                self._changed.notify()

    def step(self) -> None:
        """Write what waits, in one transaction; wait for something if there is nothing."""
        with self._changed:
            if self._resting or not self._waiting:
                self._changed.wait(RETRY_SECONDS)
            self._resting = False
            batch = tuple(self._waiting[:MOST_TOGETHER])
        if batch:
            self._write(batch)

    def wake(self) -> None:
        """Let a waiting `step` go on."""
        with self._changed:
            self._resting = False
            self._changed.notify()

    def close(self) -> None:
        """Write what is left, after the loop has ended."""
        while self._waiting and not self._failed:
            self._write(tuple(self._waiting[:MOST_TOGETHER]))

    def _write(self, batch: tuple[Pending, ...]) -> None:
        try:
            try:
                self._write_together(batch)
            except StoreDamaged:
                self._write_together(batch)
            except StoreUnusable:
                raise
            except Exception:
                logger.exception("几条记录一起写不进去，一条一条再写，错误在下面")
                self._write_singly(batch)
        except StoreUnusable as error:
            self._keep_in_spare()
            self._fail(str(error))
        else:
            self._done(batch)

    def _keep_in_spare(self) -> None:
        with self._changed:
            rest = [one for one in self._waiting if one.synced and not one.spared]
        worded = [one for one in rest if isinstance(one.change, DeferredChange)]
        records = [one.change.record() for one in worded if isinstance(one.change, DeferredChange)]
        if records:
            self._spare_works = self._reserved_space.keep(*records)
        for one in worded:
            one.written = one.spared = self._spare_works

    def _write_together(self, batch: tuple[Pending, ...]) -> None:
        with self._database.transaction(any(one.synced for one in batch)) as connection:
            for one in batch:
                one.change(connection)

    def _write_singly(self, batch: tuple[Pending, ...]) -> None:
        for one in batch:
            try:
                self._write_together((one,))
            except StoreUnusable:
                raise
            except Exception:
                logger.exception("有一条记录写不进去，跳过它，错误在下面")

    def _done(self, batch: tuple[Pending, ...]) -> None:
        done = set(batch)
        with self._changed:
            self._waiting = [one for one in self._waiting if one not in done]
            if self._failed:
                logger.warning("数据库又能写了，补记了 %s 项", len(batch))
            self._failed, self._resting, self._spare_works = "", False, True
            spared = any(one.spared for one in self._waiting)
        if not spared:
            self._reserved_space.clear()
        for one in batch:
            one.written = True
            one.settled.set()

    def _fail(self, reason: str) -> None:
        with self._changed:
            if not self._failed:
                logger.error("记录没有写进磁盘：%s", reason)
            self._failed, self._resting = reason, True
            # Where nothing was promised one note stays, to find out by it that the disk works again.
            synced = [one for one in self._waiting if one.synced]
            self._waiting = synced or self._waiting[-1:]
            for one in self._waiting:
                one.settled.set()
