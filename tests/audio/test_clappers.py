"""The bamboo clappers: on the beat, two timbres, in their places around the lines."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from rig.onsets import envelope, onset_near

from broadcaster.audio.clappers import BETWEEN, CLOSING, LEAD_IN, Run, clappers, with_clappers
from broadcaster.core.beat_timing import LEAD_SECONDS
from broadcaster.core.model import Line

RATE_HZ = 48_000
PROSE = Line("通知", "通知", (), 0.5)
VERSE = Line("坑塘水库水很深", "", (), 0.55, place_in_verse=1, beats=(2, 2, 2, 1))
SECOND = replace(VERSE, place_in_verse=2)


def hertz_in_the_middle(samples: NDArray[np.int16]) -> float:
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float(np.sum(power * np.fft.rfftfreq(len(samples), 1 / RATE_HZ)) / np.sum(power))


@pytest.mark.parametrize("tempo", [100, 120, 140])
@pytest.mark.parametrize("pattern", [LEAD_IN, BETWEEN, CLOSING])
def test_every_stroke_is_on_its_half_beat(pattern: str, tempo: int) -> None:
    amplitude = envelope(np.pad(clappers(pattern, tempo, RATE_HZ) / 32768, 4800), RATE_HZ)
    for place, letter in enumerate(pattern):
        due = 0.1 + place * 30 / tempo
        if letter == "D":
            assert onset_near(amplitude, due, 0.08) == pytest.approx(due, abs=0.01)


def test_the_big_boards_are_lower_than_the_small_ones() -> None:
    big, small = (clappers(f"{letter}.", 120, RATE_HZ) for letter in "Dx")
    assert hertz_in_the_middle(big) * 1.8 < hertz_in_the_middle(small)


@pytest.mark.parametrize("tempo", [100, 140])
@pytest.mark.parametrize("pattern", [LEAD_IN, BETWEEN, CLOSING])
def test_a_run_ends_in_silence_where_the_next_line_begins(pattern: str, tempo: int) -> None:
    samples = clappers(pattern, tempo, RATE_HZ)
    assert len(samples) / RATE_HZ == pytest.approx(len(pattern) * 30 / tempo - LEAD_SECONDS, abs=1e-4)
    assert np.abs(samples[-RATE_HZ // 200 :]).max() < 33  # -60 dBFS


def test_a_stroke_is_loud_and_never_clips() -> None:
    peak = np.abs(clappers(LEAD_IN, 120, RATE_HZ)).max() / 32768
    assert 0.4 < peak < 0.8


def test_the_same_run_is_made_every_time() -> None:
    assert np.array_equal(clappers(LEAD_IN, 120, RATE_HZ), clappers(LEAD_IN, 120, RATE_HZ))


def test_clappers_stand_before_between_and_behind_the_lines_of_a_verse() -> None:
    laid = list(with_clappers([PROSE, VERSE, SECOND, PROSE]))
    assert laid == [PROSE, Run(LEAD_IN), VERSE, Run(BETWEEN), SECOND, Run(CLOSING, 0.55), PROSE]


def test_a_verse_said_again_has_its_own_lead_in_after_the_pause_of_the_repeat() -> None:
    last = replace(SECOND, pause_seconds=2.0)
    laid = list(with_clappers([VERSE, last, VERSE, last]))
    assert laid[4:6] == [Run(CLOSING, 2.0), Run(LEAD_IN)]
    assert laid[-1] == Run(CLOSING, 2.0)


def test_lines_without_beats_have_no_clappers() -> None:
    plain = [PROSE, replace(VERSE, beats=()), replace(SECOND, beats=()), PROSE]
    assert list(with_clappers(plain)) == plain
