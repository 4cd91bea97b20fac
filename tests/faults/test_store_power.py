"""The store when the process is killed or the power goes, at moments that nobody chose."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

import pytest
from rig.fakes import ManualClock

from broadcaster.core.project_folders import PROJECT_FOLDER
from broadcaster.store.database import tables
from broadcaster.store.database.station_database import Database
from broadcaster.store.store import open_store

HERE = Path(__file__).parent
SEARCHED = os.pathsep.join(map(str, (PROJECT_FOLDER, HERE.parent)))


class BusyStore:
    """The program `busy_store`, and what it told so far."""

    def __init__(self, path: Path, name: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, HERE / "busy_store.py", path, name],
            env={**os.environ, "PYTHONPATH": SEARCHED},
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout
        self._told = self.process.stdout
        assert self._told.readline() == b"ready\n"
        os.set_blocking(self._told.fileno(), False)

    def told(self) -> list[list[str]]:
        """What was promised since the last call."""
        return [line.split() for line in (self._told.read() or b"").decode().splitlines()]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.kill()
        self._told.close()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Nothing of it moves meanwhile: its files are as a power cut would leave them."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


class Promised:
    """All that was promised, to be held against a database."""

    def __init__(self) -> None:
        self.accepted: set[str] = set()
        self.ended: set[str] = set()

    def add(self, lines: list[list[str]]) -> None:
        for what, name in lines:
            (self.accepted if what == "accepted" else self.ended).add(name)

    def check(self, path: Path) -> None:
        with closing(Database(path, ManualClock())) as database:
            assert database.note == ""
            waiting = [row.airing_id for row in database.read(tables.queue.select())]
            over = [row.airing_id for row in database.read(tables.journal.select())]
        assert len(waiting) + len(over) == len({*waiting, *over})
        assert self.accepted <= {*waiting, *over}
        assert self.ended <= {*over}


def chance(rng: random.Random) -> None:
    """Let a random time pass, up to 0.25 s; most are short, for much happens at the beginning."""
    Event().wait(0.25 * rng.random() ** 2)


def test_killed_at_any_moment_every_airing_ends_once(tmp_path: Path, fault_rounds: int) -> None:
    rng, promised, path = random.Random(), Promised(), tmp_path / "state" / "broadcaster.db"
    for number in range(fault_rounds):
        with closing(BusyStore(path, str(number))) as busy:
            chance(rng)
            busy.kill()
            promised.add(busy.told())
        promised.check(path)
    assert promised.ended


@pytest.mark.parametrize("torn", [False, True])
def test_a_copy_taken_at_any_moment_holds_what_was_promised(
    tmp_path: Path, fault_rounds: int, torn: bool
) -> None:
    rng, promised, path = random.Random(), Promised(), tmp_path / "state" / "broadcaster.db"
    with closing(BusyStore(path, "a")) as busy:
        for number in range(fault_rounds):
            chance(rng)
            copy = tmp_path / f"copy{number}" / path.name
            copy.parent.mkdir()
            with busy.stopped():
                promised.add(busy.told())
                for ending in ("", "-wal"):
                    if Path(f"{path}{ending}").exists():
                        shutil.copy(f"{path}{ending}", f"{copy}{ending}")
            if torn:
                with Path(f"{copy}-wal").open("ab") as log:
                    log.write(rng.randbytes(rng.randrange(1, 5_000)))
            promised.check(copy)
    assert promised.accepted


def test_killed_while_it_migrates_a_file_is_old_or_new_and_whole(tmp_path: Path) -> None:
    rng, path = random.Random(), tmp_path / "broadcaster.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE account (number INTEGER PRIMARY KEY, name, password_hash)")
        connection.execute("INSERT INTO account VALUES (1, '王秀英', 'hash')")
        connection.commit()
    old = path.read_bytes()
    for _ in range(5):
        path.write_bytes(old)
        migration = subprocess.Popen(
            [sys.executable, "-m", "broadcaster.store.database.migrate", path],
            env={**os.environ, "PYTHONPATH": SEARCHED},
        )
        Event().wait(0.4 + 0.8 * rng.random())
        migration.kill()
        migration.wait()
        with open_store(path, ManualClock()) as store:
            assert not store.accounts.needs_account()
            assert store.database.note == ""
