"""What every voice keeps to, real and fake."""

from dataclasses import replace

import numpy as np
import pytest
from fakes import FakeVoice
from onsets import envelope, onset_near
from spoken import baker_folder, first_words, joined, line

from broadcaster.beat import timing
from broadcaster.errors import LineRefused
from broadcaster.tts.baker import BakerVoice
from broadcaster.tts.voice import Voice


@pytest.fixture(scope="module", params=["fake", "baker"])
def voice(request: pytest.FixtureRequest) -> Voice:
    return FakeVoice() if request.param == "fake" else BakerVoice(baker_folder(), threads=2)


def test_a_voice_tells_its_name_version_rate_and_level(voice: Voice) -> None:
    engine, _, name = voice.name.partition(":")
    assert engine and name and voice.version
    assert 8_000 <= voice.rate_hz <= 48_000
    assert -40 < voice.level_lufs < 0


@pytest.mark.parametrize("count", [1, 7, 30])
def test_pieces_are_sound_within_full_scale(voice: Voice, count: int) -> None:
    pieces = list(voice.speak(first_words(count)))
    assert pieces
    for piece in pieces:
        assert piece.rate_hz == voice.rate_hz
        assert piece.samples.dtype == np.float32
        assert piece.samples.ndim == 1
        assert 0 < len(piece.samples)
        assert np.abs(piece.samples).max() <= 1.0


@pytest.mark.parametrize("count", [2, 7, 30])
def test_the_length_fits_the_text(voice: Voice, count: int) -> None:
    seconds = len(joined(voice.speak(first_words(count)))) / voice.rate_hz
    assert 0.08 * count < seconds < 0.6 * count


def test_a_faster_pace_is_shorter(voice: Voice) -> None:
    slow, usual, fast = (len(joined(voice.speak(first_words(15), pace))) for pace in (0.8, 1.0, 1.25))
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


@pytest.mark.parametrize("make", [FakeVoice, lambda: BakerVoice(baker_folder(), threads=1)])
def test_closing_twice_is_fine(make) -> None:
    voice = make()
    voice.close()
    voice.close()
