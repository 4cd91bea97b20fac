"""Faults of each kind, again and again, on a world that goes on; one seed strikes in one order."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Event

from faults.torn import torn_copy
from faults.world import Target, World
from rig.failing_disk import Disk
from rig.rig import wait_until

# After so many rounds all that was asked is waited for and judged.
CHAPTER = 15
DAY, TEN_YEARS = timedelta(days=1), timedelta(days=3652)
# What a board without a battery shows at each boot until somebody tells it the time.
BUILT_AT = datetime(2010, 1, 1, tzinfo=UTC)
# What is lost longer than 3 s was once given up.
AWAY_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0, 6.0)
LINGER_SECONDS = 0.5
ENDS_SECONDS = 120.0

Strike = Callable[[World], None]


def run(world: World, strikes: list[Strike], told: Callable[[int], None] = lambda done: None) -> None:
    """All of them on one world; `told` hears how many are done."""
    world.start()
    for done, strike in enumerate(strikes, start=1):
        strike(world)
        world.books.counts["rounds"] += 1
        if done % CHAPTER == 0 or done == len(strikes):
            world.balance()
        told(done)
    world.balance_timetable()


# Kills.


def kill(target: Target) -> Strike:
    return lambda world: KILLS[target](world)


def _kill_box(world: World, target: Target) -> None:
    world.keep_busy()
    world.pause(3.0)
    world.kill(target)
    if target is Target.GROUP:
        world.fall_due()
    world.start()


def _kill_at_start(world: World) -> None:
    world.keep_busy()
    world.pause(1.0)
    world.kill(Target.GROUP)
    world.box.begin()
    world.pause(1.5)
    world.kill(Target.GROUP)
    world.start()


def _kill_sound(world: World) -> None:
    world.keep_busy()
    world.pause(2.0)
    wait_until(lambda: world.kill(Target.SOUND) or not world.box.runs, ENDS_SECONDS)


def _kill_voice(world: World) -> None:
    """While it makes what was asked for, and once for each: a second death is held against the text."""
    fresh = world.ask(fresh=True)
    if fresh.accepted:
        world.pause(1.0)
        wait_until(lambda: world.kill(Target.VOICE) or world.has_ended(fresh), ENDS_SECONDS)
        wait_until(lambda: world.has_ended(fresh), ENDS_SECONDS)


KILLS: dict[Target, Strike] = {
    Target.GROUP: lambda world: _kill_box(world, Target.GROUP),
    Target.MAIN: lambda world: _kill_box(world, Target.MAIN),
    Target.START: _kill_at_start,
    Target.SOUND: _kill_sound,
    Target.VOICE: _kill_voice,
}
# Of each 20 kills.
SHARES = {Target.GROUP: 5, Target.MAIN: 4, Target.START: 3, Target.SOUND: 5, Target.VOICE: 3}


def kills(random: Random, rounds: int) -> list[Strike]:
    """Of each kind its share, in the order of chance."""
    deck = [target for turn in range(max(SHARES.values())) for target in Target if turn < SHARES[target]]
    targets = [deck[number % len(deck)] for number in range(rounds)]
    random.shuffle(targets)
    return [kill(target) for target in targets]


# Power cuts.


def cut_power(world: World) -> None:
    """What was not synced of the database's log is torn, and all files are of that moment."""
    world.keep_busy()
    world.pause(3.0)
    state, kept = world.village.state, world.folder / "after the cut"
    with world.stopped():
        torn_copy(state, kept, world.random, world.disk.synced_bytes)
        world.kill(Target.GROUP)
    world.replace_state(kept)
    world.start()


# The card.


def lose_card(what: str) -> Strike:
    return lambda world: _lose_card(world, what)


def _lose_card(world: World, what: str) -> None:
    """`unplug`, `stall` or `deaf` under what sounds."""
    world.sound_something()
    world.pause(3.0)
    world.card.tell(what, True)
    Event().wait(world.random.choice(AWAY_SECONDS))
    world.card.tell(what, False)


def take_card(world: World) -> None:
    """Another program holds it as something is asked for."""
    world.drain()
    Event().wait(LINGER_SECONDS)
    world.card.tell("busy", True)
    world.keep_busy()
    Event().wait(world.random.choice(AWAY_SECONDS))
    world.card.tell("busy", False)


def renumber_card(world: World) -> None:
    """Pulled out under what sounds, and plugged in again as another device."""
    world.sound_something()
    world.pause(3.0)
    world.card.tell("unplug", True)
    Event().wait(world.random.choice(AWAY_SECONDS))
    world.move_card()


LOSSES: dict[str, Strike] = {
    "unplug": lose_card("unplug"),
    "stall": lose_card("stall"),
    "busy": take_card,
    "renumber": renumber_card,
}


# The clock.


def step_clock(world: World) -> None:
    """Set wrong by up to ten years, back or ahead, or right again; or a board that boots in the past."""
    world.clock_was_set = True
    world.keep_busy()
    world.pause(1.0)
    match world.random.choice(("days", "years", "right", "boot")):
        case "days":
            world.clock.set(_true_time() + world.random.uniform(-2, 2) * DAY)
        case "years":
            world.clock.set(_true_time() + world.random.uniform(-1, 1) * TEN_YEARS)
        case "right":
            world.clock.set(_true_time())
        case "boot":
            world.kill(Target.GROUP)
            world.clock.set(BUILT_AT)
            world.start()
    world.keep_busy()
    world.pause(2.0)


def _true_time() -> datetime:
    return datetime.now(UTC)


# The disk.


def fail_disk(disk: Disk, after_writes: int, at_start: bool = False) -> Strike:
    """It fails at the n-th write from here on; power goes while it does, and it is well afterwards."""
    return lambda world: _fail_disk(world, disk, after_writes, at_start)


def _fail_disk(world: World, disk: Disk, after_writes: int, at_start: bool) -> None:
    read_only = disk is Disk.READ_ONLY
    world.ask(read_only=read_only)
    world.pause(2.0)
    if at_start:
        world.kill(Target.GROUP)
    world.disk.become(disk, after_writes)
    if at_start:
        world.start()
    for _ in range(2):
        world.pause(1.0)
        world.ask(read_only=read_only)
    world.pause(6.0)
    reached = world.disk.failed_writes > 0
    world.kill(Target.GROUP)
    world.disk.become(Disk.WELL)
    world.books.counts["a write failed"] += reached
    world.start()
    world.balance()
