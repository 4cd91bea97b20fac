"""The booth with the real voice: words, a drill, a verse and a recording as a village will hear them."""

import io
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from county.county_office import a_draft, changed
from county.test_office_recordings import spoken
from rig.village import Village

from broadcaster.bulletin.bulletin import BulletinKind
from broadcaster.core.errors import BroadcasterError
from broadcaster.core.notice import Style
from broadcaster.county.notices.draft import Draft
from broadcaster.county.notices.preview import OfficePreviews
from broadcaster.county.notices.recordings import RecordingStore
from broadcaster.county.office.office_process import open_previews, settings_of_preview
from broadcaster.settings.schema import Settings
from broadcaster.system.last_good_settings import LAST_GOOD

WORDS = a_draft("今天下午停水。", title="停水", areas=("331121",), repeats=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("booth")


@pytest.fixture(scope="module")
def previews(folder: Path) -> Iterator[OfficePreviews]:
    with open_previews(
        *settings_of_preview(Village(folder, {}).folder)[:2], folder / "office"
    ) as opened:
        yield opened


def seconds(previews: OfficePreviews, draft: Draft) -> float:
    """Of what is heard, whose size was told before."""
    token = previews.start(draft)
    heard = previews.hear(token)
    assert heard and previews.version_of(token) == draft.version
    content = b"".join(heard.sound)
    assert len(content) == heard.size
    with wave.open(io.BytesIO(content)) as sound:
        assert 2 * sound.getframerate() == previews.bytes_a_second
        seconds: float = sound.getnframes() / sound.getframerate()
    return seconds


def test_words_are_heard_with_signal_and_opening_and_a_drill_says_that_it_is_one(
    previews: OfficePreviews,
) -> None:
    once, twice = seconds(previews, WORDS), seconds(previews, changed(WORDS, repeats=2))
    drill = changed(WORDS, kind=BulletinKind.DRILL)
    assert 3 < once < twice and seconds(previews, drill) > once + 3
    spoken_lines = [line.spoken for line in previews.script(drill).lines]
    assert spoken_lines[0].startswith("演练") and "演练" in spoken_lines[-1]


def test_a_verse_has_its_rhymes(previews: OfficePreviews) -> None:
    verse = changed(WORDS, text="秸秆焚烧害处大，\n污染空气人人骂。", style=Style.VERSE)
    [judged] = previews.rhymes(previews.script(verse))
    assert judged["scheme"] == "AA"


def test_a_recording_is_heard_and_has_no_words(previews: OfficePreviews, folder: Path) -> None:
    sound = RecordingStore(folder / "office").take([spoken(3)], "讲话")
    recorded = changed(WORDS, text="", sound=sound)
    assert seconds(previews, recorded) > 2.5 and not previews.script(recorded).lines


def test_a_voice_that_is_not_here_is_stood_in_for_and_words_that_are_none_are_refused(
    previews: OfficePreviews,
) -> None:
    assert seconds(previews, changed(WORDS, voice="edge:xiaoxiao")) > 3
    assert "baker:female" in [voice.name for voice in previews.voices()]
    with pytest.raises(BroadcasterError):
        previews.start(changed(WORDS, text="！！"))


@pytest.mark.parametrize("damaged", [bytes(400), b"", b"station: [", b"station: {nam: x}"])
def test_damaged_settings_of_the_preview_keep_no_office_away(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "broadcaster.yaml").write_bytes(damaged)
    settings, _, told = settings_of_preview(tmp_path)
    assert settings == Settings() and str(tmp_path) in told and "发通知和取消照常" in told
    (tmp_path / LAST_GOOD).mkdir()
    (tmp_path / LAST_GOOD / "broadcaster.yaml").write_text("station: {name: 县里}\n", encoding="utf-8")
    assert settings_of_preview(tmp_path)[0].station.name == "县里"
    (tmp_path / "broadcaster.yaml").write_text("station: {name: 好了}\n", encoding="utf-8")
    settings, _, told = settings_of_preview(tmp_path)
    assert (settings.station.name, told) == ("好了", "")
