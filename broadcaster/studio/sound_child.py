"""A program that measures one sound file, within limits of its own: `python -m … FILE NAME`."""

import hashlib
import json
import os
import resource
import sys
from dataclasses import asdict
from pathlib import Path

from broadcaster.audio.sound_files.measure import measure
from broadcaster.core.errors import SoundRefused
from broadcaster.system.child_process import be_the_first_out_of_memory

MOST_MEMORY = 2_000_000_000
# Twelve hours are decoded in 5 minutes of processor time on x86-64, a Raspberry Pi 4 takes 4 times that.
MOST_CPU_SECONDS = 1800


def examine(path: Path, name: str) -> dict[str, object]:
    """The digest of its bytes and its facts. Raises `SoundRefused`."""
    facts = measure(path, name)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16))
    return {"key": digest.hexdigest(), "facts": asdict(facts)}


def main() -> None:
    os.nice(10)
    be_the_first_out_of_memory()
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_SECONDS, MOST_CPU_SECONDS))
    path, name = sys.argv[1:]
    try:
        told = examine(Path(path), name)
    except SoundRefused as error:
        told = {"problem": str(error)}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
