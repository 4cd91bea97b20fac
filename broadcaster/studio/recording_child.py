"""A program that takes in one recording: decodes, trims and levels it, within limits of its own."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import soundfile

from broadcaster.audio.decode import RATE_HZ, decode
from broadcaster.core.errors import RecordingRefused
from broadcaster.studio.one_shot_child import report
from broadcaster.studio.recordings import LONGEST_SECONDS
from broadcaster.tts.base.loudness import levelled
from broadcaster.tts.recorded.voice import trimmed

SHORTEST_SECONDS = 0.3
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


if __name__ == "__main__":
    report(lambda: take(*map(Path, sys.argv[1:])), MOST_CPU_SECONDS)
