"""A line that the full cache refuses is still heard once, and is never remembered as kept."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from broadcaster.audio.clip_store import ClipStore
from broadcaster.audio.render_result import Keeping
from broadcaster.audio.sound_file_writer import Pcm
from broadcaster.core.errors import CacheUnwritable, LineRefused
from broadcaster.core.model import Item, Programme
from broadcaster.system.temporary_sounds import Spool

KEY = "ab" + 38 * "0"
RATE_HZ = 48_000

Sounds = Callable[[int], Pcm]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool((tmp_path / "spool",))


@pytest.fixture
def broken(tmp_path: Path) -> ClipStore:
    """A store whose folder is a file."""
    (tmp_path / "broken").write_text("a file where a folder should be")
    return ClipStore(tmp_path / "broken")


def test_what_the_cache_takes_is_kept_in_it(store: ClipStore, spool: Spool, noise: Sounds) -> None:
    keeping = Keeping(store, spool, job=1, live=True)
    clip = keeping.keep(KEY, noise(4_800), RATE_HZ)
    programme = Programme("baker:female", (Item(clip),))
    keeping.keep_programme(KEY, programme)
    assert (store.find(KEY), store.find_programme(KEY)) == (clip, programme)
    assert keeping.fault == ""


def test_a_live_line_that_the_cache_refuses_is_there_to_be_heard(
    broken: ClipStore, spool: Spool, noise: Sounds
) -> None:
    keeping, samples = Keeping(broken, spool, job=1, live=True), noise(4_800)
    clip = keeping.keep(KEY, samples, RATE_HZ)
    np.testing.assert_array_equal(soundfile.read(clip.path, dtype="int16")[0], samples)
    assert clip.seconds == 0.1
    assert keeping.find(KEY) == clip
    assert "写不进去" in keeping.fault
    spool.drop(1)
    assert not clip.path.exists()


def test_a_programme_with_a_line_that_is_not_kept_is_not_remembered(
    store: ClipStore, broken: ClipStore, spool: Spool, noise: Sounds
) -> None:
    keeping = Keeping(broken, spool, job=1, live=True)
    programme = Programme("baker:female", (Item(keeping.keep(KEY, noise(4_800), RATE_HZ)),))
    keeping.keep_programme(KEY, programme)
    assert broken.find_programme(KEY) is None


def test_what_is_made_ahead_is_refused_where_it_cannot_be_kept(
    broken: ClipStore, spool: Spool, noise: Sounds
) -> None:
    keeping = Keeping(broken, spool, job=1, live=False)
    with pytest.raises(CacheUnwritable, match="写不进去"):
        keeping.keep(KEY, noise(4_800), RATE_HZ)
    with pytest.raises(CacheUnwritable, match="写不进去"):
        keeping.keep_programme(KEY, Programme("baker:female", ()))
    assert not spool.folders[0].exists()


def test_silence_is_refused_by_the_spool_too(broken: ClipStore, spool: Spool) -> None:
    with pytest.raises(LineRefused):
        Keeping(broken, spool, job=1, live=True).keep(KEY, np.zeros(4_800, np.int16), RATE_HZ)


def test_a_piece_is_a_wav_to_be_read_at_once(store: ClipStore, spool: Spool, noise: Sounds) -> None:
    samples = noise(4_800)
    clip = Keeping(store, spool, job=7, live=True).piece((1, 2), samples, RATE_HZ)
    read, rate_hz = soundfile.read(clip.path, dtype="int16")
    assert (clip.path.name, clip.seconds, rate_hz) == ("7-1-2.wav", 0.1, RATE_HZ)
    np.testing.assert_array_equal(read, samples)


def test_a_piece_that_fits_nowhere_is_told(store: ClipStore, tmp_path: Path, noise: Sounds) -> None:
    (tmp_path / "spool").write_text("a file where a folder should be")
    with pytest.raises(CacheUnwritable, match="写不进去"):
        Keeping(store, Spool((tmp_path / "spool",)), job=1, live=True).piece((1, 1), noise(480), RATE_HZ)
