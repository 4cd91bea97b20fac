"""The long faults: all kinds, some worlds side by side; progress as it goes, one table at the end."""

import json
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from time import monotonic

from faults.books import Books, table
from faults.kinds import KINDS, Job, jobs
from faults.tools import make_tools
from faults.world import Tools

WORDINGS = 60
JOB_SECONDS = 1800


def main() -> int:
    asked = _parsed()
    began = monotonic()
    folder = Path(asked.folder or tempfile.mkdtemp(prefix="faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    tools = make_tools(folder / "tools", WORDINGS)
    books: dict[str, Books] = defaultdict(Books, {kind: Books() for kind in asked.only})
    with ThreadPoolExecutor(asked.side_by_side) as workers:
        todo = jobs(asked.only, asked.seed, asked.scale)
        running = {workers.submit(_strike, job, tools, folder): job for job in todo}
        for done in as_completed(running):
            books[running[done].kind].add(done.result())
            _write(asked.figures, books, asked, monotonic() - began)
    return _tell(books, folder, monotonic() - began)


def _parsed() -> Namespace:
    parser = ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of what happens when")
    parser.add_argument("--scale", type=float, default=1.0, help="so much of the rounds of each kind")
    parser.add_argument("--only", type=_kinds, default=list(KINDS), help=", ".join(KINDS))
    parser.add_argument("--side-by-side", type=int, default=3, help="so many worlds at once")
    parser.add_argument("--figures", type=Path, help="also write them here, as JSON, after each world")
    parser.add_argument("--folder", help="where worlds are made; those with findings are left there")
    return parser.parse_args()


def _kinds(written: str) -> list[str]:
    """By the beginning of their names."""
    wanted = [word.strip() for word in written.split(",")]
    return [kind for kind in KINDS if kind.startswith(tuple(wanted))]


def _strike(job: Job, tools: Tools, folder: Path) -> Books:
    mine = folder / f"{job}"
    mine.mkdir()
    numbers = map(str, (job.seed, job.first, job.stop, tools.wordings))
    command = [sys.executable, "-m", "faults.job", job.kind, mine, tools.folder, *numbers]
    try:
        subprocess.run(command, check=True, timeout=JOB_SECONDS)
        books = Books.read(mine / "books.json")
    except (subprocess.SubprocessError, OSError) as error:
        books = Books()
        books.note("broke", f"{job}: {error}")
    if books.balanced:
        shutil.rmtree(mine)
    return books


def _write(path: Path | None, books: dict[str, Books], asked: Namespace, seconds: float) -> None:
    if path:
        figures = {"seed": asked.seed, "scale": asked.scale, "seconds": round(seconds)}
        kinds = {kind: one.as_json() for kind, one in books.items()}
        path.write_text(json.dumps({**figures, "kinds": kinds}, ensure_ascii=False, indent=1))


def _tell(books: dict[str, Books], folder: Path, seconds: float) -> int:
    balanced = all(one.balanced for one in books.values())
    for one in books.values():
        for finding in one.findings:
            print(finding)
    print(table(books))
    print(f"{seconds / 60:.0f} minutes; " + ("all balanced" if balanced else f"kept: {folder}"))
    if balanced:
        shutil.rmtree(folder)
    return 0 if balanced else 1


if __name__ == "__main__":
    sys.exit(main())
