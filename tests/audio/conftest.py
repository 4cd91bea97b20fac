"""What the tests of clips share: a store, and sounds to put into it."""

import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest

from broadcaster.audio.clip_store import ClipStore
from broadcaster.audio.sound_file_writer import Pcm


@pytest.fixture
def store(tmp_path: Path) -> ClipStore:
    return ClipStore(tmp_path / "audio_cache")


@pytest.fixture
def noise() -> Callable[[int], Pcm]:
    """As many samples as asked for, never the same twice, the same every run."""
    generator = np.random.default_rng(7)
    return lambda length: generator.integers(-9000, 9000, length, dtype=np.int16)


@pytest.fixture
def disk_with_room() -> Callable[[int], AbstractContextManager[None]]:
    """The kernel refuses to make any file longer than so many bytes, as a full disk would."""

    @contextmanager
    def limited(length: int) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (length, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited
