"""Writes mastered samples as sound files."""

import io
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from broadcaster.audio.clip_store import ClipStore
from broadcaster.core.errors import CacheUnwritable, LineRefused
from broadcaster.core.model import Clip
from broadcaster.system.flac_digest import sealed

Pcm = NDArray[np.int16]


def write_clip(
    store: ClipStore, key: str, samples: Pcm, rate_hz: int, may_be_silent: bool = False
) -> Clip:
    """Keep a line as 16-bit FLAC, whole or not at all, read back before it gets its name.

    Raises `LineRefused` for a line without sound (music may have a pause as long as a part of it),
    `CacheUnwritable` when it cannot be kept.
    """
    if not (may_be_silent or samples.any()):
        raise LineRefused("这一句没有做出声音来，请再试一次，或者换一个声音。")
    path = store.path(key)
    with store.making(path) as unfinished:
        unfinished.write_bytes(sealed(encode(samples, rate_hz, "FLAC", title=key)))
        _check(unfinished, samples, rate_hz)
    return Clip(key, path, len(samples) / rate_hz)


def encode(samples: Pcm, rate_hz: int, container: str, title: str = "") -> bytes:
    """A sound file of 16 bits, in memory: a full disk is then the plain OSError of a write, not an
    encoder's half file."""
    encoded = io.BytesIO()
    with soundfile.SoundFile(encoded, "w", rate_hz, 1, "PCM_16", format=container) as file:
        if title:
            file.title = title
        file.write(samples)
    return encoded.getvalue()


def _check(path: Path, samples: Pcm, rate_hz: int) -> None:
    try:
        read, read_rate_hz = soundfile.read(path, dtype="int16")
        same = read_rate_hz == rate_hz and np.array_equal(read, samples)
    except soundfile.LibsndfileError:
        same = False
    if not same:
        raise CacheUnwritable("刚存下的声音读回来不一样，存储卡可能坏了。请换一张卡，再试一次。")
