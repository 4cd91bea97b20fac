"""Everything between what is asked for and its end: a real store, a real player, sounds of two lines."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import soundfile
from rig.fakes import FakeDevice, ManualClock
from rig.rig import wait_until

from broadcaster.core.model import (
    Airing,
    AiringKind,
    Clip,
    Delivery,
    Item,
    Made,
    Outcome,
    Programme,
    Ready,
)
from broadcaster.core.notice import Notice
from broadcaster.playout.air_queue import QueuedAiring
from broadcaster.playout.player import Player
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.length_estimate import estimated_lengths
from broadcaster.settings.hourly_limits import QuietSettings
from broadcaster.settings.schema import Settings
from broadcaster.station.durable_queue import DurableQueue, Endings
from broadcaster.store.store import Store, open_store

RATE_HZ = 8_000


@dataclass
class Box:
    """Two lines of 3 s are every programme."""

    clock: ManualClock
    device: FakeDevice
    store: Store
    player: Player
    intake: DurableQueue
    endings: Endings
    rules: AirRules

    def airing(self, name: str, kind: AiringKind = AiringKind.LIVE) -> Airing:
        now = self.clock.now()
        return Airing(Notice(name), now, now + timedelta(minutes=10), kind, id=name)

    def start(self) -> threading.Thread:
        """Begin the next airing, which goes on until it is released."""
        self.device.holds = True
        thread = threading.Thread(target=self.player.air_next, name="player")
        thread.start()
        wait_until(lambda: self.player.on_air and self.player.on_air.made)
        return thread

    def wait_until_stopping(self) -> None:
        wait_until(lambda: self.player.on_air and self.player.on_air.stopping)

    def note_progress(self) -> None:
        self.intake.wake()
        self.intake.note_progress()

    def play_on(self) -> None:
        self.device.holds = False
        while self.player.air_next():
            pass

    def ends(self) -> list[tuple[str, Outcome]]:
        return [(row.airing_id, row.outcome) for row in reversed(self.store.journal.recent(99))]

    def noted(self) -> dict[str, tuple[int, float]]:
        """The next line and the seconds played, by airing, of those that began."""
        left = [one for one in self.store.queue.unfinished() if one.noted_at]
        return {one.airing.id: (one.next_line, one.seconds_played) for one in left}


def make_line(folder: Path) -> Item:
    path = folder / "line.wav"
    soundfile.write(path, [0.1] * 3 * RATE_HZ, RATE_HZ)
    return Item(Clip("line", path, 3.0))


@contextmanager
def open_box(folder: Path, line: Item, settings: Settings | None = None) -> Iterator[Box]:
    """A box on the state that is there."""
    items = (line, line)

    @contextmanager
    def make(waited: QueuedAiring, deliver: Callable[[Delivery], None]) -> Iterator[None]:
        for number, item in enumerate(items, start=1):
            deliver(Ready(item, number))
        deliver(Made(Programme("fake:beep", items)))
        yield

    clock, device = ManualClock(), FakeDevice()
    settings = settings or Settings(quiet=QuietSettings(hours=()))
    with open_store(folder / "broadcaster.db", clock) as store:
        rules = AirRules(settings, estimated_lengths(settings))
        endings = Endings(store.journal, rules)
        player = Player(make, device, rules, endings.record, clock, store.queue.move)
        intake = DurableQueue(store.queue, player, endings, clock)
        yield Box(clock, device, store, player, intake, endings, rules)
