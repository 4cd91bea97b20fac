"""The check of the cache finds every damaged or stray file, removes it and tells of it, and touches
nothing sound.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from broadcaster.audio.cache_check import check
from broadcaster.audio.clip_store import ClipStore
from broadcaster.audio.sound_file_writer import Pcm, encode, write_clip
from broadcaster.core.model import Clip, Item, Programme

KEY, OTHER = "ab" + 38 * "0", "cd" + 38 * "1"


@pytest.fixture
def clips(store: ClipStore, noise: Callable[[int], Pcm]) -> list[Clip]:
    return [write_clip(store, key, noise(20_000), 48_000) for key in (KEY, OTHER)]


def problems(store: ClipStore) -> dict[str, str]:
    return {each.path.stem: each.problem for each in check(store.folder) if each.problem}


def keep(store: ClipStore, *clips: Clip) -> Path:
    key = "ef" + 30 * "0"
    store.keep_programme(key, Programme("baker:female", tuple(map(Item, clips))))
    return store.folder / "programmes" / "ef" / f"{key}.json"


def test_what_was_made_is_right(store: ClipStore, clips: list[Clip]) -> None:
    keep(store, *clips)
    assert [each.problem for each in check(store.folder)] == ["", "", ""]
    assert list(check(store.folder / "nowhere")) == []


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def change_digest(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[30] ^= 1
    path.write_bytes(content)


def silence(path: Path) -> None:
    path.write_bytes(encode(np.zeros(480, np.int16), 48_000, "FLAC", title=path.stem))


def replace_by_another(path: Path) -> None:
    shutil.copy(path.parent.parent / OTHER[:2] / f"{OTHER}.flac", path)


def without_title(path: Path) -> None:
    samples, rate_hz = soundfile.read(path, dtype="int16")
    path.write_bytes(encode(samples, rate_hz, "FLAC"))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (flip, "读不出声音来"),
        (halve, "读不出声音来"),
        (change_digest, "声音和做好的时候不一样"),
        (silence, "没有声音"),
        (replace_by_another, "名字和里面写的不一样"),
        (without_title, "名字和里面写的不一样"),
    ],
)
def test_a_broken_clip_is_told_and_goes_and_the_others_stay(
    store: ClipStore, clips: list[Clip], harm: Callable[[Path], None], told: str
) -> None:
    harm(clips[0].path)
    assert problems(store) == {KEY: told}
    assert not clips[0].path.exists()
    assert store.find(OTHER) == clips[1]


def test_a_clip_on_the_wrong_shelf_would_never_be_found(store: ClipStore, clips: list[Clip]) -> None:
    clips[0].path.rename(clips[1].path.parent / clips[0].path.name)
    assert "名字不对" in problems(store)[KEY]


def test_a_programme_whose_clip_is_broken_goes_with_it(store: ClipStore, clips: list[Clip]) -> None:
    manifest = keep(store, *clips)
    flip(clips[0].path)
    assert problems(store).keys() == {KEY, manifest.stem}
    assert not manifest.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"voice": 1, "items": []}'])
def test_a_damaged_programme_is_told_and_goes(store: ClipStore, clips: list[Clip], content: str) -> None:
    manifest = keep(store, *clips)
    manifest.write_text(content)
    assert problems(store) == {manifest.stem: "读不出来"}
    assert not manifest.exists()


def test_what_is_none_of_ours_is_told_and_goes(store: ClipStore, clips: list[Clip]) -> None:
    stray = clips[0].path.with_name("notes.txt")
    stray.write_text("not a clip")
    assert problems(store) == {"notes": "名字不对，不是这里做的"}
    assert not stray.exists()
