"""What the studio keeps, stamps and lets go, with the real voice."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from rig.fakes import ManualClock

from broadcaster.core.model import Delivery, Made
from broadcaster.core.notice import Notice
from broadcaster.settings.schema import CacheSettings, LexiconSettings, PathSettings, Settings
from broadcaster.studio.studio import Studio

DUE = Notice("明天上午停水。", title="停水")
OTHER = Notice("明天上午停电。", title="停电")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    paths = PathSettings(audio_cache=tmp_path / "cache", state=tmp_path / "state")
    return Settings(paths=paths, cache=CacheSettings(limit_megabytes=10))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def studio(settings: Settings, clock: ManualClock) -> Iterator[Studio]:
    wrong = Notice("村民你好", voice="nobody:none")
    studio = Studio(settings, LexiconSettings(), clock, due=lambda: [wrong, DUE])
    yield studio
    studio.close()


def test_what_is_due_is_never_pruned_and_the_rest_is(studio: Studio) -> None:
    due, other = studio.programme(studio.settle(DUE)), studio.programme(studio.settle(OTHER))
    pruned = studio.house.prune(0)
    assert studio.find(studio.settle(DUE)) == due
    assert studio.find(studio.settle(OTHER)) is None
    assert (pruned.clips, pruned.programmes) == (1, 1)
    assert not other.items[-1].clip.path.exists()
    assert other.items[0].clip.path.exists(), "the chime, which both have"


def test_an_airing_stamps_its_programme_and_making_ahead_does_not(
    studio: Studio, settings: Settings, clock: ManualClock
) -> None:
    studio.programme(studio.settle(DUE))
    (manifest,) = settings.paths.audio_cache.glob("programmes/*/*.json")
    clock.advance(manifest.stat().st_mtime - clock.now().timestamp() + 7 * 86_400)
    assert studio.programme(studio.settle(DUE))
    assert manifest.stat().st_mtime < clock.now().timestamp()
    deliveries: list[Delivery] = []
    with studio.make(studio.settle(DUE), deliveries.append):
        assert isinstance(deliveries[-1], Made)
    assert manifest.stat().st_mtime == pytest.approx(clock.now().timestamp())


def test_what_is_on_the_air_is_not_pruned(studio: Studio) -> None:
    programme = studio.programme(studio.settle(OTHER))
    with studio.make(studio.settle(OTHER), lambda delivery: None):
        studio.house.prune(0)
        assert all(item.clip.path.exists() for item in programme.items)
