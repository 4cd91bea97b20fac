"""The office's SQLite file: sound before anything opens it, and copied once a day."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from broadcaster.clock import Clock
from broadcaster.errors import StoreUnusable
from broadcaster.store.backups import Backups, check, told_of
from broadcaster.store.connection import StoreDamaged, address, told_plainly

logger = logging.getLogger(__name__)

VERSIONS = ("0001", "0002", "0003", "0004", "0005")
# What was signed after the copy used numbers that it does not know, and boxes refuse a number that
# they have seen: 5 days of 9,999, well below the million that they take for a jump.
LEAP = 50_000
# A copy that fails, on a disk that is full, is tried again in ten minutes.
LOOK_SECONDS = 600.0


class Safekeeping:
    """For one process, before it and beside it; PostgreSQL has its own means."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._backups = Backups(path, clock, VERSIONS)
        self._looks_at = clock.monotonic()
        self.note = ""
        """In Chinese, what was lost or is wrong; for the page."""

    def make_sound(self) -> None:
        """Put the newest good copy in the place of a file that is damaged, empty or gone.

        Nobody may have it open. Raises `StoreUnusable` where there is no copy of a damaged one.
        """
        try:
            with told_plainly(self._path):
                if self._path.exists() and self._path.stat().st_size:
                    _check(self._path)
                    return
        except StoreDamaged as error:
            logger.critical("%s", error)
            if self._backups.newest() is None:
                raise StoreUnusable(
                    f"平台的数据库 {self._path} 坏了，也没有备份：请把另外拷贝的放回来，再启动；"
                    "真的没有了，请把它改名移开，重新登记各村。"
                ) from error
        with told_plainly(self._path):
            aside, copy = self._backups.set_aside(), self._backups.restore()
        if copy:
            _leap(self._path)
            self.note = _told(aside, copy)
            logger.critical("%s", self.note)

    def step(self) -> None:
        """Copy it if that was not done today."""
        now = self._clock.monotonic()
        if now < self._looks_at:
            return
        self._looks_at = now + LOOK_SECONDS
        try:
            if not self._backups.has_daily(self._clock.now().date()):
                self._backups.make("daily")
        except StoreDamaged as error:
            logger.critical("%s", error)
            self.note = "平台的数据库坏了一部分，没有备份它：请重新启动县级平台，会换上最近的好备份。"
        except StoreUnusable as error:
            logger.error("not copied: %s", error)


def _check(path: Path) -> None:
    with closing(sqlite3.connect(address(path, "mode=rw"), uri=True)) as connection:
        check(connection)


def _leap(path: Path) -> None:
    with told_plainly(path), closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE sequence SET highest = highest + ? WHERE highest > 0", (LEAP,))
        connection.commit()


def _told(aside: Path | None, copy: Path) -> str:
    made = told_of(copy)
    when = f" {made:%m月%d日 %H:%M} " if made else "最近"
    what = f"坏了，坏的文件留在 {aside.name}" if aside else "空了或者不见了"
    return (
        f"平台的数据库{what}；换上了{when}的备份。"
        "之后发的通知各村不再算数，还要播的请重发；之后收的回执没有了，之后登记的村请重新登记。"
    )
