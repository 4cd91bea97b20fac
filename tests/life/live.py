"""`scripts/life`: lets one box live for so many days, and prints its books; 1 where they do not balance.

All of it is in a network and a file system of its own, where the kernel lets us have them: then nothing
but the loopback is there at every start, it can be taken away, and the box's disk is a small one.
"""

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random

from life.books import table
from life.faults import FAULTS, NIGHTS, Fault, full_disk, network_out, quiet_night
from life.world import CARD_MEGABYTES, EVENING, MORNING, Life, new_life

from broadcaster.core.notice import Severity

INSIDE = "LIFE_IS_APART"
APART = ("unshare", "--user", "--map-root-user", "--mount", "--net", "sh", "-c")
MOUNT = "ip link set lo up && mount -t tmpfs -o size={size}m card {card}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/life", description="One box that lives on.")
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=len(FAULTS), help="how many of them a day")
    parser.add_argument("--only", action="append", metavar="FAULT", help="this one and no other")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        possible = [fault for fault in FAULTS if not options.only or fault.__name__ in options.only]
        plan = deal(possible, options.seed, options.faults)
        return live(options.folder, options.days, options.seed, plan)
    with tempfile.TemporaryDirectory(prefix="life-") as folder:
        return _apart(Path(folder))


def live(folder: Path, days: int, seed: int, plan: Iterator[tuple[list[Fault], Fault]]) -> int:
    with new_life(folder, seed) as life:
        try:
            for _ in range(days):
                _one_day(life, *next(plan))
        except Exception:
            life.books.note(
                life.today, f"the life ended\n{traceback.format_exc()}{life.box.printed[-3000:]}"
            )
        finally:
            _tell(table(life.books.days))
            for sentence in life.books.wrong:
                _tell(sentence)
            _tell(f"seed {seed}: {len(life.books.wrong)} wrong")
        return int(bool(life.books.wrong))


def deal(faults: list[Fault], seed: int, a_day: int) -> Iterator[tuple[list[Fault], Fault]]:
    """Each day's faults in their order, and the night's: all come before one comes again."""
    random = Random(seed)
    possible = [
        fault for fault in faults if INSIDE in os.environ or fault not in (full_disk, network_out)
    ]
    hand: list[Fault] = []
    nights: list[Fault] = []
    while True:
        while len(hand) < a_day:
            hand += random.sample(possible, len(possible))
        nights = nights or random.sample((*NIGHTS, quiet_night), len(NIGHTS) + 1)
        today, hand = hand[:a_day], hand[a_day:]
        yield today, nights.pop()


def _one_day(life: Life, faults: list[Fault], night: Fault) -> None:
    life.today += 1
    began = time.monotonic()
    life.until(MORNING)
    life.start()
    wishes = [*(partial(life.ask, severity) for severity in Severity)]
    wishes += [partial(life.ask_by_pattern), partial(life.ask_by_recording)]
    events: list[Callable[[], object]] = [*wishes, *(partial(fault, life) for fault in faults)]
    names = [*("somebody asks" for _ in wishes), *(fault.__name__ for fault in faults)]
    order = life.random.sample(range(len(events)), len(events))
    for place, number in enumerate(order):
        started = time.monotonic()
        events[number]()
        _tell(f"day {life.today}: {names[number]} {time.monotonic() - started:.1f} s")
        if place == len(order) // 2:
            _rest_until_evening(life)
    day = life.close_day()
    _tell(f"day {life.today}: {life.box.status()['fault'] or 'no fault'}")
    life.box.stop()
    _tell(f"night {life.today}: {night.__name__}")
    night(life)
    for sentence in day.wrong:
        _tell(f"  {sentence}")
    _tell(f"day {life.today}: {time.monotonic() - began:.0f} s, {len(day.wrong)} wrong")


def _rest_until_evening(life: Life) -> None:
    """The machine is off over noon: the clock goes on."""
    life.settle()
    life.box.stop()
    life.until(EVENING)
    life.start()


def _tell(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def _apart(folder: Path) -> int:
    """The same once more, in a network and a file system of its own."""
    card = folder / "card"
    card.mkdir()
    again = [sys.executable, "-m", "life.live", "--folder", str(folder), *sys.argv[1:]]
    mount = MOUNT.format(size=CARD_MEGABYTES, card=card)
    apart = [*APART, f'{mount} && exec "$@"', "sh"]
    probe = os.spawnvp(os.P_WAIT, apart[0], [*apart, "true"])
    if probe:
        _tell("no network and no disk of its own here: these two faults are left out")
        return os.spawnvp(os.P_WAIT, again[0], again)
    return os.spawnvpe(os.P_WAIT, apart[0], [*apart, *again], {**os.environ, INSIDE: "yes"})


if __name__ == "__main__":
    sys.exit(main())
