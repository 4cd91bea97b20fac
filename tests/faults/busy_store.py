"""A program that accepts and ends airings as fast as it can, and tells each that it was promised."""

import itertools
import os
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from rig.stored import airing, entry

from broadcaster.core.clock import Clock
from broadcaster.core.model import Outcome
from broadcaster.store.store import open_store


def tell(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def main(path: Path, name: str) -> None:
    with open_store(path, Clock(ZoneInfo("Asia/Shanghai"))) as store:
        tell("ready")
        for number in itertools.count():
            one = airing(f"{name}-{number}", "停水" * (number % 50))
            assert store.queue.accept(one)
            tell(f"accepted {one.id}")
            store.queue.progress(one.id, 1, 3.0)
            if number % 3:
                assert store.journal.record(entry(one, Outcome.PLAYED))
                tell(f"ended {one.id}")
            if number % 40 == 39:
                store.database.backups.make("daily")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
