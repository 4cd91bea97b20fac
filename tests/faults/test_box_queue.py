"""Ten thousand items in the queue: their order, a restart, and a stop."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from rig.fakes import FakeDevice, ManualClock
from rig.rig import wait_until

from broadcaster.core.model import Airing, AiringKind, Delivery, Outcome, RenderFailed
from broadcaster.core.notice import Notice, OfficeLevel, Severity
from broadcaster.playout.air_queue import QueuedAiring
from broadcaster.playout.player import Player
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.length_estimate import estimated_lengths
from broadcaster.rules.precedence import precedence
from broadcaster.settings.schema import Settings
from broadcaster.station.durable_queue import DurableQueue, Endings
from broadcaster.store.database.sqlite_connection import raw
from broadcaster.store.store import Store, open_store

MANY = 10_000
MOST_TRANSACTIONS = 25
LONGEST = timedelta(hours=12)


@contextmanager
def nobody_speaks(waited: QueuedAiring, deliver: Callable[[Delivery], None]) -> Iterator[None]:
    deliver(RenderFailed("没有声音"))
    yield


class Box:
    """Intake and player on a store with ten thousand airings, as it is when it has come up again."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        rules = AirRules(Settings(), estimated_lengths(Settings()))
        endings = Endings(store.journal, rules)
        self.store = store
        self.clock = clock
        self.player = Player(nobody_speaks, FakeDevice(), rules, endings.record, clock, store.queue.move)
        self.intake = DurableQueue(store.queue, self.player, endings, clock)

    def outcomes(self) -> dict[str, Outcome]:
        return {row.airing_id: row.outcome for row in self.store.journal.each()}


def airings(clock: ManualClock) -> list[Airing]:
    random, now = Random(4), clock.now()
    offices, severities, kinds = list(OfficeLevel), list(Severity), list(AiringKind)
    made = []
    for number in range(MANY):
        notice = Notice(
            f"第{number}条", severity=random.choice(severities), office=random.choice(offices)
        )
        due = now - timedelta(seconds=random.randrange(3600))
        made.append(Airing(notice, due, due + LONGEST, random.choice(kinds), id=str(number)))
    return made


@pytest.fixture(scope="module")
def accepted() -> list[Airing]:
    return airings(ManualClock())


@pytest.fixture(scope="module")
def filled(accepted: list[Airing], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "broadcaster.db"
    with open_store(path, ManualClock()) as store:
        for airing in accepted:
            store.queue.accept(airing, wait=False)
    return path


@pytest.fixture
def box(tmp_path: Path, filled: Path) -> Iterator[Box]:
    path, clock = tmp_path / filled.name, ManualClock()
    shutil.copy(filled, path)
    with open_store(path, clock) as store:
        box = Box(store, clock)
        box.intake.take_up()
        yield box


@contextmanager
def commits(store: Store) -> Iterator[list[str]]:
    """The transactions that end meanwhile."""
    seen: list[str] = []
    with store.database.transaction() as connection:
        raw(connection).set_trace_callback(lambda said: seen.append(said) if said == "COMMIT" else None)
    seen.clear()
    yield seen


def test_after_a_restart_they_wait_in_their_order_and_a_stop_ends_them_together(
    box: Box, accepted: list[Airing]
) -> None:
    waiting = [airing.id for airing in box.player.waiting()]
    assert waiting == [airing.id for airing in sorted(accepted, key=precedence)]
    with commits(box.store) as transactions:
        assert len(box.player.stop_all("停播")) == MANY
    assert len(transactions) <= MOST_TRANSACTIONS
    wait_until(lambda: box.store.journal.count() == MANY)
    assert set(box.outcomes().values()) == {Outcome.CANCELLED}
    assert box.store.queue.unfinished() == []


@pytest.mark.slow
def test_what_is_too_late_for_all_of_them_ends_them_together(box: Box) -> None:
    box.clock.advance(LONGEST.total_seconds() + 1)
    with commits(box.store) as transactions:
        assert not box.player.air_next()
    assert len(transactions) <= MOST_TRANSACTIONS
    wait_until(lambda: box.store.journal.count() == MANY)
    assert set(box.outcomes().values()) == {Outcome.EXPIRED}
