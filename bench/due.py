"""The clock and the air: from a due time to the first sample, and from a stop to silence.

scripts/bench due [--rounds 60] [--load 2]
The parts of the box run here, on a card that does not exist (tests/rig), which knows when each sample
sounded. A slot falls due every few seconds; `--load` processes keep the machine busy meanwhile.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

import numpy as np
from rig.fakes import Memory
from rig.rig import FakeRig, compile_plugin

from bench.box import row
from broadcaster.core.clock_trust import ClockTrust
from broadcaster.core.model import Airing, AiringKind
from broadcaster.core.notice import Notice, Signal
from broadcaster.daemon.assembly import Config, OpenBox, open_box
from broadcaster.schedule.scheduler import Clockwork
from broadcaster.schedule.slot import Slot
from broadcaster.schedule.slot_settings import TimetableSettings
from broadcaster.settings.schema import LexiconSettings, Settings

SHORT = Notice("注意防火。", title="防火", chime=Signal.NONE, opening="", closing="")
LONG = Notice("请大家注意用电安全，不要私拉电线。" * 6, chime=Signal.NONE, opening="", closing="")
EVERY = timedelta(seconds=4)


@dataclass(frozen=True)
class Often(Slot):
    """Due every few seconds."""

    kind: ClassVar[AiringKind] = AiringKind.SCHEDULED

    def next_after(self, moment: datetime) -> datetime:
        start = datetime(2026, 1, 1, tzinfo=moment.tzinfo)
        return start + ((moment - start) // EVERY + 1) * EVERY


@contextmanager
def opened_box(folder: Path) -> Iterator[tuple[OpenBox, FakeRig]]:
    rig = FakeRig(folder, compile_plugin(folder))
    os.environ.update(rig.environment)
    settings = Settings.model_validate(
        {
            "sound": {"linger_seconds": 0, "volume_by_hour": []},
            "quiet": {"hours": []},
            "paths": {"audio_cache": str(folder / "cache"), "state": str(folder / "state")},
        }
    )
    config = Config(settings, TimetableSettings(), LexiconSettings(), folder)
    with open_box(config) as box:
        yield box, rig


def heard(rig: FakeRig, before: int) -> tuple[float, float]:
    """When the first and the last sample since then sounded that are not silence; monotonic seconds."""
    samples = np.frombuffer(rig.captured()[before:], np.int16)
    loud = np.flatnonzero(samples)
    places = before // 2 + int(loud[0]), before // 2 + int(loud[-1])
    return rig.village.heard_at(places[0]), rig.village.heard_at(places[1])


def due_to_sample(box: OpenBox, rig: FakeRig, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds to the queue and to the first sample, for each time that the slot fell due."""
    slot = Often("常常", SHORT, timedelta(seconds=3))
    put: list[tuple[datetime, int]] = []
    queued: list[float] = []
    late: list[float] = []

    def note_and_put(airing: Airing) -> None:
        if airing.due_at < began:
            # Due before there was a clockwork, and put late by that.
            return
        put.append((airing.due_at, len(rig.captured())))
        box.intake.put(airing)
        queued.append((time.time() - airing.due_at.timestamp()) * 1000)

    trust = ClockTrust(box.clock, timedelta(0), Memory(), "bench")
    clockwork = Clockwork([slot], note_and_put, box.clock, trust)
    began = box.clock.now()
    clockwork.start()
    while len(late) < rounds:
        known = len(put)
        while len(put) == known:
            time.sleep(0.05)
        due_at, before = put[-1]
        time.sleep(EVERY.total_seconds() - 1.0)
        ahead = time.time() - time.monotonic()
        late.append((heard(rig, before)[0] + ahead - due_at.timestamp()) * 1000)
    clockwork.stop()
    return queued, late


def stop_to_silence(box: OpenBox, rig: FakeRig, rounds: int) -> list[float]:
    """Milliseconds from the call of `stop_all` to the last sample that is not silence."""
    silent = []
    for _ in range(rounds):
        before = len(rig.captured())
        box.station.announce(LONG)
        time.sleep(2)
        stopped_at = time.monotonic()
        box.station.stop_all()
        time.sleep(1)
        silent.append((heard(rig, before)[1] - stopped_at) * 1000)
    return silent


def keep_busy() -> None:
    while True:
        sum(range(100_000))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--load", type=int, default=2, help="busy processes")
    arguments = parser.parse_args()
    busy = [multiprocessing.Process(target=keep_busy, daemon=True) for _ in range(arguments.load)]
    with tempfile.TemporaryDirectory() as folder, opened_box(Path(folder)) as (box, rig):
        for notice in (SHORT, LONG):
            airing = box.station.announce(notice)
            box.station.wait_for_end(airing.id)
        for process in busy:
            process.start()
        print(f"| {arguments.load} busy processes, ms | median | least | p95 | most |")
        print("|---|---|---|---|---|")
        queued, late = due_to_sample(box, rig, arguments.rounds)
        row("due time → queue", queued)
        row("due time → first sample", late)
        row("stop → last sample", stop_to_silence(box, rig, max(1, arguments.rounds // 4)))
        for process in busy:
            process.kill()


if __name__ == "__main__":
    main()
