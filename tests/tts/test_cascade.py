"""Who speaks when the wished voice cannot, at any time."""

from datetime import timedelta

import pytest
from rig.fakes import ManualClock

from broadcaster.tts.fallback import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Cascade

EDGE, OTHER_EDGE, KOKORO, BAKER = "edge:xiaoxiao", "edge:yunxi", "sherpa:kokoro", "baker:female"


class Voices:
    """A cascade and its clock."""

    def __init__(self, *fallbacks: str) -> None:
        self.clock = ManualClock()
        self.cascade = Cascade(fallbacks)

    def order(self, wish: str) -> list[str]:
        return self.cascade.order(wish, self.clock.monotonic())

    def fail(self, voice: str, alone: bool = False) -> None:
        clock = self.clock
        self.cascade.fail(voice, "连不上", clock.monotonic(), clock.now(), alone)

    def pause(self, voice: str, alone: bool = False) -> float:
        """Let a voice fail, and wait until it may be asked again; the seconds that took."""
        self.fail(voice, alone)
        outage = self.cascade.outage(voice)
        assert outage
        seconds = outage.back_off_until - self.clock.monotonic()
        self.clock.advance(seconds)
        return seconds


@pytest.fixture
def voices() -> Voices:
    return Voices(KOKORO, BAKER)


@pytest.mark.parametrize(
    ("fallbacks", "wish", "failed", "expected"),
    [
        ((BAKER,), EDGE, (), [EDGE, BAKER]),
        ((BAKER,), BAKER, (), [BAKER]),
        ((BAKER,), KOKORO, (), [KOKORO, BAKER]),
        ((KOKORO, BAKER), EDGE, (), [EDGE, KOKORO, BAKER]),
        ((KOKORO, BAKER), BAKER, (), [BAKER, KOKORO]),
        ((), EDGE, (), [EDGE]),
        ((BAKER,), EDGE, (EDGE,), [BAKER]),
        ((BAKER,), OTHER_EDGE, (EDGE,), [BAKER]),
        ((KOKORO, BAKER), EDGE, (KOKORO,), [EDGE, BAKER]),
        ((KOKORO, BAKER), EDGE, (EDGE, KOKORO), [BAKER]),
        ((KOKORO, BAKER), EDGE, (EDGE, KOKORO, BAKER), [BAKER]),
        ((BAKER,), BAKER, (BAKER,), [BAKER]),
        ((), EDGE, (EDGE,), [EDGE]),
    ],
)
def test_the_order_leaves_out_who_failed_but_never_the_last(
    fallbacks: tuple[str, ...], wish: str, failed: tuple[str, ...], expected: list[str]
) -> None:
    voices = Voices(*fallbacks)
    for voice in failed:
        voices.fail(voice)
    assert voices.order(wish) == expected


def test_after_the_pause_a_voice_is_asked_again(voices: Voices) -> None:
    voices.fail(EDGE)
    voices.clock.advance(FIRST_PAUSE_SECONDS - 1)
    assert EDGE not in voices.order(EDGE)
    voices.clock.advance(1)
    assert voices.order(EDGE)[0] == EDGE


def test_each_failure_in_a_row_makes_the_pause_longer_up_to_an_hour(voices: Voices) -> None:
    pauses = [voices.pause(EDGE) for _ in range(8)]
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert pauses[-1] == LONGEST_PAUSE_SECONDS
    for _ in range(5_000):
        voices.pause(EDGE)


def test_what_had_been_asked_before_the_pause_does_not_make_it_longer(voices: Voices) -> None:
    voices.fail(EDGE)
    voices.clock.advance(FIRST_PAUSE_SECONDS / 2)
    voices.fail(EDGE)
    voices.clock.advance(FIRST_PAUSE_SECONDS / 2)
    assert voices.order(EDGE)[0] == EDGE


def test_a_voice_that_spoke_starts_anew(voices: Voices) -> None:
    voices.pause(EDGE)
    voices.pause(EDGE)
    voices.cascade.recover(EDGE)
    assert voices.cascade.outage(EDGE) is None
    assert voices.pause(EDGE) == FIRST_PAUSE_SECONDS


def test_since_when_is_told_until_it_speaks_again(voices: Voices) -> None:
    since = voices.clock.now()
    voices.pause(EDGE)
    voices.pause(EDGE)
    voices.clock.advance(timedelta(days=1).total_seconds())
    outage = voices.cascade.outage(OTHER_EDGE)
    assert outage and (outage.since, outage.reason, outage.failures) == (since, "连不上", 2)


def test_a_voice_that_was_withdrawn_leaves_the_others_of_its_engine(voices: Voices) -> None:
    voices.fail(EDGE, alone=True)
    assert EDGE not in voices.order(EDGE)
    assert voices.order(OTHER_EDGE)[0] == OTHER_EDGE
    assert voices.cascade.outage(OTHER_EDGE) is None


def test_a_step_of_the_wall_clock_changes_no_pause(voices: Voices) -> None:
    clock = voices.clock
    voices.fail(EDGE)
    clock._now += timedelta(days=400)
    assert EDGE not in voices.order(EDGE)
