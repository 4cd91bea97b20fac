"""A thread's loop goes on after an error and ends when it is told to."""

import threading

from broadcaster.system.thread_loop import ThreadLoop


def test_steps_follow_one_another_until_stopped() -> None:
    turn = threading.Semaphore(0)
    counted: list[str] = []
    reached = threading.Event()

    def step() -> None:
        turn.acquire()
        counted.append(threading.current_thread().name)
        if len(counted) == 3:
            reached.set()

    with ThreadLoop("counter", step, turn.release) as loop:
        turn.release(3)
        assert reached.wait(10)
        assert loop.alive
    assert not loop.alive
    assert set(counted) == {"counter"}


def test_an_error_costs_one_step_only() -> None:
    went_on = threading.Event()
    steps = iter([RuntimeError("once"), None])

    def step() -> None:
        error = next(steps, None)
        if error:
            raise error
        went_on.set()

    with ThreadLoop("stumbling", step, lambda: None):
        assert went_on.wait(10)
