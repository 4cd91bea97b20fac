"""What every voice keeps to, real and fake."""

import numpy as np
import pytest
from fakes import FakeVoice
from rig.edge_service import EdgeService
from spoken import baker_folder, edge_voice, first_words, joined, line

from broadcaster.errors import LineRefused
from broadcaster.tts.baker import BakerVoice
from broadcaster.tts.voice import Voice


def edge(request: pytest.FixtureRequest) -> Voice:
    service: EdgeService = request.getfixturevalue("running_edge_service")
    service.reset()
    return edge_voice(request.getfixturevalue("tmp_path_factory").mktemp("edge"), service.connector)


VOICES = {
    "fake": lambda request: FakeVoice(),
    "baker": lambda request: BakerVoice(baker_folder(), threads=2),
    "edge": edge,
}


@pytest.fixture(scope="module", params=VOICES)
def voice(request: pytest.FixtureRequest) -> Voice:
    return VOICES[request.param](request)


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
    assert fast < usual < slow


def test_a_line_without_syllables_is_refused(voice: Voice) -> None:
    with pytest.raises(LineRefused):
        joined(voice.speak(line("")))


@pytest.mark.parametrize("make", VOICES.values(), ids=VOICES)
def test_closing_twice_is_fine(make, request: pytest.FixtureRequest) -> None:
    voice = make(request)
    voice.close()
    voice.close()
