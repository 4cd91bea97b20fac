"""The survey counts the cache exactly, and chooses for removal only the sounds that were not aired
for longest.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broadcaster.audio.cache_survey import prune, survey, total_size
from broadcaster.audio.clip_store import ClipStore
from broadcaster.audio.sound_file_writer import Pcm, write_clip
from broadcaster.core.errors import CacheUnwritable
from broadcaster.core.model import Clip, Item, Programme

HOUR = 3600.0


class Shelf:
    """A store that is filled with programmes, each of its own age."""

    def __init__(self, store: ClipStore, noise: Callable[[int], Pcm]) -> None:
        self.store = store
        self._noise = noise

    def clip(self, name: str, at: float) -> Clip:
        clip = write_clip(self.store, name, self._noise(480), 48_000)
        os.utime(clip.path, (at, at))
        return clip

    def programme(self, name: str, aired_at: float, *clips: Clip) -> Path:
        self.store.keep_programme(name, Programme("baker:female", tuple(map(Item, clips))))
        path = self.store.folder / "programmes" / name[:2] / f"{name}.json"
        os.utime(path, (aired_at, aired_at))
        return path

    def names(self) -> set[str]:
        return {path.stem for path in self.store.folder.rglob("*") if path.is_file()}

    def prune(
        self, to_bytes: int = 0, kept: frozenset[str] = frozenset(), clips: frozenset[str] = frozenset()
    ) -> int:
        return prune(self.store.folder, to_bytes, kept, clips, leftovers_before=100 * HOUR).bytes_left


@pytest.fixture
def shelf(store: ClipStore, noise: Callable[[int], Pcm]) -> Shelf:
    return Shelf(store, noise)


def test_an_empty_cache_has_nothing_in_it(store: ClipStore) -> None:
    found = survey(store.folder)
    assert (found.clips, found.programmes, found.size, found.oldest) == ({}, (), 0, None)
    assert total_size(store.folder) == 0


def test_a_survey_counts_every_file_and_byte(shelf: Shelf) -> None:
    shelf.programme("aa", 7 * HOUR, shelf.clip("bb", HOUR), shelf.clip("cc", 2 * HOUR))
    (shelf.store.folder / "clips" / "stray").write_text("not of the cache")
    found = survey(shelf.store.folder)
    assert found.clips.keys() == {"bb", "cc"}
    assert [programme.clips for programme in found.programmes] == [{"bb", "cc"}]
    sizes = (path.stat().st_size for path in shelf.store.folder.glob("*/*/*"))
    assert found.size == total_size(shelf.store.folder) == sum(sizes)


def test_the_oldest_is_what_was_not_aired_for_longest(shelf: Shelf) -> None:
    chime = shelf.clip("cc", HOUR)
    shelf.programme("aa", 7 * HOUR, chime, shelf.clip("bb", 2 * HOUR))
    shelf.programme("ab", 5 * HOUR, chime, shelf.clip("dd", 3 * HOUR))
    assert survey(shelf.store.folder).oldest == datetime.fromtimestamp(5 * HOUR, UTC)


def test_what_was_aired_longest_ago_goes_first_with_its_clips(shelf: Shelf) -> None:
    old, new = shelf.clip("11", 9 * HOUR), shelf.clip("22", HOUR)
    shelf.programme("aa", 2 * HOUR, old)
    shelf.programme("bb", 3 * HOUR, new)
    size = total_size(shelf.store.folder)
    assert shelf.prune(size - 1) < size
    assert shelf.names() == {"bb", "22"}


def test_nothing_goes_while_the_size_is_right(shelf: Shelf) -> None:
    shelf.programme("aa", HOUR, shelf.clip("11", HOUR))
    shelf.clip("22", HOUR)
    size = total_size(shelf.store.folder)
    assert shelf.prune(size) == size
    assert shelf.names() == {"aa", "11", "22"}


def test_a_clip_that_another_programme_needs_stays(shelf: Shelf) -> None:
    shared = shelf.clip("11", HOUR)
    shelf.programme("aa", 2 * HOUR, shared, shelf.clip("22", HOUR))
    shelf.programme("bb", 3 * HOUR, shared)
    shelf.prune(total_size(shelf.store.folder) - 1)
    assert shelf.names() == {"bb", "11"}


def test_what_is_due_or_on_the_air_stays_however_small_the_cache_must_be(shelf: Shelf) -> None:
    due = shelf.programme("aa", HOUR, shelf.clip("11", HOUR))
    shelf.programme("bb", 2 * HOUR, shelf.clip("22", HOUR), shelf.clip("33", HOUR))
    left = shelf.prune(0, kept=frozenset({due.stem}), clips=frozenset({"22"}))
    assert shelf.names() == {"aa", "11", "22"}
    assert left == total_size(shelf.store.folder)


def test_leftovers_of_programmes_that_are_gone_go_before_all_else(shelf: Shelf) -> None:
    shelf.clip("11", 50 * HOUR)
    shelf.programme("aa", HOUR, shelf.clip("22", HOUR))
    shelf.prune(total_size(shelf.store.folder) - 1)
    assert shelf.names() == {"aa", "22"}


def test_a_clip_that_was_just_made_is_no_leftover(shelf: Shelf) -> None:
    shelf.clip("11", 101 * HOUR)
    shelf.prune(0)
    assert shelf.names() == {"11"}


@pytest.mark.parametrize("content", ["{", "[]", '{"items": [1]}', '{"items": 1}'])
def test_a_damaged_manifest_keeps_nothing_and_goes_in_its_turn(shelf: Shelf, content: str) -> None:
    manifest = shelf.programme("aa", HOUR, shelf.clip("11", HOUR))
    manifest.write_text(content)
    shelf.prune(0)
    assert shelf.names() == set()


def test_a_cache_that_cannot_be_changed_says_so(shelf: Shelf) -> None:
    clip = shelf.clip("11", HOUR)
    clip.path.unlink()
    # A folder is what even root cannot unlink as a file.
    clip.path.mkdir()
    os.utime(clip.path, (HOUR, HOUR))
    with pytest.raises(CacheUnwritable, match="写不进去"):
        shelf.prune(-1)
