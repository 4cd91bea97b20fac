"""The clip cache gives back what it was given, and counts anything damaged as absent."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
from rig.damage import HARMS, Harm, flip_bit

from broadcaster.audio.clip_store import ClipStore, cannot_write
from broadcaster.audio.sound_file_writer import Pcm, write_clip
from broadcaster.core.errors import CacheUnwritable
from broadcaster.core.model import Clip, Item, Programme

KEY = "ab" + 38 * "0"
OTHER = "cd" + 38 * "1"


@pytest.fixture
def clip(store: ClipStore, noise: Callable[[int], Pcm]) -> Clip:
    return write_clip(store, KEY, noise(12_345), 48_000)


@pytest.fixture
def programme(store: ClipStore, clip: Clip, noise: Callable[[int], Pcm]) -> Programme:
    other = write_clip(store, OTHER, noise(480), 48_000)
    return Programme("baker:female", (Item(clip, 0.5), Item(other), Item(clip, 2.0)))


def test_a_clip_is_found_with_its_length(store: ClipStore, clip: Clip) -> None:
    assert store.find(KEY) == clip
    assert clip.seconds == 12_345 / 48_000
    assert clip.path.parts[-3:] == ("clips", "ab", f"{KEY}.flac")


def test_what_was_never_made_is_absent(store: ClipStore) -> None:
    assert store.find(KEY) is None
    assert store.find_programme(KEY) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"fLaC",
        b"RIFF" + 100 * b"\1",
        b"fLaC\x00\x00\x00\x22" + 100 * b"\0",
        b"fLaC\x04" + 99 * b"\1",
    ],
    ids=["empty", "cut", "other format", "unfinished", "no stream info"],
)
def test_a_damaged_clip_counts_as_absent_and_goes(store: ClipStore, clip: Clip, content: bytes) -> None:
    clip.path.write_bytes(content)
    assert store.find(KEY) is None
    assert not clip.path.exists()


def test_a_programme_comes_back_as_it_was_kept(store: ClipStore, programme: Programme) -> None:
    store.keep_programme(KEY, programme)
    assert store.find_programme(KEY) == programme
    assert store.find_programme(OTHER) is None


def test_a_programme_with_a_clip_missing_is_not_ready(store: ClipStore, programme: Programme) -> None:
    store.keep_programme(KEY, programme)
    store.path(OTHER).unlink()
    assert store.find_programme(KEY) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"voice": "x", "items": [1]}'])
def test_a_damaged_manifest_counts_as_absent_and_goes(
    store: ClipStore, programme: Programme, tmp_path: Path, content: bytes
) -> None:
    store.keep_programme(KEY, programme)
    [manifest] = tmp_path.rglob("*.json")
    manifest.write_bytes(content)
    assert store.find_programme(KEY) is None
    assert not manifest.exists()


def test_a_folder_that_cannot_be_made_is_said_in_one_sentence(
    tmp_path: Path, programme: Programme
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(CacheUnwritable, match=r"写不进去.*file/cache.*paths\.audio_cache"):
        ClipStore(tmp_path / "file" / "cache").keep_programme(KEY, programme)


def test_a_full_disk_is_called_full() -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert "磁盘满了" in str(cannot_write(Path("audio_cache"), full))


def test_an_error_while_making_leaves_nothing(store: ClipStore, tmp_path: Path) -> None:
    with pytest.raises(CacheUnwritable), store.making(store.path(KEY)) as unfinished:
        unfinished.write_bytes(b"half")
        raise OSError(errno.EIO, "card pulled")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_sweeping_takes_what_a_crash_left_and_nothing_else(
    store: ClipStore, clip: Clip, tmp_path: Path
) -> None:
    program = (
        "import os, sys; from pathlib import Path; from broadcaster.audio.clip_store import ClipStore\n"
        "store = ClipStore(Path(sys.argv[1]))\n"
        "with store.making(store.path('cdef')) as unfinished:\n"
        "    unfinished.write_bytes(b'half')\n"
        "    os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "audio_cache")], check=False)
    [leftover] = tmp_path.rglob(".*-*")
    with store.making(store.path(OTHER)) as ours:
        ours.write_bytes(b"being made")
        store.sweep()
        assert ours.exists()
    assert not leftover.exists()
    assert store.find(KEY) == clip


def test_sweeping_a_store_that_is_not_there_yet_is_nothing(store: ClipStore) -> None:
    store.sweep()
    assert store.find(KEY) is None


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
@pytest.mark.parametrize("place", [0.0005, 0.3, 0.999])
def test_a_clip_with_one_wrong_bit_anywhere_is_not_whole(
    store: ClipStore, clip: Clip, harm: Harm, place: float
) -> None:
    assert store.find_checked(clip.key) == clip
    if harm is flip_bit:
        flip_bit(clip.path, place)
    else:
        harm(clip.path)
    assert store.find_checked(clip.key) is None
    assert store.find(clip.key) is None, "also where it could not be removed"


def test_a_clip_that_was_made_again_is_found(store: ClipStore, clip: Clip) -> None:
    samples = soundfile.read(clip.path, dtype="int16")[0]
    flip_bit(clip.path)
    assert store.find_checked(clip.key) is None
    assert store.find_checked(write_clip(store, clip.key, samples, 48_000).key)


def test_what_is_no_clip_of_the_store_is_not_thrown_away(store: ClipStore, tmp_path: Path) -> None:
    recording = tmp_path / "recording.flac"
    recording.write_bytes(b"a voice")
    store.discard(recording)
    assert recording.exists()


def test_a_manifest_with_one_wrong_bit_is_not_gone_by(store: ClipStore, clip: Clip) -> None:
    store.keep_programme("abcd", Programme("fake:beep", (Item(clip, 0.5, "停水"),)))
    assert store.find_programme("abcd")
    (manifest,) = store.folder.glob("programmes/*/*.json")
    manifest.write_text(manifest.read_text().replace("0.5", "8.5"))
    assert store.find_programme("abcd") is None


def test_a_programme_may_lack_its_signal_and_no_other_clip(store: ClipStore, clip: Clip) -> None:
    signal = replace(clip, key="ff" * 20)
    store.keep_programme("abcd", Programme("fake:beep", (Item(signal), Item(clip))))
    assert store.find_programme("abcd") is None
    assert store.find_programme("abcd", lacking=signal.key) == Programme("fake:beep", (Item(clip),))
    assert store.find_programme("abcd", lacking=clip.key) is None
