"""The cache with ten thousand clips: looking one up, counting them at the start, checking, pruning.

scripts/bench cache [--clips 10000] [--rounds 5]
The clips are 0.1 s each, eight to a programme, in a temporary folder; their number is what costs. The
operating system has the folders in memory, as it has on a box that has been up for a while.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from broadcaster.audio.cache_check import check
from broadcaster.audio.cache_survey import prune, survey, total_size
from broadcaster.audio.clip_store import ClipStore
from broadcaster.audio.sound_file_writer import encode
from broadcaster.core.model import Clip, Item, Programme

RATE_HZ = 48_000
CLIPS_A_PROGRAMME = 8
LOOKED_UP = 2_000


def fill(store: ClipStore, count: int) -> tuple[list[str], list[str]]:
    """Clips past the store's own way, whose fsync would take minutes; names as random as digests."""
    chance = random.Random(7)
    noise = np.random.default_rng(7)
    clips, programmes = [], []
    for _ in range(count):
        key = f"{chance.getrandbits(160):040x}"
        path = store.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = noise.integers(-500, 500, RATE_HZ // 10, dtype=np.int16)
        path.write_bytes(encode(samples, RATE_HZ, "FLAC", title=key))
        clips.append(key)
    for start in range(0, count, CLIPS_A_PROGRAMME):
        key = f"{chance.getrandbits(128):032x}"
        names = clips[start : start + CLIPS_A_PROGRAMME]
        items = [Item(Clip(name, store.path(name), 0.1)) for name in names]
        store.keep_programme(key, Programme("baker:female", tuple(items)))
        programmes.append(key)
    return clips, programmes


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds by the clock, and of the processor."""
    started_at, busy_at = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - started_at) * 1000, (time.process_time() - busy_at) * 1000


def row(name: str, times: list[tuple[float, float]]) -> None:
    clock, processor = zip(*times, strict=True)
    print(
        f"| {name} | {statistics.median(clock):.3f} | {max(clock):.3f} | "
        f"{statistics.median(processor):.3f} |",
        flush=True,
    )


def measure(folder: Path, count: int, rounds: int) -> None:
    store = ClipStore(folder)
    clips, programmes = fill(store, count)
    asked = random.Random(1).sample(clips, min(LOOKED_UP, len(clips)))
    print(f"| {count} clips, {len(programmes)} programmes, ms | median | most | processor |")
    print("|---|---|---|---|")
    row("a clip that is there", [timed(partial(store.find, key)) for key in asked])
    row("a clip that is not", [timed(partial(store.find, key[::-1])) for key in asked])
    row(
        f"a programme of {CLIPS_A_PROGRAMME} clips",
        [timed(partial(store.find_programme, key)) for key in programmes[:LOOKED_UP]],
    )
    row("the count at the start", [timed(lambda: total_size(folder)) for _ in range(rounds)])
    row("the survey, every manifest read", [timed(lambda: survey(folder)) for _ in range(rounds)])
    row("check, every clip decoded", [timed(lambda: list(check(folder)))])
    less = int(0.9 * total_size(folder))
    row("prune by a tenth", [timed(lambda: prune(folder, less, set(), set(), 0.0))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name, "audio_cache"), arguments.clips, arguments.rounds)


if __name__ == "__main__":
    main()
