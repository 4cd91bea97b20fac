"""A slow machine is waited for, a hang is found; the clock is given."""

from broadcaster.system.progress_deadline import ProgressDeadline

DEADLINE = 20.0


def started(first_sign_after: float) -> ProgressDeadline:
    patience = ProgressDeadline(DEADLINE, 0.0)
    patience.start(0.0)
    patience.sign(first_sign_after)
    return patience


def test_on_a_quick_machine_a_hang_is_found_at_the_deadline() -> None:
    patience = started(1.0)
    assert not patience.is_over(21.0, 5.0)
    assert patience.is_over(21.1, 50.0), "though it spins"
    assert not patience.slow


def test_a_machine_whose_steps_are_long_is_waited_for_and_still_not_for_ever() -> None:
    patience = started(12.0)
    assert patience.slow
    assert not patience.is_over(12.0 + 70.0, 0.0)
    assert patience.is_over(12.0 + 73.0, 0.0)
    patience = started(100.0)
    assert patience.is_over(100.0 + 10 * DEADLINE + 0.1, 0.0)


def test_who_only_starts_is_waited_for_as_long_as_it_works() -> None:
    patience = ProgressDeadline(DEADLINE, 0.0)
    patience.start(0.0)
    for second in range(100):
        assert not patience.is_over(float(second), second / 2)
    assert patience.is_over(121.0, 60.0), "but not for ever"


def test_who_hangs_at_its_start_without_working_is_found_at_the_deadline() -> None:
    patience = ProgressDeadline(DEADLINE, 0.0)
    patience.start(0.0)
    assert not patience.is_over(5.0, 0.3)
    assert not patience.is_over(24.0, 0.3)
    assert patience.is_over(25.1, 0.3)


def test_the_time_without_anything_to_do_is_no_step() -> None:
    patience = started(1.0)
    patience.begin(500.0)
    patience.sign(501.0)
    assert patience.is_over(522.0, 0.0)
