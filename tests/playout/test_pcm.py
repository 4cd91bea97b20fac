"""Volume and ramps do exactly what they say to each sample."""

from array import array

import pytest

from broadcaster.audio.pcm import Gain, ramp_down

ENDS = array("h", [-32768, -32767, -2, -1, 0, 1, 2, 32767]).tobytes()


@pytest.mark.parametrize("percent", [0, 1, 50, 99])
def test_volume_scales_both_signs_to_the_nearest_sample(percent: int) -> None:
    due = array("h", (round(sample * percent / 100) for sample in array("h", ENDS)))
    assert Gain(percent).apply(ENDS) == due.tobytes()


def test_full_volume_changes_nothing() -> None:
    assert Gain(100).apply(ENDS) is ENDS


def test_a_ramp_falls_evenly_from_the_first_sample() -> None:
    assert array("h", ramp_down(array("h", [1000, 1000, -1000, -1000]).tobytes())).tolist() == [
        1000,
        750,
        -500,
        -250,
    ]


def test_a_ramp_of_nothing_is_nothing() -> None:
    assert ramp_down(b"") == b""
