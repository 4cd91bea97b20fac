"""The program that strikes one county with a share of one kind of fault, and writes its books."""

import signal
import sys
import traceback
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

from faults.county_books import CountyTally
from faults.county_enrolments import enrolments
from faults.county_kills import kills
from faults.county_races import races
from faults.county_restores import restores
from faults.county_world import CountyWorld
from faults.long_run import Job

Campaign = Callable[[CountyWorld, int], None]
CAMPAIGNS: dict[str, Campaign] = {
    "kills": kills,
    "restores": restores,
    "races": races,
    "enrolments": enrolments,
}


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("kind")
    for name in ("seed", "first", "stop"):
        parser.add_argument(name, type=int)
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    # Whoever ends it early leaves none of its programs behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    strike(Job(asked.kind, asked.seed, asked.first, asked.stop), asked.folder)


def strike(job: Job, folder: Path) -> CountyTally:
    """Its books, also in `folder`, and also when the world could not go on to its end."""
    world = CountyWorld(folder / "world", f"{job}")
    try:
        world.make()
        CAMPAIGNS[job.kind](world, job.stop - job.first)
    except Exception:
        world.books.note("broke", f"{job}: {traceback.format_exc()}")
    finally:
        world.close()
        world.books.write(folder / "books.json")
    return world.books


if __name__ == "__main__":
    sys.exit(main())
