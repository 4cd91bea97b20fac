"""Speech is brought to one level, near enough for the mastering to start from."""

import numpy as np
import pyloudnorm
import pytest
from rig.spoken import first_words, joined

from broadcaster.tts.baker.voice import BakerVoice
from broadcaster.tts.base.loudness import LEVEL_LUFS, levelled, loudness


@pytest.mark.parametrize("gain", [0.01, 0.3, 1.0])
def test_speech_of_any_level_comes_to_the_one(baker: BakerVoice, gain: float) -> None:
    sound = levelled(joined(baker.speak(first_words(15))) * np.float32(gain), baker.rate_hz)
    level = pyloudnorm.Meter(baker.rate_hz).integrated_loudness(sound.astype(float))
    assert level == pytest.approx(LEVEL_LUFS, abs=1.0)


def test_peaks_stay_within_full_scale() -> None:
    sound = np.zeros(16_000, np.float32)
    sound[::800] = 0.5
    assert np.abs(levelled(sound, 16_000)).max() <= 1.0


@pytest.mark.parametrize("sound", [np.zeros(0, np.float32), np.zeros(800, np.float32)])
def test_silence_stays_silence(sound: np.ndarray) -> None:
    assert not levelled(sound, 16_000).any()
    assert loudness(sound, 16_000) == -70.0
