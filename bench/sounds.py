"""A sound file on its way to the air: what it costs, how soon it begins, and the room it takes.

scripts/bench sounds [--minutes 10] [--long-minutes 120]
An MP3 of 128 kbit/s, made by ffmpeg of noise and tones, is measured, then mastered in parts and kept, as
the voice process does it; a second one of `--long-minutes` shows whether memory grows with the length.
ffmpeg alone decodes the first to nothing, beside it. Each runs in a process of its own.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from broadcaster.audio.clip_store import ClipStore
from broadcaster.audio.mastering_preset import HORN
from broadcaster.audio.sound_file_writer import write_clip
from broadcaster.audio.sound_files.measure import measure
from broadcaster.audio.sound_files.parts import sound_parts

RATE_HZ = 48_000
SOUND = (
    "anoisesrc=color=pink:amplitude=0.2:r=44100[a];aevalsrc=0.2*sin(2*PI*(300+100*floor(mod(t\\,5)))*t)"
)
MIXED = f"{SOUND}:s=44100[b];[a][b]amix"
MEGABYTE = 1_000_000


def encoded(path: Path, minutes: float) -> Path:
    source = ["-f", "lavfi", "-i", MIXED, "-t", str(60 * minutes), "-ac", "2"]
    command = ["ffmpeg", "-v", "error", *source, "-c:a", "libmp3lame", "-b:a", "128k", str(path)]
    subprocess.run(command, check=True)
    return path


def processor_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def most_memory() -> int:
    """Bytes. Not getrusage's, which begins with those of the process that started this one."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def make(path: Path, cache: Path) -> dict[str, float]:
    """The figures of one file, in this process."""
    before = processor_seconds()
    facts = measure(path)
    measured, started_at, first_at = processor_seconds(), time.perf_counter(), 0.0
    store = ClipStore(cache)
    for number, part in enumerate(sound_parts(path, facts, RATE_HZ, HORN)):
        if part is not None:
            write_clip(store, f"{number:040x}", part, RATE_HZ, may_be_silent=True)
            first_at = first_at or time.perf_counter()
    minutes = facts.seconds / 60
    kept = sum(clip.stat().st_size for clip in cache.rglob("*.flac"))
    return {
        "minutes": minutes,
        "measuring, processor s/min": (measured - before) / minutes,
        "making, processor s/min": (processor_seconds() - measured) / minutes,
        "first part, s": first_at - started_at,
        "memory at most, MB": most_memory() / MEGABYTE,
        "cache, MB/h": kept / MEGABYTE / minutes * 60,
    }


def ffmpeg_alone(path: Path, minutes: float) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    shape = ["-ac", "1", "-ar", str(RATE_HZ), "-f", "s16le", os.devnull]
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-threads", "1", "-i", str(path), *shape], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / minutes


def row(path: Path, cache: Path) -> None:
    command = [sys.executable, "-m", "bench.sounds", "--make", str(path), str(cache)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    print(" | ".join(f"{name} {value:.2f}" for name, value in told.items()), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--long-minutes", type=float, default=120)
    parser.add_argument("--make", nargs=2, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.make:
        print(json.dumps(make(*arguments.make)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        short = encoded(folder / "short.mp3", arguments.minutes)
        row(short, folder / "short")
        row(encoded(folder / "long.mp3", arguments.long_minutes), folder / "long")
        print(f"ffmpeg alone, processor s/min: {ffmpeg_alone(short, arguments.minutes):.2f}")


if __name__ == "__main__":
    main()
