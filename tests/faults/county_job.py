"""The program that strikes one county with a share of one kind of fault, and writes its books."""

import signal
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

from faults.county_books import CountyTally
from faults.county_enrolments import enrolments
from faults.county_kills import kills
from faults.county_races import races
from faults.county_restores import restores
from faults.county_world import CountyWorld
from faults.long_run import Job, books_of

Campaign = Callable[[CountyWorld, int], None]
CAMPAIGNS: dict[str, Campaign] = {
    "kills": kills,
    "restores": restores,
    "races": races,
    "enrolments": enrolments,
}


def main() -> None:
    parser = ArgumentParser()
    Job.add_to(parser)
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    # Whoever ends it early leaves none of its programs behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    strike(Job.of(asked), asked.folder)


def strike(job: Job, folder: Path) -> CountyTally:
    world = CountyWorld(folder / "world", f"{job}")

    def make_and_strike() -> None:
        world.make()
        CAMPAIGNS[job.kind](world, job.stop - job.first)

    return books_of(job, world, folder, make_and_strike)


if __name__ == "__main__":
    main()
