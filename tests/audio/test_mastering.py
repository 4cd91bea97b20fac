"""Mastering gives the same samples piece by piece as in one, in time, at its target loudness."""

import numpy as np
import pyloudnorm
import pytest
import soxr
from numpy.typing import NDArray

from broadcaster.audio.mastering import Mastering, design_filter
from broadcaster.audio.mastering_preset import COLUMN, FLAT, HORN, PRESETS, SOFT_START_SECONDS, Preset
from broadcaster.core.errors import LineRefused
from broadcaster.core.model import Waveform

Samples = NDArray[np.float32]

VOICE_RATE_HZ = 24_000
RATE_HZ = 48_000
VOICE_LEVEL_LUFS = -22.0


def loudness(samples: NDArray[np.floating], rate_hz: int) -> float:
    return float(pyloudnorm.Meter(rate_hz).integrated_loudness(samples.astype(np.float64)))


def speech_like(seconds: float, level_lufs: float = VOICE_LEVEL_LUFS) -> Samples:
    """Four syllables a second, some stressed, of a gliding voiced sound with formants and breath.

    In steps of 1 ms its level is spread as that of the offline voice: half of the steps 5 dB and more
    below the loudness, one in a hundred 8 dB and more above.
    """
    generator = np.random.default_rng(3)
    time = np.arange(round(seconds * VOICE_RATE_HZ)) / VOICE_RATE_HZ
    phase = 2 * np.pi * np.cumsum(210 + 40 * np.sin(2 * np.pi * 0.7 * time)) / VOICE_RATE_HZ
    voiced = np.zeros(len(time))
    for harmonic in range(1, 26):
        formants = sum(1 / (1 + ((210 * harmonic - hertz) / 120) ** 2) for hertz in (500, 1400, 2600))
        voiced += formants / harmonic * np.cos(harmonic * phase)
    beats = np.arange(0, seconds + 0.25, 0.25)
    stress = np.interp(time, beats, generator.uniform(0.4, 1.4, len(beats)))
    syllable = np.sin(np.pi * 4 * time) ** 2 * stress
    sound = (voiced + 0.02 * generator.standard_normal(len(time))) * syllable
    gain_db = level_lufs - loudness(sound, VOICE_RATE_HZ)
    return np.asarray(sound * 10 ** (gain_db / 20), np.float32)


def mastered(
    samples: Samples,
    rate_hz: int = RATE_HZ,
    cuts: tuple[int, ...] = (),
    preset: Preset = HORN,
    soft_start: bool = False,
) -> NDArray[np.int16]:
    mastering = Mastering(VOICE_RATE_HZ, rate_hz, VOICE_LEVEL_LUFS, preset, soft_start)
    pieces = [mastering.process(Waveform(piece, VOICE_RATE_HZ)) for piece in np.split(samples, cuts)]
    return np.concatenate([*pieces, mastering.finish()])


def true_peak_db(pcm: NDArray[np.int16], rate_hz: int) -> float:
    return float(20 * np.log10(np.abs(soxr.resample(pcm / 32768, rate_hz, 8 * rate_hz, "VHQ")).max()))


every_preset = pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))


@pytest.mark.parametrize("rate_hz", [16_000, VOICE_RATE_HZ, 44_100, RATE_HZ])
def test_pieces_join_to_the_same_samples_as_the_whole_line(rate_hz: int) -> None:
    generator = np.random.default_rng(11)
    for length in (1, 700, 1536, 1537, 30_000):
        samples = speech_like(2.0)[:length]
        cuts = tuple(sorted(generator.integers(0, length, 9)))
        np.testing.assert_array_equal(mastered(samples, rate_hz, cuts), mastered(samples, rate_hz))


@every_preset
@pytest.mark.parametrize("soft_start", [False, True])
def test_pieces_join_in_every_preset_and_soft_start(preset: Preset, soft_start: bool) -> None:
    samples = speech_like(1.0)
    cuts = (1, 3_000, 7_000, 7_001, 20_000)
    whole = mastered(samples, preset=preset, soft_start=soft_start)
    np.testing.assert_array_equal(
        mastered(samples, cuts=cuts, preset=preset, soft_start=soft_start), whole
    )


@pytest.mark.parametrize("length", [0, 1, 100, 1536, 24_001])
def test_a_line_keeps_its_length(length: int) -> None:
    assert len(mastered(speech_like(2.0)[:length])) == 2 * length


def test_sound_stays_in_time() -> None:
    samples = np.zeros(24_000, np.float32)
    samples[6_000] = 0.3
    assert abs(int(np.argmax(np.abs(mastered(samples)))) - 12_000) <= 1


def test_the_first_piece_comes_out_at_once() -> None:
    mastering = Mastering(VOICE_RATE_HZ, RATE_HZ, VOICE_LEVEL_LUFS, HORN)
    first = mastering.process(Waveform(speech_like(0.6), VOICE_RATE_HZ))
    assert len(first) / RATE_HZ > 0.6 - 0.12


@every_preset
def test_typical_speech_leaves_at_the_target(preset: Preset) -> None:
    pcm = mastered(speech_like(6.0), preset=preset)
    assert loudness(pcm / 32768, RATE_HZ) == pytest.approx(preset.target_lufs, abs=1)


def test_lines_spoken_soft_and_loud_leave_closer_together() -> None:
    soft, loud = (loudness(mastered(speech_like(6.0, lufs)) / 32768, RATE_HZ) for lufs in (-24.0, -20.0))
    assert 0 < loud - soft < 2


def test_a_voice_of_another_level_leaves_as_loud() -> None:
    soft = Mastering(VOICE_RATE_HZ, RATE_HZ, -30.0, HORN)
    samples = speech_like(3.0, -30.0)
    pcm = np.concatenate([soft.process(Waveform(samples, VOICE_RATE_HZ)), soft.finish()])
    assert np.abs(pcm.astype(int) - mastered(speech_like(3.0))).max() <= 2


@every_preset
@pytest.mark.parametrize("rate_hz", [16_000, VOICE_RATE_HZ, RATE_HZ])
@pytest.mark.parametrize("spoken_lufs", [VOICE_LEVEL_LUFS, -6.0])
def test_no_true_peak_passes_the_ceiling(preset: Preset, rate_hz: int, spoken_lufs: float) -> None:
    pcm = mastered(speech_like(4.0, spoken_lufs), rate_hz, preset=preset)
    assert true_peak_db(pcm, rate_hz) <= -1.0


def test_a_sudden_full_scale_burst_is_held_too() -> None:
    samples = speech_like(2.0)
    samples[20_000:20_040] = np.tile([1.0, 1.0, -1.0, -1.0], 10)
    assert true_peak_db(mastered(samples), RATE_HZ) <= -1.0


def test_loud_and_soft_come_closer() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(24_000) / VOICE_RATE_HZ).astype(np.float32)
    soft, loud = (np.abs(mastered(tone * level)[24_000:40_000]).max() for level in (0.1, 0.4))
    within_db = 20 * np.log10(loud / soft)
    assert within_db == pytest.approx(20 * np.log10(4) / HORN.ratio, abs=0.3)


@pytest.mark.parametrize("preset", [HORN, COLUMN], ids=lambda preset: preset.name)
@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 24_000])
def test_filter_has_its_figures(rate_hz: int, preset: Preset) -> None:
    response_db = 20 * np.log10(np.abs(np.fft.rfft(design_filter(rate_hz, preset), rate_hz)) + 1e-9)
    assert response_db[50] < -25
    assert response_db[round(preset.high_pass_hz)] == pytest.approx(-3, abs=1)
    assert response_db[round(preset.presence_hz)] == pytest.approx(preset.presence_db, abs=0.2)
    assert response_db[7000] < preset.presence_db / 2


def test_flat_leaves_speech_as_it_came_but_for_its_level() -> None:
    samples = speech_like(2.0)
    gain = 10 ** ((FLAT.target_lufs - VOICE_LEVEL_LUFS) / 20)
    heard = mastered(samples, VOICE_RATE_HZ, preset=FLAT) / 32768
    inside = slice(500, -500)
    np.testing.assert_allclose(heard[inside], (samples * gain)[inside], atol=2e-4)


def test_speech_out_of_silence_starts_softly_and_the_rest_is_untouched() -> None:
    samples = speech_like(2.0)
    soft, sudden = (mastered(samples, soft_start=soft) for soft in (True, False))
    start = round(SOFT_START_SECONDS * RATE_HZ)
    np.testing.assert_array_equal(soft[start:], sudden[start:])
    loud = np.abs(sudden[:start].astype(float)).max()
    for share, most in ((0.1, 0.03), (0.25, 0.15), (0.5, 0.5)):
        assert np.abs(soft[: round(share * start)]).max() <= most * loud


def test_a_clip_does_not_click_at_its_ends() -> None:
    hum = np.full(12_000, 0.2, np.float32) * np.cos(2 * np.pi * 300 * np.arange(12_000) / VOICE_RATE_HZ)
    pcm = np.abs(mastered(hum.astype(np.float32)).astype(int))
    assert pcm[0] == 0
    assert pcm[-1] <= 32
    assert pcm[:24].max() < 1000
    assert pcm[-24:].max() < 1000


def test_silence_stays_silence() -> None:
    assert not mastered(np.zeros(30_000, np.float32)).any()


def test_a_voice_gone_mad_is_refused() -> None:
    broken = np.full(100, np.nan, np.float32)
    with pytest.raises(LineRefused, match="做坏了"):
        mastered(broken)
