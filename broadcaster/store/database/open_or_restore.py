"""Opens the database at a path: makes it, migrates it, or restores a damaged one."""

import logging
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert

from broadcaster.core.errors import StoreUnusable
from broadcaster.core.project_folders import RECORDINGS, SESSION_KEY
from broadcaster.store.database import tables
from broadcaster.store.database.backups import DAMAGED, NEWER, Backups, check, made_at, version_of
from broadcaster.store.database.reserved_space import SPARE
from broadcaster.store.database.salvage import Salvaged, salvage
from broadcaster.store.database.salvaged_tables import STATION
from broadcaster.store.database.sqlite_connection import (
    RESTART_HEALS,
    WAITED,
    StoreDamaged,
    StoreNewer,
    connect,
    raw,
    store_errors,
)
from broadcaster.system.child_process import signals_blocked

logger = logging.getLogger(__name__)

MIGRATION_SECONDS = 600
NEW = (
    "没有备份，建了新的：播出记录、账号和页面上加的时间表没有了，请重新启动广播站，用一次性代码再设账号"
)


@dataclass(frozen=True)
class Opened:
    """A connection, and in Chinese what was lost on the way to it, or ""; `lost_since` says by the
    station's clock from when on lines of the record may be gone, None where none are, or all."""

    connection: Connection
    note: str = ""
    lost_since: datetime | None = None


def has_past(path: Path) -> bool:
    """True if a box has run here, as far as can be seen without its database."""
    folder = path.parent
    left = (folder.glob(f"{path.stem}-*.db"), (folder / RECORDINGS).glob("*"))
    ours = (folder / SPARE, folder / SESSION_KEY)
    with suppress(OSError):
        return any(one.exists() for one in ours) or any(True for found in left for _ in found)
    return False


def open_sound(path: Path, backups: Backups, has_past: bool = False, had_log: bool = True) -> Opened:
    """A sound database, whatever was there.

    Where a box has a past, a file that is missing was lost. A damaged one is set aside and the last
    good backup taken; of one that lost its log the indexes are looked through too. Raises
    `StoreUnusable` where nothing can be written. No connection of this process may be open: closing
    any descriptor of a file gives up the locks that SQLite holds on it.
    """
    with store_errors(path):
        is_lost = not (path.exists() and path.stat().st_size)
        half_mended = backups.half_mended()
        _make_private(path)
    if half_mended or (is_lost and (has_past or backups.newest())):
        return replace_damaged(path, backups)
    try:
        return Opened(_open_current(path, backups, "quick_check" if had_log else "integrity_check"))
    except StoreDamaged as error:
        logger.critical("数据库用不了，换上好的：%s", str(error).removesuffix(RESTART_HEALS))
        return replace_damaged(path, backups, isinstance(error, StoreNewer), had_log)


def replace_damaged(
    path: Path, backups: Backups, is_newer: bool = False, had_log: bool = True
) -> Opened:
    """The same for a file that is known to be damaged, or written by a newer program."""
    with store_errors(path):
        aside = backups.begin_mending(NEWER if is_newer else DAMAGED)
        copy = backups.restore()
        _make_private(path)
    connection = _open_current(path, backups)
    saved, lost_since = Salvaged(), made_at(copy) if copy else None
    try:
        if aside:
            with store_errors(path):
                saved = salvage(STATION, aside, copy, raw(connection))
                backups.end_mending()
            if saved.rows and "journal" not in saved.partly:
                lost_since = None
            saved.partly += [] if had_log else ["journal", "queue"]
    except StoreUnusable:
        connection.close()
        raise
    note = (
        _newer_note(aside, copy, saved)
        if aside and f"-{NEWER}-" in aside.name
        else _loss_note(aside, copy, saved)
    )
    logger.critical("请留意：%s", note)
    return Opened(connection, note, lost_since)


def _open_current(path: Path, backups: Backups, how: str = "quick_check") -> Connection:
    with store_errors(path):
        connection = connect(path)
        try:
            check(raw(connection), how)
            version = version_of(raw(connection))
            if version == "":
                if backups.newest():
                    raise StoreDamaged(f"数据库 {path} 空了，或者不见了。")
                _make_tables(connection)
            if version in ("", tables.VERSION):
                return connection
        except BaseException:
            connection.close()
            raise
        connection.close()
    if version not in tables.VERSIONS:
        raise StoreNewer(f"数据库 {path} 是更新版本的程序写的（{version}），这个版本读不了。")
    backups.make("before")
    _migrate(path)
    with store_errors(path):
        return connect(path)


def _make_tables(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    tables.metadata.create_all(connection)
    tables.version.create(connection)
    connection.execute(insert(tables.version), {"version_num": tables.VERSION})
    connection.exec_driver_sql("COMMIT")


def _migrate(path: Path) -> None:
    command = [sys.executable, "-m", "broadcaster.store.database.migrate", str(path)]
    try:
        with signals_blocked():
            subprocess.run(command, check=True, capture_output=True, timeout=MIGRATION_SECONDS)
    except subprocess.SubprocessError as error:
        output = getattr(error, "stderr", None) or b""
        logger.critical("数据库没能升级到新版本：%s", output.decode(errors="replace"))
        raise StoreUnusable(
            f"数据库 {path} 没能升级到新版本，原样没动。请检查磁盘满没满，再重新启动广播站。"
        ) from error


def _loss_note(aside: Path | None, copy: Path | None, saved: Salvaged) -> str:
    what = "数据库坏了" if aside else "数据库空了或者不见了"
    where = f"坏的文件留在 {aside.name}。" if aside else ""
    kept = _rescued(saved)
    if saved.is_complete:
        return f"{what}，里面的都读出来了，没有丢（{kept}）；存储卡可能坏了，请换一张。{where}"
    if saved.rows:
        parts = f"{saved.missing}有一部分读不出来，{_source(copy) or '没有备份可补'}"
        todo = WAITED if "queue" in saved.partly else "请看看对不对"
        return f"{what}，读得出来的保住了（{kept}）；{parts}。{todo}。{where}"
    return f"{what}，{_source(copy) or NEW}；排队的通知也没有了，请重新播。{where}"


def _newer_note(aside: Path, copy: Path | None, saved: Salvaged) -> str:
    parts = f"{saved.missing}没有全认出来，{_source(copy) or '没有旧备份可补'}。" if saved.partly else ""
    return (
        f"数据库是更新版本的程序写的，已经原样留在 {aside.name}，一点没有丢；这个版本认得的都拿过来了"
        f"（{_rescued(saved)}）。{parts}请换回新版本的程序。"
    )


def _rescued(saved: Salvaged) -> str:
    return f"播出记录 {saved.rows.get('journal', 0)} 条、排队的通知 {saved.rows.get('queue', 0)} 条"


def _source(copy: Path | None) -> str:
    if copy is None:
        return ""
    when = made_at(copy)
    of = f" {when:%m月%d日 %H:%M} 的" if when else ""
    return f"换上了{of}备份，之后的播出记录和页面上改的时间表没有了"


def _make_private(path: Path) -> None:
    """SQLite gives its -wal and -shm files the mode of the file they belong to."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    path.touch(mode=0o600)
    path.chmod(0o600)
