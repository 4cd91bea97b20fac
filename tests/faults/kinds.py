"""The kinds of fault that the long run strikes with, how often, and their shares."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from faults.campaigns import LOSSES, Strike, cut_power, fail_disk, kills, step_clock
from faults.copies import judge_copy
from faults.long_run import Job
from rig.failing_disk import Disk

# In one world.
MOST_ROUNDS = 25

Strikes = Callable[[Random, range], list[Strike]]


@dataclass(frozen=True)
class Kind:
    """How often it strikes in all, how the numbers of its rounds become strikes, and on what a box."""

    rounds: int
    strikes: Strikes
    settings: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = ()


def strikes(job: Job) -> list[Strike]:
    return KINDS[job.kind].strikes(Random(str(job)), range(job.first, job.stop))


def _same(strike: Strike) -> Strikes:
    return lambda random, numbers: [strike for _ in numbers]


def _at_each_write(disk: Disk, at_start: bool = False) -> Strikes:
    """The n-th round fails the n-th write."""
    return lambda random, numbers: [fail_disk(disk, number, at_start) for number in numbers]


# A board without a battery: what is due by the clock waits for it, what is live does not.
WAITS_FOR_CLOCK = (("clock", (("wait_minutes", 1),)),)
KINDS = {
    "kills": Kind(1000, lambda random, numbers: kills(random, len(numbers))),
    "cuts": Kind(50, _same(cut_power)),
    "copies of cuts": Kind(250, _same(judge_copy)),
    **{what: Kind(100, _same(strike)) for what, strike in LOSSES.items()},
    "clock": Kind(100, _same(step_clock), WAITS_FOR_CLOCK),
    "disk full": Kind(40, _at_each_write(Disk.FULL)),
    "disk full at start": Kind(15, _at_each_write(Disk.FULL, at_start=True)),
    "read-only": Kind(40, _at_each_write(Disk.READ_ONLY)),
    "read-only at start": Kind(15, _at_each_write(Disk.READ_ONLY, at_start=True)),
}
