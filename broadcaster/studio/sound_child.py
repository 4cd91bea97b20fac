"""A program that measures one sound file, within limits of its own: `python -m … FILE NAME`."""

import hashlib
import sys
from dataclasses import asdict
from pathlib import Path

from broadcaster.audio.sound_files.measure import measure
from broadcaster.studio.one_shot_child import report
from broadcaster.studio.sound_library import key_digest

# Twelve hours are decoded in 5 minutes of processor time on x86-64, a Raspberry Pi 4 takes 4 times that.
MOST_CPU_SECONDS = 1800


def examine(path: Path, name: str) -> dict[str, object]:
    """The digest of its bytes and its facts. Raises `SoundRefused`."""
    facts = measure(path, name)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, key_digest)
    return {"key": digest.hexdigest(), "facts": asdict(facts)}


if __name__ == "__main__":
    report(lambda: examine(Path(sys.argv[1]), sys.argv[2]), MOST_CPU_SECONDS)
