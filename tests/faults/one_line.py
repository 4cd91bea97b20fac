"""A studio whose every notice is the same line of a second, ready at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import soundfile

from broadcaster.core.model import Clip, Delivery, Item, Made, Programme, Ready
from broadcaster.playout.air_queue import QueuedAiring
from broadcaster.playout.player import Make

RATE_HZ = 8_000


def one_line(folder: Path) -> Make:
    sound = folder / "line.wav"
    soundfile.write(sound, [0.1] * RATE_HZ, RATE_HZ)
    items = (Item(Clip("line", sound, 1.0)),)

    @contextmanager
    def make(waited: QueuedAiring, deliver: Callable[[Delivery], None]) -> Iterator[None]:
        deliver(Ready(items[0], 1))
        deliver(Made(Programme("fake:beep", items)))
        yield

    return make
