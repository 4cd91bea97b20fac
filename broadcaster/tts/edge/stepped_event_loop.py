"""Runs an event loop step by step on a thread that also does other work."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

# How long a turn may wait for something to happen.
TURN_SECONDS = 0.01
GOOD_BYE_SECONDS = 0.05

T = TypeVar("T")


@contextmanager
def running(
    work: Coroutine[Any, Any, T],
) -> Iterator[tuple[asyncio.AbstractEventLoop, asyncio.Task[T]]]:
    """A loop of its own for `work`; what is still under way at the end is broken off."""
    loop = asyncio.new_event_loop()
    try:
        yield loop, loop.create_task(work)
    finally:
        _break_off(loop)
        loop.close()


def _break_off(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what is still under way; at first a WebSocket then waits 10 s for the other's good-bye."""
    seconds = TURN_SECONDS
    for _ in range(2):
        for task in asyncio.all_tasks(loop):
            task.cancel()
            seconds = GOOD_BYE_SECONDS
        loop.run_until_complete(asyncio.sleep(seconds))
