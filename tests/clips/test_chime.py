import numpy as np
import pyloudnorm
import pytest
from numpy.typing import NDArray

from broadcaster.clips.chime import STROKES, chime

RATES_HZ = [16_000, 24_000, 48_000]


def envelope(pcm: NDArray[np.int16], rate_hz: int) -> NDArray[np.float64]:
    """Mean level of each 10 ms, of full scale."""
    steps = (pcm / 32768).reshape(-1, rate_hz // 100)
    return np.asarray(np.sqrt(np.mean(steps**2, axis=1)))


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_it_lasts_long_enough_to_cover_the_first_line(rate_hz: int) -> None:
    assert 2.4 <= len(chime(rate_hz)) / rate_hz <= 2.6


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_it_is_about_as_loud_as_speech_and_below_the_ceiling(rate_hz: int) -> None:
    sound = chime(rate_hz) / 32768
    assert pyloudnorm.Meter(rate_hz).integrated_loudness(sound) == pytest.approx(-16.5, abs=1)
    assert np.abs(sound).max() < 10 ** (-1 / 20)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_it_begins_softly_and_ends_in_silence(rate_hz: int) -> None:
    level = envelope(chime(rate_hz), rate_hz)
    assert level[0] < level[3] / 2
    assert level[:50].max() < 0.7 * level.max()
    assert level[-1] < 0.001
    assert chime(rate_hz)[-1] == 0


def test_nothing_in_it_jumps() -> None:
    steepest = np.abs(np.diff(chime(48_000).astype(int))).max()
    assert steepest < 0.12 * 32768


@pytest.mark.parametrize(("start", "hertz"), [stroke[:2] for stroke in STROKES])
def test_each_stroke_sounds_its_note(start: float, hertz: float) -> None:
    heard = chime(48_000)[round((start + 0.05) * 48_000) :][:19_200]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert int(np.argmax(spectrum)) * 48_000 / len(heard) == pytest.approx(hertz, abs=3)
