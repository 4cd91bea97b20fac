"""From a path to a sound database of this program's version, whatever lies there."""

import logging
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert

from broadcaster.child import deaf
from broadcaster.errors import StoreUnusable
from broadcaster.store import tables
from broadcaster.store.airing_text import read_airing
from broadcaster.store.backups import STAMP, Backups, check, version_of
from broadcaster.store.connection import StoreDamaged, address, connect, raw, told_plainly

logger = logging.getLogger(__name__)

MIGRATION_SECONDS = 600


def open_sound(path: Path, backups: Backups) -> tuple[Connection, str]:
    """A connection, and in Chinese what was lost on the way to it, or "".

    A damaged file is set aside and the last good backup taken. Raises `StoreUnusable` where nothing
    can be written. No connection of this process may be open: closing any descriptor of a file
    gives up the locks that SQLite holds on it.
    """
    with told_plainly(path):
        _make_private(path)
    try:
        return _open_current(path, backups), ""
    except StoreDamaged as error:
        logger.critical("%s", error)
    return replace_damaged(path, backups)


def replace_damaged(path: Path, backups: Backups) -> tuple[Connection, str]:
    """The same for a file that is known to be damaged."""
    with told_plainly(path):
        aside = backups.set_aside()
        copy = backups.restore()
        _make_private(path)
    connection = _open_current(path, backups)
    saved = _save_queue(aside, connection)
    note = _lost(aside, copy, saved)
    logger.critical("%s", note)
    return connection, note


def _open_current(path: Path, backups: Backups) -> Connection:
    with told_plainly(path):
        connection = connect(path)
        try:
            check(raw(connection))
            version = version_of(raw(connection))
            if version == "":
                _make_tables(connection)
            if version in ("", tables.VERSION):
                return connection
        except BaseException:
            connection.close()
            raise
        connection.close()
    if version not in tables.VERSIONS:
        raise StoreDamaged(f"数据库 {path} 是更新版本的程序写的（{version}），这个版本读不了。")
    backups.make("before")
    _migrate(path)
    with told_plainly(path):
        return connect(path)


def _make_tables(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    tables.metadata.create_all(connection)
    tables.version.create(connection)
    connection.execute(insert(tables.version), {"version_num": tables.VERSION})
    connection.exec_driver_sql("COMMIT")


def _migrate(path: Path) -> None:
    command = [sys.executable, "-m", "broadcaster.store.migrate", str(path)]
    try:
        with deaf():
            subprocess.run(command, check=True, capture_output=True, timeout=MIGRATION_SECONDS)
    except subprocess.SubprocessError as error:
        logger.critical("migration failed: %s", getattr(error, "stderr", b"").decode(errors="replace"))
        raise StoreUnusable(
            f"数据库 {path} 没能升级到新版本，原样没动。请检查磁盘满没满，再重新启动广播站。"
        ) from error


def _save_queue(aside: Path, connection: Connection) -> int | None:
    """Take over what waited, as far as it can be read; how much, or None if nothing could be read."""
    names = ("airing_id", "airing", "next_line", "seconds_played", "noted_at")
    saved: int | None = None
    rows: list[dict[str, object]] = []
    with suppress(sqlite3.Error), closing(sqlite3.connect(address(aside, "mode=ro"), uri=True)) as old:
        for row in old.execute(f"SELECT {', '.join(names)} FROM queue ORDER BY number"):
            rows.append(dict(zip(names, row, strict=True)))
        saved = 0
    sound = [row for row in rows if _is_sound(row)]
    if sound:
        connection.execute(insert(tables.queue).prefix_with("OR IGNORE"), sound)
    return len(sound) or saved


def _is_sound(row: dict[str, object]) -> bool:
    try:
        return read_airing(str(row["airing"])).id == row["airing_id"]
    except ValueError:
        return False


def _lost(aside: Path, copy: Path | None, saved: int | None) -> str:
    if copy:
        when = datetime.strptime(copy.stem.split("-", 1)[1], STAMP)  # noqa: DTZ007 - local, only told
        what = f"换上了 {when:%m月%d日 %H:%M} 的备份，之后的播出记录和页面上改的时间表没有了"
    else:
        what = (
            "没有备份，建了新的：播出记录、账号和页面上加的时间表没有了，"
            "请重新启动广播站，用一次性代码再设账号"
        )
    waited = "排队的通知也没有了，请重新播" if saved is None else f"排队的通知保住了 {saved} 条"
    return f"数据库坏了，{what}；{waited}。坏的文件留在 {aside.name}。"


def _make_private(path: Path) -> None:
    """SQLite gives its -wal and -shm files the mode of the file they belong to."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    path.touch(mode=0o600)
    path.chmod(0o600)
