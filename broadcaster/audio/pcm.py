"""Arithmetic on mono 16-bit PCM in bytes. Pure Python, because numpy costs the sound child 20 MB."""

import functools
import struct
from array import array

SAMPLE_BYTES = 2
WAV_HEADER_BYTES = 44
_LARGEST_WAV = 0xFFFFFFFF - WAV_HEADER_BYTES


class Gain:
    """Scales PCM to a percentage of full scale; never above 100, so nothing can clip."""

    def __init__(self, percent: int) -> None:
        self._percent = percent
        positive = [round(sample * percent / 100) for sample in range(32768)]
        negative = [round(sample * percent / 100) for sample in range(-32768, 0)]
        self._scaled = array("h", positive + negative) if percent < 100 else array("h")

    def apply(self, pcm: bytes) -> bytes:
        """By a table of all samples, the negative ones at its end, where Python's indexes find them."""
        if self._percent >= 100:
            return pcm
        return array("h", map(self._scaled.__getitem__, array("h", pcm))).tobytes()


@functools.lru_cache(maxsize=4)
def volume_of(percent: int) -> Gain:
    """A table is 128 KB and 10 ms of work; a village uses few volumes."""
    return Gain(percent)


def wav_header(sound_bytes: int, rate_hz: int) -> bytes:
    """Of a mono WAV file of 16 bits. What is longer than its counters can say plays on all the same."""
    size = min(sound_bytes, _LARGEST_WAV)
    form = struct.pack("<IHHIIHH", 16, 1, 1, rate_hz, rate_hz * SAMPLE_BYTES, SAMPLE_BYTES, 16)
    chunks = b"WAVEfmt " + form + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", size + len(chunks)) + chunks


def ramp_up(pcm: bytes) -> bytes:
    """The same sound, coming evenly from silence to full level."""
    count = len(pcm) // SAMPLE_BYTES
    return array("h", (sample * n // count for n, sample in enumerate(array("h", pcm)))).tobytes()


def ramp_down(pcm: bytes) -> bytes:
    """The same sound, going evenly from full level to silence."""
    count = len(pcm) // SAMPLE_BYTES
    samples = enumerate(array("h", pcm))
    return array("h", (sample * (count - n) // count for n, sample in samples)).tobytes()
