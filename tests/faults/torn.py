"""Copies of a box's files as a power cut may leave them."""

import shutil
from pathlib import Path
from random import Random

from broadcaster.store.database.tables import DATABASE

LOG, INDEX = f"{DATABASE}-wal", f"{DATABASE}-shm"
MOST_GARBAGE_BYTES = 5_000


def torn_copy(state: Path, copy: Path, random: Random, synced: int) -> None:
    """In random file order; the log's end that was not synced is kept, cut or garbage, and so is its
    index, which SQLite never syncs."""
    copy_files(state, copy, random)
    tear(copy, random, synced)


def copy_files(state: Path, copy: Path, random: Random) -> None:
    copy.mkdir(mode=0o700)
    files = [path for path in state.rglob("*") if path.is_file()]
    random.shuffle(files)
    for path in files:
        target = copy / path.relative_to(state)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy2(path, target)


def tear(copy: Path, random: Random, synced: int) -> None:
    log, index = copy / LOG, copy / INDEX
    if log.exists():
        content = log.read_bytes()
        kept = random.randint(min(synced, len(content)), len(content))
        garbage = random.randbytes(random.choice((0, random.randrange(1, MOST_GARBAGE_BYTES))))
        log.write_bytes(content[:kept] + garbage)
    if index.exists():
        match random.choice(("kept", "gone", "garbage")):
            case "gone":
                index.unlink()
            case "garbage":
                index.write_bytes(random.randbytes(index.stat().st_size))
