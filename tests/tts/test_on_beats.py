"""Lines spoken to given times: by the offline voice, and by one that can only be stretched."""

from dataclasses import replace

import numpy as np
import pytest
from rig.fakes import FakeVoice
from rig.onsets import envelope, onset_near
from rig.spoken import joined, line

from broadcaster.core.beat_timing import LEAD_SECONDS, Timing, timing
from broadcaster.core.model import Line
from broadcaster.tts.baker.voice import BakerVoice
from broadcaster.tts.base.time_stretch import MOST, fit, sounding, stretch

TOLERANCE = 0.04
# Every kind of consonant: stopped, breathed, hissed, hummed, none.
OPENINGS = "ba1 pao3 fei1 tai4 ni3 lao3 kan4 jia1 qing3 xia4 chuan4 shui3 ren2 san1 an1 yi1 ping2 wo3"


def seven(first: str) -> Line:
    return replace(line(f"{first} jia1 kan4 hao3 zi4 jia1 da4"), beats=(2, 2, 2, 1))


@pytest.mark.parametrize("tempo", [100, 140])
@pytest.mark.parametrize("first", OPENINGS.split())
def test_the_line_is_heard_on_its_beat_whatever_it_begins_with(
    baker: BakerVoice, first: str, tempo: int
) -> None:
    due = timing(seven(first), tempo)
    samples = joined(baker.speak_on_beats(seven(first), due))
    amplitude = envelope(samples, baker.rate_hz)
    assert onset_near(amplitude, due.onsets[0]) == pytest.approx(LEAD_SECONDS, abs=TOLERANCE)


@pytest.mark.parametrize("tempo", [100, 120, 140])
def test_the_stressed_syllables_are_on_the_beats(baker: BakerVoice, tempo: int) -> None:
    # Their consonants stop the sound, so that each vowel has a beginning to be heard.
    words = replace(line("keng1 tang2 ta4 ku4 kan4 hai4 ta1"), beats=(2, 2, 2, 1))
    due = timing(words, tempo)
    amplitude = envelope(joined(baker.speak_on_beats(words, due)), baker.rate_hz)
    for onset in due.onsets[::2]:
        assert onset_near(amplitude, onset, 0.09) == pytest.approx(onset, abs=TOLERANCE)


@pytest.mark.parametrize("tempo", [100, 120, 140])
def test_a_line_is_over_by_the_end_of_its_beats(baker: BakerVoice, tempo: int) -> None:
    due = timing(seven("shui3"), tempo)
    seconds = len(joined(baker.speak_on_beats(seven("shui3"), due))) / baker.rate_hz
    assert due.onsets[-1] + 0.15 < seconds <= due.end_seconds


def test_a_syllable_with_a_beat_to_itself_is_not_sung(baker: BakerVoice) -> None:
    words = replace(line("tang2 tang2 tang2"), beats=(1, 1, 1, 0))
    due = timing(words, 100)
    amplitude = envelope(joined(baker.speak_on_beats(words, due)), baker.rate_hz)
    before = amplitude[round((due.onsets[1] - 0.12) / 0.0025)]
    assert before < amplitude.max() / 30


def test_erhua_is_said_in_one_with_its_syllable(baker: BakerVoice) -> None:
    child = line("xiao3 hai2 er5 pao3")
    coloured = tuple(
        replace(one, text="儿" if one.sounded == "er5" else "字") for one in child.syllables
    )
    words = replace(child, syllables=coloured, beats=(2, 1))
    due = timing(words, 120)
    assert len(due.onsets) == len(words.sounds) == 3
    amplitude = envelope(joined(baker.speak_on_beats(words, due)), baker.rate_hz)
    assert onset_near(amplitude, due.onsets[2], 0.1) == pytest.approx(due.onsets[2], abs=TOLERANCE)


def test_a_voice_without_durations_of_its_own_starts_on_the_beat_too() -> None:
    voice = FakeVoice()
    due = timing(seven("ba1"), 120)
    amplitude = envelope(joined(voice.speak_on_beats(seven("ba1"), due)), voice.rate_hz)
    assert onset_near(amplitude, LEAD_SECONDS) == pytest.approx(LEAD_SECONDS, abs=TOLERANCE)


@pytest.mark.parametrize(("seconds", "expected"), [(1.0, 1.2), (1.6, 1.75), (3.0, 2.5)])
def test_a_whole_line_is_stretched_to_its_beats_by_a_fifth_at_most(
    seconds: float, expected: float
) -> None:
    times = np.arange(round(seconds * 24_000)) / 24_000
    tone = (0.3 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
    fitted = fit(tone, 24_000, Timing((0.2, 1.7), 2.2))
    start, end = sounding(fitted, 24_000)
    assert (start, end - start) == pytest.approx((0.2, expected), abs=0.03)


@pytest.mark.parametrize("ratio", [1 / MOST, 0.9, 1.1, MOST])
def test_stretching_leaves_the_pitch(ratio: float) -> None:
    times = np.arange(24_000) / 24_000
    tone = (0.3 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
    stretched = stretch(tone, 24_000, ratio)
    assert len(stretched) == pytest.approx(24_000 * ratio, abs=1)
    spectrum = np.abs(np.fft.rfft(stretched[2400:-2400]))
    peak = np.argmax(spectrum) * 24_000 / (len(stretched) - 4800)
    assert peak == pytest.approx(440, rel=0.01)
    assert np.sqrt(np.mean(stretched[2400:-2400] ** 2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.05)
