"""Power cuts judged by the files that they leave: a store and an intake of their own go on from a copy.

The box runs on, so many cuts cost little. What is aired after the cut is told by a device that takes no
time; what was heard before it, by the capture.
"""

import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from faults.books import GAVE_WAY, Asked
from faults.one_line import one_line
from faults.torn import copy_files, tear
from faults.world import CLOCK, World
from rig.fakes import FakeDevice
from rig.rig import wait_until

from broadcaster.core.model import Outcome
from broadcaster.playout.player import Player
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.length_estimate import estimated_lengths
from broadcaster.settings.schema import load_settings
from broadcaster.station.durable_queue import DurableQueue, Endings
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.journal import JournalRow
from broadcaster.store.store import Store, open_store


@dataclass(frozen=True)
class Cut:
    """One copy, and what held at its moment."""

    state: Path
    promised: list[Asked]
    ended: set[str]
    place: int
    disk_lied: bool


def judge_copy(world: World) -> None:
    """Of a moment at which all stood still and the log's end was torn, or file by file while the box
    ran; or with the log cut where it had been synced, by a disk that lied."""
    world.keep_busy()
    world.pause(1.0)
    how = world.random.choice(("torn", "torn", "running", "lied"))
    cut = _take(world, how)
    try:
        _judge(world, cut, how)
    finally:
        shutil.rmtree(cut.state)


def _take(world: World, how: str) -> Cut:
    copy = world.folder / "copy"
    promised, ended = world.promised(), {row.title for row in world.journal()}
    if how == "running":
        copy_files(world.village.state, copy, world.random)
    else:
        with world.stopped():
            copy_files(world.village.state, copy, world.random)
            synced, place = world.disk.synced_bytes, world.ear.place()
        tear(copy, world.random, synced if how == "torn" else world.random.randint(0, synced))
    return Cut(copy, promised, ended, world.ear.place() if how == "running" else place, how == "lied")


def _judge(world: World, cut: Cut, how: str) -> None:
    with open_store(cut.state / DATABASE, CLOCK) as store:
        if store.database.note and not cut.disk_lied:
            world.books.note("broke", f"{world.seed} {how}: {store.database.note}")
        device = _go_on(world, cut, store)
        rows = {row.airing_id: row for row in store.journal.each()}
        titles = Counter(row.title for row in rows.values())
    aired = {rows[airing_id].title for airing_id, *_ in device.begun if airing_id in rows}
    for one, matter in zip(cut.promised, world.matters(one.notice for one in cut.promised), strict=True):
        about = f"{world.seed} copy {how}: {one}: {titles[one.ticket]} lines"
        world.books.counts["in copies"] += 1
        if titles[one.ticket] > 1:
            world.books.note("doubled", about)
        if not titles[one.ticket]:
            world.books.note("gone, disk lied" if cut.disk_lied else "lost", about)
        elif one.ticket in aired & cut.ended and not cut.disk_lied:
            world.books.note("twice", about)
        elif one.ticket not in aired and not matter.begun(world.ear, one.since, cut.place):
            if _was_dropped(next(row for row in rows.values() if row.title == one.ticket)):
                world.books.note("never", about)


def _was_dropped(row: JournalRow) -> bool:
    return row.outcome is not Outcome.PLAYED and row.reason != GAVE_WAY


def _go_on(world: World, cut: Cut, store: Store) -> FakeDevice:
    """As a box does that starts on these files, until nothing waits."""
    settings = load_settings(world.village.folder)
    rules, device = AirRules(settings, estimated_lengths(settings)), FakeDevice()
    endings = Endings(store.journal, rules)
    player = Player(one_line(world.folder), device, rules, endings.record, CLOCK, store.queue.move)
    DurableQueue(store.queue, player, endings, CLOCK).take_up()
    while player.air_next():
        pass
    wait_until(lambda: not store.queue.unfinished())
    return device
