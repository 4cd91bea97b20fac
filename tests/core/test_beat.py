"""When sounds are due, and how lines and clappers add up to whole beats."""

from dataclasses import replace

import pytest
from rig.spoken import line

from broadcaster.core.beat_timing import LEAD_SECONDS, rest_after, run_seconds, timing

SEVEN = replace(line("a1 a1 a1 a1 a1 a1 a1"), beats=(2, 2, 2, 1))


def test_two_sounds_share_a_beat_and_the_first_is_on_it() -> None:
    due = [seconds - LEAD_SECONDS for seconds in timing(SEVEN, 120).onsets]
    assert due == pytest.approx([0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5])


def test_beats_of_rest_have_no_sound_but_take_their_time() -> None:
    short = replace(line("a1 a1"), beats=(2, 0))
    assert len(timing(short, 100).onsets) == 2
    assert timing(short, 100).end_seconds == pytest.approx(LEAD_SECONDS + 2 * 0.6)


@pytest.mark.parametrize("clip_seconds", [0.9, 1.7, LEAD_SECONDS + 2.0])
def test_a_line_and_its_rest_are_its_beats(clip_seconds: float) -> None:
    whole = clip_seconds + rest_after(SEVEN, clip_seconds, 120)
    assert whole == pytest.approx(LEAD_SECONDS + 4 * 0.5)


@pytest.mark.parametrize(("over", "bars"), [(0.01, 1), (0.99, 1), (1.2, 2)])
def test_a_line_that_runs_over_takes_whole_bars_more(over: float, bars: int) -> None:
    clip_seconds = LEAD_SECONDS + 2.0 + over
    rest = rest_after(SEVEN, clip_seconds, 120)
    assert rest >= 0
    assert clip_seconds + rest == pytest.approx(LEAD_SECONDS + 2.0 + bars * 1.0)


def test_clappers_and_the_lead_of_the_line_after_them_are_whole_beats() -> None:
    assert run_seconds(2, 140) + LEAD_SECONDS == pytest.approx(2 * 60 / 140)
