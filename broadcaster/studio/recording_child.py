"""A program that takes in one recording: decodes, trims and levels it, within limits of its own."""

import hashlib
import json
import os
import resource
import sys
from pathlib import Path

import numpy as np
import soundfile

from broadcaster.audio.decode import RATE_HZ, decode
from broadcaster.core.errors import RecordingRefused
from broadcaster.studio.recordings import LONGEST_SECONDS
from broadcaster.system.child_process import be_the_first_out_of_memory
from broadcaster.tts.base.loudness import levelled
from broadcaster.tts.recorded.voice import trimmed

SHORTEST_SECONDS = 0.3
MOST_MEMORY = 2_000_000_000
MOST_CPU_SECONDS = 80


def take(sent: Path, decoded: Path) -> dict[str, object]:
    """Write the recording as it will be mastered; its key and seconds. Raises `RecordingRefused`."""
    samples = decode(sent, LONGEST_SECONDS)
    if not np.abs(samples).max(initial=0.0) > 0.001:
        raise RecordingRefused("录音里没有声音，请靠近手机再录一遍。")
    sound = levelled(trimmed(samples, RATE_HZ), RATE_HZ)
    if len(sound) < SHORTEST_SECONDS * RATE_HZ:
        raise RecordingRefused("录音太短了，请再录一遍。")
    soundfile.write(decoded, sound, RATE_HZ, "PCM_16", format="FLAC")
    key = hashlib.blake2b(sound.tobytes(), digest_size=16).hexdigest()
    return {"key": key, "seconds": len(sound) / RATE_HZ}


def main() -> None:
    os.nice(10)
    be_the_first_out_of_memory()
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_SECONDS, MOST_CPU_SECONDS))
    sent, decoded = map(Path, sys.argv[1:])
    try:
        told = take(sent, decoded)
    except RecordingRefused as error:
        told = {"problem": str(error)}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
