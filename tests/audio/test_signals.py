"""Each signal covers the making of the first line, is as loud as speech, and never clicks."""

import numpy as np
import pyloudnorm
import pytest
from numpy.typing import NDArray

from broadcaster.audio.chime import ALERT, CHIME, Strokes
from broadcaster.audio.mastering_preset import FLAT, HORN, SOFT_START_SECONDS
from broadcaster.audio.signal_sounds import MAKERS, make_signal
from broadcaster.audio.siren import HIGHEST_HZ, LOWEST_HZ
from broadcaster.core.notice import Signal

RATES_HZ = [16_000, 24_000, 48_000]
LUFS = {Signal.CHIME: -16.5, Signal.ALERT: -15.0, Signal.SIREN: -13.0}

every_signal = pytest.mark.parametrize("signal", MAKERS)
every_rate = pytest.mark.parametrize("rate_hz", RATES_HZ)


def envelope(pcm: NDArray[np.int16], rate_hz: int) -> NDArray[np.float64]:
    """Level of each 10 ms, the loudest being 1."""
    steps = (pcm / 32768).reshape(-1, rate_hz // 100)
    levels = np.sqrt(np.mean(steps**2, axis=1))
    return np.asarray(levels / levels.max())


def loudest_hertz(sound: NDArray[np.int16], rate_hz: int = 48_000) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(np.argmax(spectrum)) * rate_hz / len(sound)


def test_all_that_can_be_chosen_can_be_made() -> None:
    assert MAKERS.keys() == set(Signal) - {Signal.NONE}


@every_signal
@every_rate
def test_it_lasts_long_enough_to_cover_the_first_line(signal: Signal, rate_hz: int) -> None:
    assert 2.5 <= len(make_signal(signal, rate_hz, HORN)) / rate_hz <= 4


@every_signal
@every_rate
def test_it_is_about_as_loud_as_speech_and_below_the_ceiling(signal: Signal, rate_hz: int) -> None:
    sound = make_signal(signal, rate_hz, HORN) / 32768
    loudness = pyloudnorm.Meter(rate_hz).integrated_loudness(sound)
    assert loudness == pytest.approx(LUFS[signal], abs=0.5)
    assert np.abs(sound).max() < 10 ** (-1 / 20)


@every_signal
def test_it_follows_the_loudness_of_the_preset(signal: Signal) -> None:
    horn, flat = (np.abs(make_signal(signal, 48_000, preset)).max() for preset in (HORN, FLAT))
    assert 20 * np.log10(horn / flat) == pytest.approx(HORN.target_lufs - FLAT.target_lufs, abs=0.1)


@every_signal
@every_rate
def test_it_comes_softly_out_of_silence_and_ends_in_it(signal: Signal, rate_hz: int) -> None:
    pcm = make_signal(signal, rate_hz, HORN)
    level = envelope(pcm, rate_hz)
    start = round(SOFT_START_SECONDS * 100)
    assert level[0] < 0.01
    assert level[: start // 3].max() < 0.3
    assert level[: start // 2].max() < 0.5
    assert level[-1] < 0.01
    assert pcm[0] == pcm[-1] == 0


@pytest.mark.parametrize("signal", [Signal.CHIME, Signal.ALERT])
def test_nothing_in_a_chime_jumps(signal: Signal) -> None:
    steepest = np.abs(np.diff(make_signal(signal, 48_000, HORN).astype(int))).max()
    assert steepest < 0.15 * 32768


@pytest.mark.parametrize(
    ("signal", "strokes"), [(Signal.CHIME, CHIME), (Signal.ALERT, ALERT)], ids=["chime", "alert"]
)
def test_each_stroke_sounds_its_note(signal: Signal, strokes: Strokes) -> None:
    pcm = make_signal(signal, 48_000, HORN)
    for start, hertz, _ in strokes:
        heard = pcm[round((start + 0.02) * 48_000) :][:7_680]
        assert loudest_hertz(heard) == pytest.approx(hertz, abs=12)


def test_the_siren_wails_up_and_down_twice() -> None:
    pcm = make_signal(Signal.SIREN, 48_000, HORN)
    heights = [loudest_hertz(piece) for piece in np.array_split(pcm, 95)]
    first, valley, second = heights[23], heights[47], heights[71]
    assert (first, second) == pytest.approx((HIGHEST_HZ, HIGHEST_HZ), rel=0.05)
    assert valley == pytest.approx(LOWEST_HZ, rel=0.1)
    for climb in (heights[5:24], heights[47:72]):
        assert sorted(climb) == climb
