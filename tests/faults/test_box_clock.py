"""The clock stepped at random by up to ten years, back and ahead, under a timetable that runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import floor
from pathlib import Path
from random import Random
from time import monotonic
from typing import ClassVar

import pytest
from faults.figures import Figures
from faults.one_line import one_line
from rig.fakes import FakeDevice, ManualClock
from rig.rig import wait_until
from rig.village import Village

from broadcaster.core.clock_trust import ClockTrust
from broadcaster.core.model import Airing, AiringKind, Outcome
from broadcaster.core.notice import Notice
from broadcaster.playout.player import Player
from broadcaster.rules.air_rules import AirRules
from broadcaster.rules.length_estimate import estimated_lengths
from broadcaster.schedule.scheduler import Clockwork
from broadcaster.schedule.slot import Slot
from broadcaster.settings.hourly_limits import QuietSettings
from broadcaster.settings.schema import Settings
from broadcaster.station.durable_queue import DurableQueue, Endings
from broadcaster.store.store import Store, open_store

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATENESS = timedelta(minutes=10)
TEN_YEARS = timedelta(days=3652)


class Tampered(ManualClock):
    """Set by NTP when a test says so."""

    by_ntp = True

    def synchronised(self) -> bool:
        return self.by_ntp


@dataclass(frozen=True)
class Hourly(Slot):
    """Due at each full hour, on the hour of the earth: whatever the zone."""

    kind: ClassVar[AiringKind] = AiringKind.SCHEDULED

    def next_after(self, moment: datetime) -> datetime | None:
        return datetime.fromtimestamp((floor(moment.timestamp() / 3600) + 1) * 3600, UTC)


SLOT = Hourly("报时", Notice("整点"), LATENESS)


@dataclass
class Box:
    """Timetable, intake, player and store of a box, by a clock that a test steps."""

    clock: Tampered
    trust: ClockTrust
    clockwork: Clockwork
    intake: DurableQueue
    player: Player
    device: FakeDevice
    store: Store
    asked: int = 0

    def say(self) -> str:
        """Somebody asks for something now."""
        self.asked += 1
        now = self.clock.now()
        airing = Airing(Notice("急"), now, now + timedelta(minutes=30), id=f"live {self.asked}")
        self.intake.accept(airing)
        return airing.id

    def aired(self) -> list[str]:
        """All that went on the air so far, after what waits has gone there too."""
        while self.player.air_next():
            pass
        return [begun[0] for begun in self.device.begun]

    def outcomes(self, kind: AiringKind) -> set[Outcome]:
        return {row.outcome for row in self.store.journal.each() if row.kind is kind}

    def due_now(self) -> str:
        """The occurrence of this hour."""
        due = datetime.fromtimestamp(floor(self.clock.now().timestamp() / 3600) * 3600, UTC)
        return SLOT.airing_at(due.astimezone(self.clock.zone)).id

    def check(self) -> None:
        """After a step: what is due within its limit comes, and nothing that came before."""
        self.clockwork.step()
        in_time = self.clock.now().minute < LATENESS.seconds // 60
        if self.trust.allows() and in_time:
            wait_until(lambda: self.due_now() in self.aired())
        aired = self.aired()
        assert len(aired) == len(set(aired))
        assert self.trust.allows() or self.due_now() not in aired


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    clock, device = Tampered(NOW), FakeDevice()
    settings = Settings(quiet=QuietSettings(hours=()))
    with open_store(tmp_path / "state" / "broadcaster.db", clock) as store:
        rules = AirRules(settings, estimated_lengths(settings))
        ended = Endings(store.journal, rules).record
        player = Player(one_line(tmp_path), device, rules, ended, clock, store.queue.move)
        intake = DurableQueue(store.queue, player, Endings(store.journal, rules), clock)
        trust = ClockTrust(clock, HOUR, store.state, "boot")
        clockwork = Clockwork([SLOT], intake.put, clock, trust, intake.take_up)
        clockwork.start()
        try:
            yield Box(clock, trust, clockwork, intake, player, device, store)
        finally:
            clockwork.stop()


def test_steps_of_ten_years_either_way_air_nothing_twice_and_miss_nothing(
    box: Box, fault_rounds: int, figures: Figures
) -> None:
    random = Random()
    for _ in range(fault_rounds):
        live = box.say()
        hour = NOW + random.choice((random.uniform(-1, 1) * TEN_YEARS, random.randint(-30, 30) * HOUR))
        aim = hour.replace(minute=random.randint(0, 15), second=30)
        box.clock.step(aim - box.clock.now())
        after, stepped_at = box.say(), monotonic()
        box.check()
        figures.add("made good", monotonic() - stepped_at)
        assert {live, after} <= set(box.aired())
        box.clock.advance(random.uniform(0, 60))
    assert box.outcomes(AiringKind.LIVE) == {Outcome.PLAYED}


@pytest.mark.parametrize("seconds", [-1.0, 1.0, 3 * 3600.0])
def test_a_leap_second_or_a_night_of_sleep_airs_the_hour_once(box: Box, seconds: float) -> None:
    """A machine that sleeps stops its monotonic clock: what is seen is a step."""
    box.check()
    for _ in range(5):
        live = box.say()
        box.clock.step(timedelta(seconds=seconds))
        box.check()
        assert live in box.aired()
    hours = 1 if abs(seconds) < 3600 else 6
    # The first second back is of the hour before, which is within its limit no more.
    assert len([name for name in box.aired() if not name.startswith("live")]) == hours


def test_while_the_clock_is_not_trusted_the_timetable_waits_and_what_is_live_does_not(box: Box) -> None:
    box.clock.step(timedelta(days=-3650))
    live = box.say()
    box.check()
    assert live in box.aired() and not box.trust.allows()
    waiting = box.say()
    box.clock.step(timedelta(days=3650))
    box.check()
    assert waiting in box.aired() and box.due_now() in box.aired()


def test_what_a_clock_that_jumped_had_due_waits_for_its_time_once_it_is_put_back(box: Box) -> None:
    """The player sounds something else while the clock is ahead, and looks when it is right again."""
    noon = SLOT.airing_at(NOW.replace(minute=0, second=0) + 5 * HOUR)
    box.clock.step(timedelta(days=1))
    box.intake.put(noon)
    box.clock.step(timedelta(days=-1))
    assert noon.id not in box.aired()
    box.clock.step(noon.due_at - box.clock.now())
    assert noon.id in box.aired()


def test_a_stop_holds_over_a_step_of_the_clock(box: Box) -> None:
    due = SLOT.airing_at(box.clock.now())
    box.intake.put(due)
    box.player.stop_all("停播")
    box.clock.step(timedelta(days=400))
    box.clockwork.step()
    box.clock.step(timedelta(days=-400))
    box.clockwork.step()
    assert due.id not in box.aired()


@pytest.mark.parametrize("zone", ["America/New_York", "UTC", "Asia/Nowhere"])
def test_a_machine_in_the_wrong_zone_airs_by_the_stations_own(village: Village, zone: str) -> None:
    (village.folder / "timetable.yaml").write_text(
        "slots: [{name: 早安, at: '07:30', text: 乡亲们早上好。}]", encoding="utf-8"
    )
    right = village.call("next", "--json").stdout
    village.environment["TZ"] = zone
    wrong = village.call("next", "--json").stdout
    assert "07:30" in right and wrong == right
