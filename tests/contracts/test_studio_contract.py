"""A studio, its previews and its export jobs keep the same promises as the fakes of the tests."""

from dataclasses import replace

import pytest

from broadcaster.core.errors import TextRefused
from broadcaster.core.notice import Notice
from broadcaster.settings.schema import LexiconSettings
from broadcaster.station.station_contract import StationContract
from broadcaster.studio.export_jobs import Track
from broadcaster.studio.studio_contract import StudioContract

PLAIN, OTHER = LexiconSettings(), LexiconSettings(words={"停水": "ting1 shui3"})
UNKNOWN = "a" * 20


def test_a_sample_is_a_clip_that_is_found(studio: StudioContract, notice: Notice) -> None:
    programme = studio.sample(notice, PLAIN)
    for item in programme.items:
        found = studio.find_clip(item.clip.key)
        assert found and found.path.exists()
    assert studio.find_clip(UNKNOWN) is None


def test_the_same_words_by_the_same_lexicon_are_the_same_clip(studio: StudioContract) -> None:
    notice = Notice("停水", opening="", closing="")
    same = [studio.sample(notice, PLAIN).items[-1].clip.key for _ in range(2)]
    assert same[0] == same[1] != studio.sample(notice, OTHER).items[-1].clip.key


def test_a_word_is_read_as_the_lexicon_says(studio: StudioContract) -> None:
    notice = Notice("停水", opening="", closing="")
    [line] = studio.script(notice, OTHER).lines
    assert [syllable.pinyin for syllable in line.syllables] == ["ting1", "shui3"]


def test_a_text_without_anything_to_say_is_refused(studio: StudioContract) -> None:
    nothing = Notice("！！", opening="", closing="")
    with pytest.raises(TextRefused):
        studio.script(nothing)
    with pytest.raises(TextRefused):
        studio.sample(nothing, PLAIN)


def test_a_studio_that_learned_and_was_warmed_speaks_on(studio: StudioContract, notice: Notice) -> None:
    studio.learn(OTHER)
    studio.warm()
    assert studio.script(notice).lines
    names = [entry.name for entry in studio.voices()]
    assert len(set(names)) == len(names) > 0


def test_a_preview_is_heard_by_its_token_as_long_as_it_says(
    station: StationContract, notice: Notice
) -> None:
    token = station.rehearsals.start(notice)
    heard = station.rehearsals.hear(token)
    assert heard and len(b"".join(heard.sound)) == heard.size
    other = station.rehearsals.start(replace(notice, text="明天停电。"))
    assert other != token
    assert station.rehearsals.hear(UNKNOWN) is None
    assert station.rehearsals.seconds(UNKNOWN) is None


def test_prose_has_no_rhymes_to_judge(station: StationContract, notice: Notice) -> None:
    assert station.rehearsals.rhymes(station.script(notice)) == []


def test_an_order_is_found_by_its_id_and_named_after_its_track(
    station: StationContract, notice: Notice
) -> None:
    copy = station.copies.order([Track("停水", (notice,))])
    assert (copy.file_name, copy.tracks) == ("停水.mp3", 1)
    found = station.copies.find(copy.id)
    assert found and found.id == copy.id
    assert station.copies.order([Track("停水", (notice,))]).id == copy.id
    assert station.copies.find(UNKNOWN) is None
    assert station.copies.file(UNKNOWN) is None


def test_several_tracks_come_in_one_zip(station: StationContract, notice: Notice) -> None:
    copy = station.copies.order([Track("一", (notice,)), Track("二", (notice,))], zipped=True)
    assert (copy.file_name, copy.tracks) == ("广播.zip", 2)
