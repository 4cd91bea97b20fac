"""Backups of the database in the same folder, and the replacement of a damaged database by one."""

import os
import re
import shutil
import sqlite3
import threading
from collections.abc import Container, Iterable, Sequence
from contextlib import closing, suppress
from datetime import date, datetime
from pathlib import Path

from broadcaster.core.clock import Clock
from broadcaster.store.database.sqlite_connection import FAILURES, StoreDamaged, address, store_errors
from broadcaster.store.database.tables import VERSIONS

KEPT = 3
STAMP = "%Y%m%d-%H%M%S"
MADE = re.compile(r"-(\d{8}-\d{6})(?:-(\d{1,9}))?$")
# A database, its log and the index of that.
ENDINGS = ("", "-wal", "-shm")
# Why a file was set aside; part of its name.
DAMAGED, NEWER = "damaged", "newer"

# Of what waits when the copy is made, all has ended when the copy is needed.
NO_QUEUE = "DELETE FROM queue"


class Backups:
    """Copies in the folder `backups`, each whole and checked; the last three of each kind are kept.

    Their names have a number, for the clock by which the last was made may be behind that of the first.
    """

    def __init__(self, path: Path, clock: Clock, versions: Container[str] = VERSIONS) -> None:
        self._path = path
        self._versions = versions
        self._clock = clock
        self._folder = path.parent / "backups"
        # Names the damaged file while what it holds is not in the new one yet.
        self._mending = path.with_name(f"{path.name}-mending")
        self._making = threading.Lock()

    def make(self, kind: str) -> Path:
        """Copy the database while it is used. Raises `StoreDamaged` when what it holds is not sound."""
        part = self._folder / f"{kind}.part"
        with self._making, store_errors(self._path):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            part.unlink(missing_ok=True)
            part.touch(mode=0o600)
            copy = self._folder / f"{kind}-{self._stamp(self._named())}.db"
            try:
                self._copy(part)
                replace(part, copy)
            finally:
                part.unlink(missing_ok=True)
            for old in self._named(kind)[:-KEPT]:
                old.unlink()
        return copy

    def has_daily(self, day: date) -> bool:
        """True if a daily copy was made on that day."""
        return any(_made(copy)[1].startswith(f"{day:%Y%m%d}") for copy in self._named("daily"))

    def newest(self) -> Path | None:
        """The newest good copy."""
        newest_first = reversed(self._named())
        return next((copy for copy in newest_first if version_of_sound(copy) in self._versions), None)

    def restore(self) -> Path | None:
        """Put the newest good copy in the place of the database; which, or None if there is none."""
        copy = self.newest()
        if copy:
            part = self._path.with_suffix(".part")
            shutil.copyfile(copy, part)
            part.chmod(0o600)
            replace(part, self._path)
        return copy

    def set_aside(self, why: str = DAMAGED) -> Path | None:
        """Rename the database with its log, if there is anything in it.

        Of damaged ones the last three are kept for who wants to look; a newer program's always.
        """
        aside = self._name_aside(why)
        if aside:
            self._put_aside(aside)
        return aside

    def begin_mending(self, why: str = DAMAGED) -> Path | None:
        """The same for one that is to be read into a new one, until `end_mending`. Where the power or
        the room on the disk went before that, it is the file of then, and what was half made goes."""
        aside = self.half_mended()
        if aside:
            for ending in ENDINGS:
                Path(f"{self._path}{ending}").unlink(missing_ok=True)
            return aside
        aside = self._name_aside(why)
        if aside:
            part = self._path.with_name(f"{self._mending.name}.part")
            part.write_text(aside.name, encoding="utf-8")
            replace(part, self._mending)
            self._put_aside(aside)
        return aside

    def half_mended(self) -> Path | None:
        """The file that was set aside, where its mending was broken off. A log that went alone is put
        back."""
        with suppress(FileNotFoundError, ValueError):
            aside = self._path.with_name(self._mending.read_text(encoding="utf-8"))
            if aside.exists():
                return aside
            for ending in ("-wal", "-shm"):
                if Path(f"{aside}{ending}").exists():
                    Path(f"{aside}{ending}").rename(f"{self._path}{ending}")
        return None

    def end_mending(self) -> None:
        """On the disk before anything is written: mending again would forget what came since."""
        self._mending.unlink(missing_ok=True)
        to_disk(self._path.parent)

    def _name_aside(self, why: str) -> Path | None:
        log = Path(f"{self._path}-wal")
        if not any(part.exists() and part.stat().st_size for part in (self._path, log)):
            return None
        before = self._set_aside_for(why)
        return self._path.with_name(f"{self._path.stem}-{why}-{self._stamp(before)}.db")

    def _put_aside(self, aside: Path) -> None:
        # The log first: left alone beside another file it would be played into that one.
        for ending in ("-wal", "-shm", ""):
            part = Path(f"{self._path}{ending}")
            if part.exists():
                part.rename(f"{aside}{ending}")
        for old in self._set_aside_for(DAMAGED)[:-KEPT]:
            for ending in ENDINGS:
                Path(f"{old}{ending}").unlink(missing_ok=True)

    def _set_aside_for(self, why: str) -> list[Path]:
        return _in_order(self._path.parent.glob(f"{self._path.stem}-{why}-*.db"))

    def _copy(self, part: Path) -> None:
        with (
            closing(sqlite3.connect(part)) as target,
            closing(sqlite3.connect(address(self._path, "mode=ro"), uri=True)) as source,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
            if target.execute("SELECT 1 FROM sqlite_master WHERE name = 'queue'").fetchone():
                target.execute(NO_QUEUE)
                target.commit()
            check(target, "integrity_check")
            if not version_of(target):
                raise StoreDamaged(f"数据库 {self._path} 空了，没有可备份的。")

    def _named(self, kind: str = "*") -> list[Path]:
        return _in_order(self._folder.glob(f"{kind}-*.db"))

    def _stamp(self, before: Sequence[Path]) -> str:
        """The name's time, with a number higher than all earlier ones."""
        number = _made(before[-1])[0] + 1 if before else 1
        return f"{self._clock.now():{STAMP}}-{number}"


def made_at(copy: Path) -> datetime | None:
    """The station's time at which a copy was made; None for a name that is not ours."""
    with suppress(ValueError):
        return datetime.strptime(_made(copy)[1], STAMP)  # noqa: DTZ007 - local, only told
    return None


def check(connection: sqlite3.Connection, how: str = "quick_check") -> None:
    """Raises `StoreDamaged`. `quick_check` leaves the indexes out and takes half the time."""
    found = connection.execute(f"PRAGMA {how}(1)").fetchone()
    if found != ("ok",):
        raise StoreDamaged(f"数据库坏了（{found and found[0]}）。")


def version_of(connection: sqlite3.Connection) -> str:
    """The version of the tables; "" of a file that has none yet."""
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if "alembic_version" in names:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else VERSIONS[0]
    return VERSIONS[0] if names else ""


def version_of_sound(path: Path) -> str:
    """The same of a file that may be anything; "" if it is not sound."""
    try:
        with closing(sqlite3.connect(address(path, "mode=ro&immutable=1"), uri=True)) as connection:
            check(connection, "integrity_check")
            return version_of(connection)
    except (*FAILURES, StoreDamaged):
        return ""


def replace(part: Path, path: Path) -> None:
    """Rename a file into its place when all of it is on the disk."""
    to_disk(part)
    part.rename(path)
    to_disk(path.parent)


def to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _in_order(made: Iterable[Path]) -> list[Path]:
    return sorted(made, key=_made)


def _made(path: Path) -> tuple[int, str]:
    """Number and stamp; a name of before there were numbers has none, and is older than all."""
    found = MADE.search(path.stem)
    return (int(found[2] or 0), found[1]) if found else (0, "")
