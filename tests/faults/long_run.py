"""A long run of faults: some worlds side by side; progress as it goes, one table at the end."""

import json
import shutil
import subprocess
import sys
import tempfile
import traceback
from argparse import ArgumentParser, Namespace
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path
from time import monotonic
from typing import Protocol, TypeVar

from faults.tally import Tally, table

T = TypeVar("T", bound=Tally)


@dataclass(frozen=True)
class Job:
    """A share of one kind, in a world and a process of its own."""

    kind: str
    seed: int
    first: int
    stop: int

    def __str__(self) -> str:
        return f"{self.kind.replace(' ', '-')}-{self.seed}-{self.first}"

    @property
    def words(self) -> list[str]:
        """For a command line."""
        return [self.kind, *map(str, (self.seed, self.first, self.stop))]

    @classmethod
    def add_to(cls, parser: ArgumentParser) -> None:
        parser.add_argument("kind")
        for name in ("seed", "first", "stop"):
            parser.add_argument(name, type=int)

    @classmethod
    def of(cls, parsed: Namespace) -> "Job":
        return cls(parsed.kind, parsed.seed, parsed.first, parsed.stop)


class World(Protocol[T]):
    """What a job is struck in."""

    books: T

    def close(self) -> None: ...


def books_of(job: Job, world: World[T], folder: Path, strike: Callable[[], None]) -> T:
    """Also in `folder`, and also when the world could not go on to its end."""
    try:
        strike()
    except Exception:
        world.books.note("broke", f"{job}: {traceback.format_exc()}")
    finally:
        world.close()
        world.books.write(folder / "books.json")
    return world.books


@dataclass(frozen=True)
class Suite:
    """Kinds of fault with their rounds, in all and in one world: so one that goes wrong spoils no
    others, and its books are soon known. `module` is the program that strikes one job in a folder and
    leaves `books.json` there; `prepare` makes what all worlds share.
    """

    program: str
    kinds: Mapping[str, tuple[int, int]]
    books: type[Tally]
    module: str
    job_seconds: float = 1800.0
    prepare: Callable[[Path], Sequence[str]] = lambda folder: ()

    def jobs(self, kinds: Sequence[str], seed: int, scale: float) -> Iterator[Job]:
        for kind in kinds:
            in_all, in_one = self.kinds[kind]
            rounds = ceil(in_all * scale)
            for first in range(0, rounds, in_one):
                yield Job(kind, seed, first, min(first + in_one, rounds))


def run(suite: Suite) -> int:
    """As the command line asks for it; 1 where something must not be."""
    asked = _parsed(suite)
    began = monotonic()
    folder = Path(asked.folder or tempfile.mkdtemp(prefix="faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    shared = suite.prepare(folder)
    books: dict[str, Tally] = defaultdict(suite.books, {kind: suite.books() for kind in asked.only})
    with ThreadPoolExecutor(asked.side_by_side) as workers:
        todo = suite.jobs(asked.only, asked.seed, asked.scale)
        running = {workers.submit(_strike, suite, job, shared, folder): job for job in todo}
        for done in as_completed(running):
            books[running[done].kind].add(done.result())
            _write(asked.figures, books, asked, monotonic() - began)
    return _tell(suite, books, folder, monotonic() - began)


def _parsed(suite: Suite) -> Namespace:
    parser = ArgumentParser(prog=suite.program, description=__doc__)
    parser.add_argument("--county", action="store_true", help="an office in place of a box")
    parser.add_argument("--seed", type=int, default=1, help="of what happens when")
    parser.add_argument("--scale", type=float, default=1.0, help="so much of the rounds of each kind")
    names = list(suite.kinds)
    parser.add_argument("--only", type=partial(_kinds, names), default=names, help=", ".join(names))
    parser.add_argument("--side-by-side", type=int, default=3, help="so many worlds at once")
    parser.add_argument("--figures", type=Path, help="also write them here, as JSON, after each world")
    parser.add_argument("--folder", help="where worlds are made; those with findings are left there")
    return parser.parse_args()


def _kinds(names: Sequence[str], written: str) -> list[str]:
    """By the beginning of their names."""
    wanted = [word.strip() for word in written.split(",")]
    return [kind for kind in names if kind.startswith(tuple(wanted))]


def _strike(suite: Suite, job: Job, shared: Sequence[str], folder: Path) -> Tally:
    mine = folder / f"{job}"
    mine.mkdir()
    command = [sys.executable, "-m", suite.module, *job.words, str(mine), *shared]
    try:
        subprocess.run(command, check=True, timeout=suite.job_seconds)
        books = suite.books.read(mine / "books.json")
    except (subprocess.SubprocessError, OSError) as error:
        books = suite.books()
        books.note("broke", f"{job}: {error}")
    if books.balanced:
        shutil.rmtree(mine)
    return books


def _write(path: Path | None, books: dict[str, Tally], asked: Namespace, seconds: float) -> None:
    if path:
        figures = {"seed": asked.seed, "scale": asked.scale, "seconds": round(seconds)}
        kinds = {kind: one.as_json() for kind, one in books.items()}
        path.write_text(json.dumps({**figures, "kinds": kinds}, ensure_ascii=False, indent=1))


def _tell(suite: Suite, books: dict[str, Tally], folder: Path, seconds: float) -> int:
    balanced = all(one.balanced for one in books.values())
    for one in books.values():
        for finding in one.findings:
            print(finding)
    print(table(suite.books, books))
    print(f"{seconds / 60:.0f} minutes; " + ("all balanced" if balanced else f"kept: {folder}"))
    if balanced:
        shutil.rmtree(folder)
    return 0 if balanced else 1
