"""A notice is settled once, and anew only when the lexicon or its voice has changed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rig.counted_text import CountedText
from rig.fakes import ManualClock
from rig.rig import wait_until
from rig.spoken import record

from broadcaster.core.notice import Notice, Signal
from broadcaster.settings.schema import LexiconSettings, PathSettings, Settings, StationSettings
from broadcaster.studio.studio import Studio
from broadcaster.system.thread_loop import ThreadLoop

LOOKS = 100


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A voice that is there at once."""
    voices, cache, state = tmp_path / "voices", tmp_path / "cache", tmp_path / "state"
    paths = PathSettings(voices=voices, audio_cache=cache, state=state)
    station = StationSettings(voice="espeak:cmn", stand_ins=("espeak:cmn",))
    return Settings(station=station, paths=paths)


class Slots:
    """Two slots of a day, and how often the studio has looked through them."""

    def __init__(self) -> None:
        self.texts = [CountedText("明天上午停水。"), CountedText("请提前储水。")]
        self.notices = [Notice(text, chime=Signal.NONE) for text in self.texts]
        self.looks = 0

    def ahead(self) -> Iterator[Notice]:
        self.looks += 1
        yield from self.notices


@pytest.fixture
def slots() -> Slots:
    return Slots()


@pytest.fixture
def studio(settings: Settings, slots: Slots) -> Iterator[Studio]:
    studio = Studio(settings, LexiconSettings(), ManualClock(), slots.ahead)
    yield studio
    studio.close()


def test_a_slot_is_settled_once_however_often_the_studio_looks_through_the_day(
    studio: Studio, slots: Slots
) -> None:
    def looked_often_enough() -> bool:
        studio.wake()
        made = all(studio.find(studio.settle(notice)) for notice in slots.notices)
        return made and slots.looks >= LOOKS

    with ThreadLoop("studio", studio.step, studio.wake):
        wait_until(looked_often_enough, 120)
        studio.learn(LexiconSettings(words={"停水": "ting1 shui2"}))
        slots.looks = 0
        wait_until(looked_often_enough, 120)
    assert [text.settled for text in slots.texts] == [1, 1]


def test_a_notice_is_the_same_as_long_as_nothing_that_it_is_made_from_changes(studio: Studio) -> None:
    notice = Notice("明天上午停水。")
    settled = studio.settle(notice)
    assert studio.settle(notice) is settled
    assert studio.settle_accepted(notice) is settled
    assert settled.notice.repeats == 1 and settled.notice.chime is Signal.CHIME
    assert studio.settle(replace(notice, repeats=2)).key != settled.key


def test_another_lexicon_gives_another_key_and_the_old_one_the_old(studio: Studio) -> None:
    notice = Notice("明天上午停水。")
    key = studio.settle(notice).key
    studio.learn(LexiconSettings(words={"停水": "ting1 shui2"}))
    assert studio.settle(notice).key != key
    studio.learn(LexiconSettings())
    assert studio.settle(notice).key == key


def test_a_voice_that_has_changed_gives_another_key(studio: Studio, settings: Settings) -> None:
    folder = settings.paths.voices / "recorded" / "grandma"
    folder.mkdir(parents=True)
    record(folder / "停水.wav", 1.0)
    notice = Notice("停水", voice="recorded:grandma")
    before = studio.settle(notice)
    record(folder / "来水.wav", 1.5)
    after = studio.settle(notice)
    assert (before.voice, before.notice) == (after.voice, after.notice)
    assert before.key != after.key


def test_what_was_accepted_is_spoken_by_another_voice_when_its_own_is_gone(studio: Studio) -> None:
    settled = studio.settle_accepted(Notice("明天上午停水。", voice="espeak:nobody"))
    assert (settled.notice.voice, settled.voice) == ("espeak:nobody", "espeak:cmn")


def test_where_no_voice_is_a_notice_has_no_key_and_is_not_found(settings: Settings) -> None:
    station = StationSettings(voice="espeak:nobody", stand_ins=())
    alone = Studio(settings.model_copy(update={"station": station}), LexiconSettings(), ManualClock())
    settled = alone.settle_accepted(Notice("明天上午停水。"))
    assert (settled.voice, settled.key) == ("", "")
    assert alone.find(settled) is None
    alone.close()


def test_a_station_without_its_own_voice_prepares_in_the_one_that_speaks(settings: Settings) -> None:
    station = StationSettings(voice="espeak:nobody", stand_ins=("espeak:cmn",))
    alone = Studio(settings.model_copy(update={"station": station}), LexiconSettings(), ManualClock())
    notice = Notice("明天上午停水。", chime=Signal.NONE)
    for made in (True, False):
        (prepared,) = alone.prepare([notice])
        assert (prepared.problem, prepared.made) == ("", made)
    alone.close()
