"""A clip on disk is whole FLAC with every sample, or is not there."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from broadcaster.audio.clip_store import ClipStore
from broadcaster.audio.sound_file_writer import Pcm, write_clip
from broadcaster.core.errors import CacheUnwritable, LineRefused

KEY = "ab" + 38 * "0"


def test_a_clip_is_flac_of_16_bits_with_every_sample(
    store: ClipStore, noise: Callable[[int], Pcm]
) -> None:
    samples = noise(20_000)
    clip = write_clip(store, KEY, samples, 24_000)
    file = soundfile.info(clip.path)
    assert (file.format, file.subtype, file.samplerate, file.channels) == ("FLAC", "PCM_16", 24_000, 1)
    np.testing.assert_array_equal(soundfile.read(clip.path, dtype="int16")[0], samples)


@pytest.mark.parametrize("length", [0, 4_800])
def test_a_line_without_sound_is_never_kept(store: ClipStore, length: int) -> None:
    with pytest.raises(LineRefused, match="没有做出声音"):
        write_clip(store, KEY, np.zeros(length, np.int16), 48_000)
    assert store.find(KEY) is None


def test_a_clip_made_twice_is_still_one_clip(store: ClipStore, noise: Callable[[int], Pcm]) -> None:
    first, second = (write_clip(store, KEY, noise(4_800), 48_000) for _ in range(2))
    assert first == second == store.find(KEY)


def test_a_full_disk_leaves_no_half_clip(
    store: ClipStore,
    noise: Callable[[int], Pcm],
    disk_with_room: Callable[[int], AbstractContextManager[None]],
    tmp_path: Path,
) -> None:
    with pytest.raises(CacheUnwritable, match="写不进去"), disk_with_room(5_000):
        write_clip(store, KEY, noise(48_000), 48_000)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
