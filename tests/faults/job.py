"""The program that strikes one world with a share of the faults, and writes its books."""

from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path

from faults.books import Books
from faults.campaigns import run
from faults.kinds import KINDS, strikes
from faults.long_run import Job, books_of
from faults.world import CLOCK, Tools, World, configure

TELL_EVERY = 5


def main() -> None:
    parser = ArgumentParser()
    Job.add_to(parser)
    for name in ("folder", "tools"):
        parser.add_argument(name)
    parser.add_argument("wordings", type=int)
    asked = parser.parse_args()
    tools = Tools(Path(asked.tools), asked.wordings)
    strike(Job.of(asked), tools, Path(asked.folder))


def strike(job: Job, tools: Tools, folder: Path) -> Books:
    world = World(folder / "world", tools, f"{job}")
    configure(world.village, **{name: dict(keys) for name, keys in KINDS[job.kind].settings})

    def tell(done: int) -> None:
        if done % TELL_EVERY == 0:
            wrong = len(world.books.findings)
            print(
                f"{datetime.now(CLOCK.zone):%H:%M:%S} {job}: {done} done, {wrong} findings", flush=True
            )

    return books_of(job, world, folder, lambda: run(world, strikes(job), tell))


if __name__ == "__main__":
    main()
