"""Protects the office's SQLite file: checks it before anything opens it, and copies it once a day."""

import logging
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from broadcaster.core.clock import Clock
from broadcaster.core.errors import StoreUnusable
from broadcaster.county.store import tables
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.store.database.backups import Backups, check, made_at
from broadcaster.store.database.salvage import Salvaged, SalvagedTables, has_table_list, salvage
from broadcaster.store.database.sqlite_connection import StoreDamaged, address, store_errors
from broadcaster.store.database.wal_recovery import mend_log

logger = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).with_name("migrations") / "versions"
VERSIONS = tuple(sorted(step.stem[1:5] for step in MIGRATIONS.glob("v*.py")))
# What was signed after the copy used numbers that it does not know, and boxes refuse a number that
# they have seen: 5 days of 9,999, well below the million that they take for a jump.
LEAP = 50_000
# A copy that fails, on a disk that is full, is tried again in ten minutes.
LOOK_SECONDS = 600.0


GONE_SINCE = (
    "没有了的通知各村不再算数，还要播的请重发；没有了的回执要等各村再报，登记簿里少了的村请重新登记。"
)
LOST_LOG = (
    "上次没有正常关机，而平台数据库的日志 office.db-wal {what}：读得出来的都保住了，最后几分钟的可能"
    "没有全。" + GONE_SINCE
)
NAMES = {
    "area": "地名",
    "box": "登记簿",
    "officer": "人员",
    "bulletin": "通知",
    "sequence": "通知的编号",
    "receipt": "回执",
    "told": "回执",
    "reach": "各村的情况",
    "foreign_message": "外来消息",
    "foreign_bulletin": "外来消息",
    "standing": "定时通知",
    "library": "范文",
    "hearing": "谁听过",
    "revision": "改过什么",
    "audit": "操作记录",
    "county": "下面的县",
    "county_sum": "下面的县",
    "session": "登录",
    "writing": "没写完的",
    "doubt": "没有计入的回执",
}
OFFICE = SalvagedTables(tables.metadata, NAMES, frozenset({"receipt", "told", "revision", "audit"}))
# A number may be known by the bulletin that has it alone.
FOLLOW = """
INSERT INTO sequence (key_id, highest)
SELECT key_id, max(seq) FROM bulletin WHERE key_id IS NOT NULL AND seq IS NOT NULL GROUP BY key_id
ON CONFLICT (key_id) DO UPDATE SET highest = max(highest, excluded.highest)
"""


class OfficeBackups:
    """For one process, before it and beside it; PostgreSQL has its own means."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._backups = Backups(path, clock, VERSIONS)
        self._looks_at = clock.monotonic()
        # Stands while the file is open, and after a crash.
        self._open = path.with_name(f"{path.name}-open")
        self._begun = False
        self.note = ""
        """In Chinese, what was lost or is wrong; for the page."""

    def make_sound(self) -> None:
        """Put what can still be read over the newest good copy, if the file is damaged, empty or gone.

        Nobody may have it open. Raises `StoreUnusable` where nothing can be read and there is no copy.
        """
        log = ""
        with store_errors(self._path):
            # A command that closes it last takes log and index away.
            if self._open.exists() and Path(f"{self._path}-shm").exists():
                log = mend_log(self._path)
        try:
            if not (self._is_half_mended() or self._is_lost()):
                self._check("integrity_check" if log else "quick_check")
                if log:
                    self._leap()
                    self._note(LOST_LOG.format(what=log))
                return
        except StoreDamaged as error:
            logger.critical("数据库用不了，换上好的：%s", error)
        self._replace(had_log=not log)

    def _is_lost(self) -> bool:
        with store_errors(self._path):
            return not (self._path.exists() and self._path.stat().st_size)

    def _is_half_mended(self) -> bool:
        with store_errors(self._path):
            return self._backups.half_mended() is not None

    def _check(self, how: str) -> None:
        with store_errors(self._path), closing(_connect(self._path)) as connection:
            check(connection, how)

    def _replace(self, had_log: bool) -> None:
        lost, copy = self._is_lost(), self._backups.newest()
        if copy is None and not lost and not has_table_list(self._path):
            raise StoreUnusable(
                f"平台的数据库 {self._path} 坏了，也没有备份：请把另外拷贝的放回来，再启动；"
                "真的没有了，请把它改名移开，重新登记各村。"
            )
        with store_errors(self._path):
            aside, copy = self._backups.begin_mending(), self._backups.restore()
        if aside or copy:
            saved = self._salvage(aside, copy)
            if not (saved.is_complete and had_log):
                self._leap()
            with store_errors(self._path):
                self._backups.end_mending()
            self._note(_loss_note(aside, copy, saved, had_log))

    def _salvage(self, aside: Path | None, copy: Path | None) -> Salvaged:
        """Also of a file that a newer program has written its tables anew in."""
        with closing(OfficeDatabase(f"sqlite:///{self._path}")) as database:
            database.migrate()
        if aside is None:
            return Salvaged()
        with store_errors(self._path), closing(_connect(self._path)) as connection:
            return salvage(OFFICE, aside, copy, connection)

    def _leap(self) -> None:
        with store_errors(self._path), closing(_connect(self._path)) as connection:
            connection.execute(FOLLOW)
            connection.execute("UPDATE sequence SET highest = highest + ? WHERE highest > 0", (LEAP,))

    def _note(self, sentence: str) -> None:
        self.note = sentence
        logger.critical("请留意：%s", sentence)

    def step(self) -> None:
        """Copy it if that was not done today."""
        self.begin()
        now = self._clock.monotonic()
        if now < self._looks_at:
            return
        self._looks_at = now + LOOK_SECONDS
        try:
            if not self._backups.has_daily(self._clock.now().date()):
                self._backups.make("daily")
        except StoreDamaged as error:
            logger.critical("数据库坏了：%s", error)
            self.note = "平台的数据库坏了一部分，没有备份它：请重新启动县级平台，会换上最近的好备份。"
        except StoreUnusable as error:
            logger.error("数据库今天没有备份成，过一会儿再试：%s", error)

    def begin(self) -> None:
        """Something was written: from now on a log that is empty or away has lost it."""
        log = Path(f"{self._path}-wal")
        with suppress(OSError):
            if not self._begun and log.exists() and log.stat().st_size:
                self._open.touch(mode=0o600)
                self._begun = True

    def close(self) -> None:
        """All others have closed it."""
        with suppress(OSError):
            self._open.unlink(missing_ok=True)


def refuse_lost(path: Path, clock: Clock) -> None:
    """For a command: only the office itself takes a copy. Raises `StoreUnusable`."""
    is_lost = not (path.exists() and path.stat().st_size)
    if is_lost and Backups(path, clock, VERSIONS).newest():
        raise StoreUnusable(
            f"平台的数据库 {path} 空了或者不见了。请启动县级平台，它会换上备份：broadcaster county run"
        )


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(address(path, "mode=rw"), uri=True, isolation_level=None)


def _loss_note(aside: Path | None, copy: Path | None, saved: Salvaged, had_log: bool) -> str:
    what = f"坏了，坏的文件留在 {aside.name}" if aside else "空了或者不见了"
    if saved.is_complete and had_log:
        return f"平台的数据库{what}；里面的都读出来了，没有丢。存储卡可能坏了，请换一张。"
    source = _source(copy) if copy else "没有备份可补"
    if saved.rows:
        kept = f"通知 {saved.rows.get('bulletin', 0)} 则、回执 {saved.rows.get('receipt', 0)} 份"
        missing = saved.missing or "日志里的"
        source = f"读得出来的保住了（{kept}）；{missing}有一部分读不出来，{source}"
    return f"平台的数据库{what}；{source}。{GONE_SINCE}"


def _source(copy: Path) -> str:
    made = made_at(copy)
    return f"换上了{f' {made:%m月%d日 %H:%M} ' if made else '最近'}的备份"
