"""A sound that was cut goes on from its place: what is heard before and after is the file, sample by
sample.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from rig.listening import RATE_HZ, Listener, NoRules, Sound, make_sound
from rig.rig import FakeRig, wait_until

from broadcaster.core.clock import Clock
from broadcaster.core.model import (
    Airing,
    AiringKind,
    Clip,
    Delivery,
    Item,
    JournalEntry,
    Made,
    Outcome,
    Programme,
    Ready,
)
from broadcaster.core.notice import Notice, Severity
from broadcaster.core.piece import Piece, PieceKind
from broadcaster.playout.air_queue import QueuedAiring
from broadcaster.playout.player import Player
from broadcaster.settings.schema import StationSettings

OpenOn = Callable[..., Listener]
OPERA = (Piece(PieceKind.AUDIO, "大登殿.mp3"),)
RAMPS_SECONDS = 0.03, 0.02


class Columns:
    """Makes of a column its parts, of any other notice a beep."""

    def __init__(self, parts: list[Sound], red: Sound) -> None:
        self._parts, self._red = parts, red

    @contextmanager
    def make(self, waited: QueuedAiring, deliver: Callable[[Delivery], None]) -> Iterator[None]:
        notice = waited.airing.notice
        sounds = self._parts if notice.pieces else [self._red]
        items = tuple(
            Item(Clip(one.path.stem, one.path, one.seconds), continuous=bool(notice.pieces))
            for one in sounds
        )
        for line, item in enumerate(items, start=1):
            deliver(Ready(item, line))
        deliver(Made(Programme("file", items)))
        yield


def samples(pcm: bytes) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.frombuffer(pcm, np.int16)


@pytest.mark.parametrize("cut_after_seconds", [0.5, 1.3])
def test_a_sound_goes_on_from_the_sample_at_which_it_was_cut(
    fake_rig: FakeRig, open_on: OpenOn, tmp_path: Path, cut_after_seconds: float
) -> None:
    parts = [
        make_sound(tmp_path / f"part{number}.flac", seconds) for number, seconds in enumerate((1, 2))
    ]
    red = make_sound(tmp_path / "red.flac", 0.3)
    clock, journal = Clock(StationSettings().zone), list[JournalEntry]()
    device = open_on(fake_rig).device
    maker = Columns(parts, red)
    player = Player(maker.make, device, NoRules(), lambda *entries: journal.extend(entries), clock)
    paused = list[QueuedAiring]()
    player.on_pause = paused.append
    now, until = clock.now(), clock.now() + timedelta(minutes=5)
    column = Airing(Notice("", pieces=OPERA), now, until, AiringKind.SCHEDULED, id="opera")
    player.put(QueuedAiring(column))
    thread = threading.Thread(target=lambda: [player.air_next() for _ in range(3)])
    thread.start()
    wait_until(lambda: len(fake_rig.captured()) > 2 * RATE_HZ * cut_after_seconds)
    player.put(QueuedAiring(Airing(Notice("泄洪", severity=Severity.RED), now, until, id="red")))
    thread.join(30.0)
    endings = [(entry.airing.id, entry.outcome) for entry in journal]
    assert endings == [("red", Outcome.PLAYED), ("opera", Outcome.PLAYED)]
    assert journal[1].seconds_played == pytest.approx(3.0, abs=1e-6)
    wait_until(lambda: parts[1].pcm[-1000:] in fake_rig.captured())
    place = round(sum(part.seconds for part in parts[: paused[0].next_line - 1]) * RATE_HZ)
    place += round(paused[0].seconds_in_line * RATE_HZ)
    whole = samples(b"".join(part.pcm for part in parts))
    heard = np.trim_zeros(samples(fake_rig.captured()))
    down, up = (round(seconds * RATE_HZ) for seconds in RAMPS_SECONDS)
    after = heard[place - len(whole) :]
    assert (heard[: place - down] == whole[: place - down]).all()
    assert (after[up:] == whole[place + up :]).all()
    for ramp, full in ((heard[place - down : place], place - down), (after[:up], place)):
        assert (np.abs(ramp.astype(int)) <= np.abs(whole[full : full + len(ramp)].astype(int))).all()
