"""A lexicon that changes while the studio works, with the real voice child and the real voice."""

from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest
from rig.fakes import ManualClock

from broadcaster.core.errors import ConfigError
from broadcaster.core.model import Delivery, Made, Programme, Ready, RenderFailed
from broadcaster.core.notice import Notice, Signal
from broadcaster.settings.schema import LexiconSettings, PathSettings, Settings
from broadcaster.studio.studio import Studio

FAIR = Notice("各位乡亲请注意。\n石盆的瓜果明天进村。\n请带好零钱。", chime=Signal.NONE)
WATER = Notice("各位乡亲请注意。\n明天上午停水。", chime=Signal.NONE)
USUAL = LexiconSettings()
PENG = LexiconSettings(places={"石盆": "shi2 peng4"})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(paths=PathSettings(audio_cache=tmp_path / "cache", state=tmp_path / "state"))


@pytest.fixture
def studio(settings: Settings) -> Iterator[Studio]:
    studio = Studio(settings, USUAL, ManualClock())
    yield studio
    studio.close()


def made_at(settings: Settings) -> dict[str, int]:
    """Every clip, and when it was written."""
    clips = settings.paths.audio_cache.glob("clips/*/*.flac")
    return {path.stem: path.stat().st_mtime_ns for path in clips}


def keys(programme: Programme) -> list[str]:
    return [item.clip.key for item in programme.items]


def test_a_changed_entry_makes_again_exactly_the_clips_that_it_touches(
    studio: Studio, settings: Settings
) -> None:
    fair, water = (
        keys(studio.programme(studio.settle(FAIR))),
        keys(studio.programme(studio.settle(WATER))),
    )
    before = made_at(settings)
    studio.learn(PENG)
    assert studio.find(studio.settle(FAIR)) is None
    fair_now, water_now = (
        keys(studio.programme(studio.settle(FAIR))),
        keys(studio.programme(studio.settle(WATER))),
    )
    after = made_at(settings)
    assert water_now == water
    assert [old == new for old, new in zip(fair, fair_now, strict=True)] == [True, False, True]
    assert after.keys() - before.keys() == {fair_now[1]}
    assert {key: after[key] for key in before} == before


def test_an_entry_that_is_taken_back_finds_the_old_clips_again(
    studio: Studio, settings: Settings
) -> None:
    first = studio.programme(studio.settle(FAIR))
    studio.learn(PENG)
    studio.programme(studio.settle(FAIR))
    before = made_at(settings)
    studio.learn(USUAL)
    assert studio.programme(studio.settle(FAIR)) == first
    assert made_at(settings) == before


def test_the_child_that_is_up_reads_by_the_new_lexicon_at_once(studio: Studio) -> None:
    def said() -> str:
        (line,) = studio.script(Notice("石盆")).lines
        return " ".join(syllable.pinyin for syllable in line.syllables)

    assert said() == "shi2 pen2"
    child = studio.child_pid
    studio.learn(PENG)
    assert said() == "shi2 peng4"
    assert studio.child_pid == child


def test_what_is_being_made_by_the_old_lexicon_is_never_found_by_the_new(studio: Studio) -> None:
    deliveries: SimpleQueue[Delivery] = SimpleQueue()
    with studio.make(studio.settle(FAIR), deliveries.put):
        studio.learn(PENG)
        while isinstance(delivery := deliveries.get(timeout=60), Ready | RenderFailed):
            assert isinstance(delivery, Ready)
    assert isinstance(delivery, Made)
    assert studio.find(studio.settle(FAIR)) is None
    assert studio.programme(studio.settle(FAIR)) != delivery.programme


def test_a_wrong_lexicon_is_refused_and_the_old_one_stays(studio: Studio) -> None:
    key = studio.settle(FAIR).key
    with pytest.raises(ConfigError, match="乐亭"):
        studio.learn(LexiconSettings(places={"乐亭": "lao4"}))
    assert studio.settle(FAIR).key == key


def test_what_is_due_is_made_again_by_itself_after_a_change(settings: Settings) -> None:
    studio = Studio(settings, USUAL, ManualClock(), lambda: [FAIR])
    try:
        while studio.find(studio.settle(FAIR)) is None:
            studio.step()
        studio.learn(PENG)
        while studio.find(studio.settle(FAIR)) is None:
            studio.step()
    finally:
        studio.close()
