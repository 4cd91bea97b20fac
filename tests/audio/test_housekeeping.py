"""The cache is kept under its limit without losing a sound that is due, on the air or a signal."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rig.fakes import ManualClock

from broadcaster.audio.cache_cleanup import Housekeeping
from broadcaster.audio.cache_survey import total_size
from broadcaster.audio.clip_store import ClipStore
from broadcaster.audio.sound_file_writer import Pcm, write_clip
from broadcaster.core.model import Clip, Delivery, Item, Programme, Ready
from broadcaster.settings.schema import CacheSettings, Settings

# A limit of less than a megabyte is nothing that a person may set.
LIMIT = 10_000
FRACTION: Any = LIMIT / 1e6
SETTINGS = Settings(cache=CacheSettings.model_construct(limit_megabytes=FRACTION))
CHIME = "cc" + 38 * "0"


class Village:
    """A store, what is due in it, and what keeps it within its limit."""

    def __init__(self, store: ClipStore, noise: Callable[[int], Pcm], clock: ManualClock) -> None:
        self.store, self.clock, self.due = store, clock, set[str]()
        self._noise = noise
        self.house = Housekeeping(store, SETTINGS, lambda: self.due, {CHIME}, clock)

    def fill(self, name: str, days_ago: float) -> Clip:
        """A programme of one clip, 4 kB in all."""
        clip = write_clip(self.store, name, self._noise(2_000), 48_000)
        self.store.keep_programme(name, Programme("baker:female", (Item(clip),)))
        moment = self.clock.now().timestamp() - days_ago * 86_400
        for path in self.files(name):
            os.utime(path, (moment, moment))
        return clip

    def files(self, name: str) -> list[Path]:
        return list(self.store.folder.glob(f"*/*/{name}.*"))

    def there(self) -> str:
        return "".join(sorted(path.stem[0] for path in self.store.folder.glob("programmes/*/*")))


@pytest.fixture
def village(store: ClipStore, noise: Callable[[int], Pcm]) -> Village:
    return Village(store, noise, ManualClock())


def test_a_cache_within_its_limit_is_left_alone(village: Village) -> None:
    village.fill("a0", 300)
    village.fill("b0", 200)
    village.house.tidy()
    assert village.there() == "ab"


def test_a_cache_over_its_limit_is_brought_under_it(village: Village) -> None:
    for days, name in enumerate(("a0", "b0", "c0", "d0")):
        village.fill(name, days)
    village.house.tidy()
    assert village.there() == "ab"
    assert total_size(village.store.folder) <= LIMIT


def test_it_is_counted_again_only_when_enough_was_made(village: Village) -> None:
    village.house.tidy()
    for name in ("a0", "b0", "c0"):
        village.fill(name, 1)
    village.house.tidy()
    assert village.there() == "abc"
    village.house.note_rendered(1, "")
    village.house.tidy()
    assert village.there() != "abc"


def test_what_is_due_stays_and_is_not_gone_through_every_second(village: Village) -> None:
    names = ["a0", "b0", "d0", "e0"]
    for name in names:
        village.fill(name, 1)
    village.due.update(names)
    village.house.tidy()
    assert village.there() == "abde"
    village.due.clear()
    village.house.tidy()
    assert village.there() == "abde"
    village.clock.advance(601)
    village.house.tidy()
    assert len(village.there()) == 2


def test_what_is_on_the_air_stays_until_its_end(village: Village) -> None:
    sounding, heard = village.fill("a0", 9), list[Delivery]()
    ready = Ready(Item(sounding), 1)
    with village.house.on_air(heard.append) as deliver:
        deliver(ready)
        village.house.prune(0)
        assert sounding.path.exists()
    assert heard == [ready]
    village.clock.advance(4_000)
    village.house.prune(0)
    assert not sounding.path.exists()


def test_the_chime_stays(village: Village) -> None:
    chime = village.fill(CHIME, 1000)
    village.house.prune(0)
    assert chime.path.exists()


def test_an_airing_is_stamped_forward_and_not_every_time(village: Village) -> None:
    village.fill("a0", 1)
    (manifest,) = village.store.folder.glob("programmes/*/*")

    def stamped() -> float:
        village.house.aired("a0")
        return manifest.stat().st_mtime - village.clock.now().timestamp()

    assert stamped() == pytest.approx(0)
    village.clock.advance(599)
    assert stamped() == pytest.approx(-599)
    village.clock.advance(-3_600)
    assert stamped() > 0
    village.house.aired("never made")


def test_a_cache_that_cannot_be_written_is_a_fault_until_it_can(village: Village) -> None:
    folder = village.store.folder
    folder.write_text("a file where a folder should be")
    village.house.note_rendered(0, "磁盘写不进去")
    assert village.house.fault == "磁盘写不进去"
    village.house.tidy()
    assert str(folder) in village.house.fault
    folder.unlink()
    village.house.tidy()
    assert village.house.fault
    village.clock.advance(5)
    village.house.tidy()
    assert village.house.fault == ""


def test_the_next_programme_that_is_kept_ends_the_fault(village: Village) -> None:
    village.house.note_rendered(0, "磁盘写不进去")
    village.house.note_rendered(3, "")
    assert village.house.fault == ""


def test_a_command_that_made_nothing_looks_for_nothing_at_its_end(village: Village) -> None:
    for name in ("a0", "b0", "c0"):
        village.fill(name, 1)
    village.house.close()
    assert village.there() == "abc"
    village.house.note_rendered(1, "")
    village.house.close()
    assert len(village.there()) == 2


def test_a_step_returns_when_a_programme_was_made(village: Village) -> None:
    village.house.note_rendered(1, "")
    village.house.step()
    village.house.wake()
    village.house.step()
