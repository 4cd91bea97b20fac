"""What every voice keeps to, real and fake."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rig.edge_service import EdgeService
from rig.fakes import FakeVoice
from rig.onsets import envelope, onset_near
from rig.spoken import baker_folder, edge_voice, first_words, joined, line, record
from rig.tiny_sherpa import make_kokoro, make_matcha, make_vits

from broadcaster.core.beat_timing import timing
from broadcaster.core.errors import LineRefused
from broadcaster.tts.baker.voice import BakerVoice
from broadcaster.tts.base.voice import Voice
from broadcaster.tts.espeak.voice import EspeakVoice
from broadcaster.tts.recorded.voice import RecordedVoice
from broadcaster.tts.sherpa.package import read_package
from broadcaster.tts.sherpa.voice import SherpaVoice

COUNTS = (1, 2, 7, 15, 30)


def recordings(folder: Path, request: pytest.FixtureRequest) -> RecordedVoice:
    """The contract's own lines, recorded."""
    folder.mkdir()
    for count in COUNTS:
        record(folder / f"{first_words(count).written}.wav", 0.25 * count)
    return RecordedVoice(folder)


def edge(folder: Path, request: pytest.FixtureRequest) -> Voice:
    service: EdgeService = request.getfixturevalue("running_edge_service")
    service.reset()
    return edge_voice(folder, service.connector)


MAKERS: dict[str, Callable[[Path, pytest.FixtureRequest], Voice]] = {
    "fake": lambda folder, _: FakeVoice(),
    "baker": lambda folder, _: BakerVoice(baker_folder(), threads=2),
    "edge": edge,
    "sherpa-vits": lambda folder, _: SherpaVoice(read_package(make_vits(folder)), 0, threads=1),
    "sherpa-matcha": lambda folder, _: SherpaVoice(read_package(make_matcha(folder)), 0, threads=1),
    "sherpa-kokoro": lambda folder, _: SherpaVoice(read_package(make_kokoro(folder)), 1, threads=1),
    "espeak": lambda folder, _: EspeakVoice(),
    "recorded": recordings,
}


@pytest.fixture(scope="module", params=MAKERS)
def voice(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Voice:
    return MAKERS[request.param](tmp_path_factory.mktemp("voices") / "mine", request)


def test_a_voice_tells_its_name_version_rate_and_level(voice: Voice) -> None:
    engine, _, name = voice.name.partition(":")
    assert engine and name and voice.version
    assert 8_000 <= voice.rate_hz <= 48_000
    assert -40 < voice.level_lufs < 0


@pytest.mark.parametrize("count", [1, 7, 30])
def test_pieces_are_sound_within_full_scale(voice: Voice, count: int) -> None:
    pieces = list(voice.speak(first_words(count)))
    assert any(len(piece.samples) for piece in pieces)
    for piece in pieces:
        assert piece.rate_hz == voice.rate_hz
        assert piece.samples.dtype == np.float32
        assert piece.samples.ndim == 1
        assert np.abs(piece.samples).max(initial=0.0) <= 1.0


@pytest.mark.parametrize("count", [2, 7, 30])
def test_the_length_fits_the_text(voice: Voice, count: int) -> None:
    seconds = len(joined(voice.speak(first_words(count)))) / voice.rate_hz
    assert 0.08 * count < seconds < 0.6 * count


def test_a_faster_pace_is_shorter(voice: Voice) -> None:
    slow, usual, fast = (len(joined(voice.speak(first_words(15), pace))) for pace in (0.8, 1.0, 1.25))
    if isinstance(voice, RecordedVoice):
        assert fast == usual == slow, "a recording keeps its own pace"
    else:
        assert fast < usual < slow


def test_a_line_on_beats_is_heard_on_the_first_of_them(voice: Voice) -> None:
    words = replace(first_words(7), beats=(2, 2, 2, 1))
    due = timing(words, 120)
    amplitude = envelope(joined(voice.speak_on_beats(words, due)), voice.rate_hz)
    assert onset_near(amplitude, due.onsets[0]) == pytest.approx(due.onsets[0], abs=0.04)


def test_a_line_without_syllables_is_refused(voice: Voice) -> None:
    with pytest.raises(LineRefused):
        joined(voice.speak(line("")))
    with pytest.raises(LineRefused):
        joined(voice.speak_on_beats(line(""), timing(replace(line(""), beats=(1,)), 120)))


def test_no_line_is_lost_when_they_are_arranged(voice: Voice) -> None:
    lines = [first_words(7), first_words(2)]
    written = "".join(each.written for each in voice.arrange(lines))
    assert written == "".join(each.written for each in lines)
