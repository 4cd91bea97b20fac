"""The store beside plain sqlite3 with the same promises: time for one change, for ten thousand, memory.

scripts/bench store [--count 10000] [--single 500] [--folder F]
The plain side does the same statements, without the ledger's thread, SQLAlchemy or the values of the
project. A folder on the disk of interest may be given.
"""

import argparse
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil
from rig.stored import airing, entry
from sqlalchemy import func, select

from broadcaster.core.clock import Clock
from broadcaster.core.model import Airing
from broadcaster.store.database import tables
from broadcaster.store.database.airing_json import write_airing
from broadcaster.store.store import open_store

COUNT = select(func.count()).select_from(tables.queue)
TEXT = "明天上午八点到十一点停水，请大家提前储水。"
PLAIN = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE queue (number INTEGER PRIMARY KEY, airing_id TEXT UNIQUE, airing TEXT, seconds REAL);
CREATE TABLE journal (number INTEGER PRIMARY KEY, airing_id TEXT UNIQUE, airing TEXT);
"""
ACCEPT = "INSERT OR IGNORE INTO queue VALUES (NULL, ?, ?, 0)"
PROGRESS = "UPDATE queue SET seconds = ? WHERE airing_id = ?"
RECORD = "INSERT OR IGNORE INTO journal VALUES (NULL, ?, ?)"
REMOVE = "DELETE FROM queue WHERE airing_id = ?"

Figures = dict[str, float]


def seconds_of(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def measure_ours(folder: Path, airings: list[Airing], single: int) -> Figures:
    with open_store(folder / "ours.db", Clock(ZoneInfo("Asia/Shanghai"))) as store:
        few, many = airings[:single], airings[single:]

        def note_progress() -> None:
            for one in few:
                store.queue.progress(one.id, 1, 2.0)

        def record_few() -> None:
            for one in few:
                store.journal.record(entry(one))

        figures = {
            "accept": seconds_of(lambda: [store.queue.accept(one) for one in few]),
            "progress": seconds_of(note_progress),
            "record": seconds_of(record_few),
        }

        def accept_many() -> None:
            for one in many:
                store.queue.accept(one, wait=False)
            while store.database.read(COUNT)[0][0] < len(many):
                time.sleep(0.001)

        figures["accept many"] = seconds_of(accept_many)
        figures["unfinished"] = seconds_of(store.queue.unfinished)
        figures["the last 20 lines"] = seconds_of(lambda: store.journal.recent(20))
    return figures


def measure_plain(folder: Path, airings: list[Airing], single: int) -> Figures:
    connection = sqlite3.connect(folder / "plain.db", isolation_level=None)
    connection.executescript(PLAIN)
    run = connection.execute
    few, many = airings[:single], [(one.id, write_airing(one)) for one in airings[single:]]
    texts = {one.id: write_airing(one) for one in few}

    def record(one: Airing) -> None:
        run("BEGIN")
        run(RECORD, (one.id, texts[one.id]))
        run(REMOVE, (one.id,))
        run("COMMIT")

    def accept_many() -> None:
        run("BEGIN")
        connection.executemany(ACCEPT, many)
        run("COMMIT")

    def record_few() -> None:
        for one in few:
            record(one)

    figures = {
        "accept": seconds_of(lambda: [run(ACCEPT, (one.id, texts[one.id])) for one in few]),
        "progress": seconds_of(lambda: [run(PROGRESS, (2.0, one.id)) for one in few]),
        "record": seconds_of(record_few),
        "accept many": seconds_of(accept_many),
        "unfinished": seconds_of(lambda: run("SELECT * FROM queue").fetchall()),
        "the last 20 lines": seconds_of(
            lambda: run("SELECT * FROM journal ORDER BY number DESC LIMIT 20").fetchall()
        ),
    }
    connection.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--single", type=int, default=500)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    airings = [airing(f"a{n}", TEXT) for n in range(arguments.count + arguments.single)]
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        plain = measure_plain(Path(name), airings, arguments.single)
        before = psutil.Process(os.getpid()).memory_info().rss
        ours = measure_ours(Path(name), airings, arguments.single)
        grown = (psutil.Process(os.getpid()).memory_info().rss - before) / 1e6
    print("| | ours, ms | plain sqlite3, ms | ratio |\n|---|---|---|---|")
    for what, seconds in ours.items():
        of = arguments.single if what in ("accept", "progress", "record") else 1
        print(
            f"| {what} | {1000 * seconds / of:.3f} | {1000 * plain[what] / of:.3f} "
            f"| {seconds / plain[what]:.1f} |"
        )
    print(f"\nMemory that {arguments.count} waiting airings and their reading took: {grown:.1f} MB")


if __name__ == "__main__":
    main()
