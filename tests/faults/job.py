"""The program that strikes one world with a share of the faults, and writes its books."""

import sys
import traceback
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path

from faults.books import Books
from faults.campaigns import run
from faults.kinds import KINDS, strikes
from faults.long_run import Job
from faults.world import CLOCK, Tools, World, configure

TELL_EVERY = 5


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("kind")
    for name in ("seed", "first", "stop"):
        parser.add_argument(name, type=int)
    for name in ("folder", "tools"):
        parser.add_argument(name)
    parser.add_argument("wordings", type=int)
    asked = parser.parse_args()
    tools = Tools(Path(asked.tools), asked.wordings)
    strike(Job(asked.kind, asked.seed, asked.first, asked.stop), tools, Path(asked.folder))


def strike(job: Job, tools: Tools, folder: Path) -> Books:
    """Its books, also in `folder`, and also when the world could not go on to its end."""
    world = World(folder / "world", tools, f"{job}")
    configure(world.village, **{name: dict(keys) for name, keys in KINDS[job.kind].settings})

    def tell(done: int) -> None:
        if done % TELL_EVERY == 0:
            wrong = len(world.books.findings)
            print(
                f"{datetime.now(CLOCK.zone):%H:%M:%S} {job}: {done} done, {wrong} findings", flush=True
            )

    try:
        run(world, strikes(job), tell)
    except Exception:
        world.books.note("broke", f"{job}: {traceback.format_exc()}")
    finally:
        world.close()
        world.books.write(folder / "books.json")
    return world.books


if __name__ == "__main__":
    sys.exit(main())
