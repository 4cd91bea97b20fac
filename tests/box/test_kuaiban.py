"""Verses as they are aired: the real voice child, the real voice, and an ear for the beat."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import pytest
import soundfile
from rig.fakes import ManualClock
from rig.onsets import ALL_HZ, VOWELS_HZ, envelope, onset_near
from rig.verses import GREETINGS, STRAW, VISITS, WATER

from broadcaster.audio.clappers import LEAD_IN
from broadcaster.audio.clip_key import clappers_key
from broadcaster.audio.export import write_sound
from broadcaster.core.beat_timing import LEAD_SECONDS
from broadcaster.core.errors import TextRefused
from broadcaster.core.model import Delivery, Item, Programme, Ready, Script
from broadcaster.core.notice import Notice, Signal, Style
from broadcaster.settings.schema import LexiconSettings, PathSettings, Settings
from broadcaster.studio.studio import Studio

TOLERANCE = 0.04
LEAD_IN_BEATS, BETWEEN_BEATS = 8, 2


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("village")
    paths = PathSettings(audio_cache=folder / "cache", state=folder / "state")
    studio = Studio(Settings(paths=paths), LexiconSettings(), ManualClock())
    yield studio
    studio.close()


def kuaiban(text: str, tempo: int = 120) -> Notice:
    return Notice(text, style=Style.KUAIBAN, beats_per_minute=tempo, chime=Signal.NONE)


def line_beats(script: Script) -> list[int]:
    """On which beat of the recording each line begins, of a notice that is one verse."""
    beat, found = LEAD_IN_BEATS, []
    for line in script.lines:
        found.append(beat)
        beat += len(line.beats) + BETWEEN_BEATS
    return found


@pytest.mark.parametrize("tempo", [100, 120, 140])
@pytest.mark.parametrize(
    "verse",
    [VISITS, STRAW, *(pytest.param(more, marks=pytest.mark.slow) for more in (GREETINGS, WATER))],
)
def test_every_line_of_a_rendered_verse_is_heard_on_its_beat(
    studio: Studio, tmp_path: Path, verse: str, tempo: int
) -> None:
    notice = kuaiban(verse, tempo)
    write_sound(tmp_path / "verse.wav", studio.programme(studio.settle(notice)), 48_000)
    samples, rate_hz = soundfile.read(tmp_path / "verse.wav")
    due = [beat * 60 / tempo for beat in line_beats(studio.script(notice))]
    for band in (VOWELS_HZ, ALL_HZ):
        amplitude = envelope(samples, rate_hz, band)
        assert [onset_near(amplitude, moment) for moment in due] == pytest.approx(due, abs=TOLERANCE)


def test_clappers_strike_every_beat_of_the_lead_in(studio: Studio, tmp_path: Path) -> None:
    write_sound(tmp_path / "verse.wav", studio.programme(studio.settle(kuaiban(VISITS, 120))), 48_000)
    samples, rate_hz = soundfile.read(tmp_path / "verse.wav")
    amplitude = envelope(samples, rate_hz)
    struck = [onset_near(amplitude, beat * 0.5, 0.1) for beat in range(1, LEAD_IN_BEATS)]
    assert struck == pytest.approx([beat * 0.5 for beat in range(1, LEAD_IN_BEATS)], abs=0.01)


def starts(programme: Programme) -> list[float]:
    seconds, found = 0.0, []
    for item in programme.items:
        found.append(seconds)
        seconds += item.seconds
    return found


def test_the_programme_adds_up_to_whole_beats_without_the_players_help(studio: Studio) -> None:
    notice = kuaiban(GREETINGS, 100)
    programme = studio.programme(studio.settle(notice))
    assert all(item.pause_seconds >= 0 for item in programme.items)
    lines = starts(programme)[1::2]
    due = [beat * 0.6 - LEAD_SECONDS for beat in line_beats(studio.script(notice))]
    assert lines[:3] == pytest.approx(due, abs=0.001)


def test_a_live_verse_begins_with_the_clappers_while_its_first_line_is_made(studio: Studio) -> None:
    inbox: SimpleQueue[Delivery] = SimpleQueue()
    notice = kuaiban(WATER, 110)
    sounds: list[Item] = []
    with studio.make(studio.settle(notice), inbox.put):
        while isinstance(delivery := inbox.get(timeout=60), Ready):
            sounds.append(delivery.item)
    assert sounds[0].clip.key == clappers_key(110, LEAD_IN, 48_000)
    found = studio.find(studio.settle(notice))
    assert found is not None
    assert [sound.clip for sound in sounds] == [item.clip for item in found.items]


def test_prose_around_a_verse_is_spoken_as_prose(studio: Studio) -> None:
    notice = replace(kuaiban(f"乡亲们请注意，现在广播防火宣传。\n{STRAW}"), opening="注意了")
    script = studio.script(notice)
    beats = [bool(line.beats) for line in script.lines]
    assert beats == [False] * (len(beats) - 4) + [True] * 4


def test_in_style_verse_every_line_has_the_same_pause_and_no_clappers(studio: Studio) -> None:
    notice = Notice(VISITS.replace("\n", "") + GREETINGS, style=Style.VERSE, chime=Signal.NONE)
    programme = studio.programme(studio.settle(notice))
    assert len(programme.items) == 5
    assert len({item.pause_seconds for item in programme.items[:-1]}) == 1


@pytest.mark.parametrize("tempo", [99, 141, 0])
def test_a_tempo_that_nobody_can_strike_is_refused(studio: Studio, tempo: int) -> None:
    with pytest.raises(TextRefused, match="100 到 140"):
        studio.settle(kuaiban(WATER, tempo))


def test_style_and_tempo_make_other_programmes(studio: Studio) -> None:
    notices = [Notice(WATER), Notice(WATER, style=Style.VERSE), kuaiban(WATER), kuaiban(WATER, 130)]
    keys = {studio.settle(replace(each, chime=Signal.NONE)).key for each in notices}
    assert len(keys) == 4


def test_the_stations_tempo_is_taken_where_the_notice_has_none(studio: Studio) -> None:
    notice = replace(kuaiban(WATER), beats_per_minute=None)
    assert studio.settle(notice).notice.beats_per_minute == 120
    assert studio.settle(Notice(WATER)).notice.beats_per_minute is None
