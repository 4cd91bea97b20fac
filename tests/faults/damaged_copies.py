"""A stopped box's state, copied and damaged again and again: what starts, speaks, is kept and is told.

`PYTHONPATH=tests python -m faults.damaged_copies --rounds 5 --seed 1` prints a line for each kind.
"""

import os
import shutil
import sqlite3
import sys
import tempfile
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

from faults.one_line import one_line
from rig.fakes import FakeDevice, ManualClock
from rig.rig import wait_until
from rig.stored import DUE, airing, entry

from broadcaster.core.model import Outcome
from broadcaster.core.project_folders import SESSION_KEY
from broadcaster.playout.player import Player
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.length_estimate import estimated_lengths
from broadcaster.settings.schema import Settings
from broadcaster.station.durable_queue import DurableQueue, Endings
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.store import Store, open_store
from broadcaster.web.server.session_key import load_session_key

PAGE = 4096
BEFORE, SINCE, WAITING = 50, 510, 20
COLUMNS = ("copies", "start", "speak", "sound after", "lost rows", "altered", "told", "LOST IN SILENCE")

Damage = Callable[[Path, Random], None]


def make_state(folder: Path) -> Path:
    """With a daily backup, many lines since, and notices that wait."""
    state, clock = folder / "state", ManualClock(DUE)
    with open_store(state / DATABASE, clock) as store:
        store.journal.record(*(entry(airing(name, text_of(name))) for name in _names("before", BEFORE)))
        store.database.backups.make("daily")
        clock.advance(60)
        store.journal.record(*(entry(airing(name, text_of(name))) for name in _names("since", SINCE)))
        for name in _names("waits", WAITING):
            assert store.queue.accept(airing(name, text_of(name)))
    load_session_key(state / SESSION_KEY)
    return state


def text_of(name: str) -> str:
    return f"{name}：上游水库开闸放水，请一组的人马上上山，不要再去河边。" * 3


def _names(kind: str, count: int) -> list[str]:
    return [f"{kind}-{number}" for number in range(count)]


def _write(path: Path, place: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(content)


def zero_pages(count: int) -> Damage:
    def zero(state: Path, random: Random) -> None:
        path = state / DATABASE
        for page in random.sample(range(1, path.stat().st_size // PAGE), count):
            _write(path, page * PAGE, bytes(PAGE))

    return zero


def cut_off(state: Path, random: Random) -> None:
    path = state / DATABASE
    os.truncate(path, random.randrange(path.stat().st_size))


def spoil_header(state: Path, random: Random) -> None:
    _write(state / DATABASE, 0, random.randbytes(100))


def zero_all(state: Path, random: Random) -> None:
    path = state / DATABASE
    path.write_bytes(bytes(path.stat().st_size))


def spoil_backups_too(state: Path, random: Random) -> None:
    zero_pages(1)(state, random)
    for path in (state / "backups").glob("*.db"):
        _write(path, 0, random.randbytes(100))


def empty(state: Path, random: Random) -> None:
    (state / DATABASE).write_bytes(b"")


def flip_bit(state: Path, random: Random) -> None:
    path = state / DATABASE
    place = random.randrange(path.stat().st_size)
    _write(path, place, bytes([path.read_bytes()[place] ^ 1 << random.randrange(8)]))


def random_bytes(state: Path, random: Random) -> None:
    path = state / DATABASE
    _write(path, random.randrange(path.stat().st_size - 64), random.randbytes(64))


def garbage_log(state: Path, random: Random) -> None:
    (state / f"{DATABASE}-wal").write_bytes(random.randbytes(20_000))


def spoil_session_key(state: Path, random: Random) -> None:
    (state / SESSION_KEY).write_bytes(random.randbytes(7))


DAMAGES: dict[str, Damage] = {
    "one page zero": zero_pages(1),
    "eight pages zero": zero_pages(8),
    "cut off": cut_off,
    "header": spoil_header,
    "all zero": zero_all,
    "database and backups": spoil_backups_too,
    "empty": empty,
    "one bit": flip_bit,
    "64 random bytes": random_bytes,
    "garbage as log": garbage_log,
    "session key": spoil_session_key,
}


def judge(state: Path) -> Counter[str]:
    """Start on it twice, and air what waits."""
    counts = Counter({"copies": 1})
    clock = ManualClock(DUE)
    with open_store(state / DATABASE, clock) as store:
        counts["start"] = 1
        assert len(load_session_key(state / SESSION_KEY)) == 32
        lines = {row.airing_id: row for row in store.journal.each()}
        waits = {left.airing.id: left.airing.notice.text for left in store.queue.unfinished()}
        assert store.queue.accept(airing("asked after", text_of("asked after")))
        _air_all(store, clock, state.parent)
        aired = {row.airing_id: row for row in store.journal.each() if row.airing_id not in lines}
        ended = {name for name, row in aired.items() if row.outcome is Outcome.PLAYED}
        counts["speak"] = int({*waits, "asked after"} <= ended)
        told = bool(store.fault)
    failed = {name for name, row in aired.items() if row.outcome is Outcome.FAILED}
    texts = {name: row.text for name, row in lines.items()} | waits
    known = {*_names("before", BEFORE), *_names("since", SINCE), *_names("waits", WAITING)}
    lost = known - texts.keys() - failed
    counts["lost rows"] = len(lost)
    counts["altered"] = sum(texts[name] != text_of(name) for name in texts.keys() & known)
    counts["told"] = int(told or bool(failed))
    counts["LOST IN SILENCE"] = int(bool(lost) and not counts["told"])
    with closing(sqlite3.connect(state / DATABASE)) as connection:
        counts["sound after"] = int(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))
    with open_store(state / DATABASE, clock) as store:
        assert {row.airing_id for row in store.journal.each()} >= ended, "and nothing of it is gone"
    return counts


def _air_all(store: Store, clock: ManualClock, folder: Path) -> None:
    settings = Settings()
    rules = AirRules(settings, estimated_lengths(settings))
    endings = Endings(store.journal, rules)
    player = Player(one_line(folder), FakeDevice(), rules, endings.record, clock, store.queue.move)
    DurableQueue(store.queue, player, endings, clock).take_up()
    while player.air_next():
        pass
    wait_until(lambda: not store.queue.unfinished())


def damaged_copies(folder: Path, kind: str, rounds: int, seed: int) -> Counter[str]:
    """Of one kind, added up."""
    whole, total, random = make_state(folder / "whole"), Counter[str](), Random(f"{kind} {seed}")
    for number in range(rounds):
        copy = folder / f"{number}" / "state"
        shutil.copytree(whole, copy)
        DAMAGES[kind](copy, random)
        total += judge(copy)
    return total


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    total: Counter[str] = Counter()
    print(f"{'':22}", *(f"{column:>16}" for column in COLUMNS))
    for kind in DAMAGES:
        with tempfile.TemporaryDirectory() as folder:
            counts = damaged_copies(Path(folder), kind, asked.rounds, asked.seed)
        total += counts
        print(f"{kind:22}", *(f"{counts[column]:>16}" for column in COLUMNS), flush=True)
    print(f"{'all':22}", *(f"{total[column]:>16}" for column in COLUMNS))
    sys.exit(bool(total["LOST IN SILENCE"]))


if __name__ == "__main__":
    main()
