"""Each occurrence that a box missed while it was off is told once, and none that it did not miss."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from rig.fakes import ManualClock, Memory

from broadcaster.core.clock_trust import SETTLED_SECONDS
from broadcaster.core.errors import StoreUnusable
from broadcaster.core.model import Airing, AiringKind, JournalEntry, Outcome
from broadcaster.core.notice import Notice
from broadcaster.schedule.missed_occurrences import EVER, MOST_COUNTED, Gaps
from broadcaster.schedule.slot import Slot

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True)
class Every(Slot):
    """Due again and again, by the clock."""

    minutes: int
    kind: ClassVar[AiringKind] = AiringKind.LOOP

    def next_after(self, moment: datetime) -> datetime | None:
        whole = (moment - EVER) // timedelta(minutes=self.minutes) + 1
        return EVER + whole * timedelta(minutes=self.minutes)


class Broken(Every):
    def next_after(self, moment: datetime) -> datetime | None:
        raise ValueError("no such day")


HOURLY = Every("整点", Notice("整点。"), 10 * MINUTE, 60)
OFTEN = Every("循环", Notice("循环。"), 10 * MINUTE, 2)


class Box:
    """Starts and stops of a box over one memory, and what it told."""

    def __init__(self, clock: ManualClock, memory: Memory) -> None:
        self.clock = clock
        self.memory = memory
        self.told: list[JournalEntry] = []
        self.put: set[str] = set()
        self.quiet: set[datetime] = set()

    def start(self, is_new: bool = False, lost_since: datetime | None = None) -> Gaps:
        return Gaps(
            self.clock,
            self.memory,
            is_new,
            self.known,
            self.may_come,
            lambda *lines: self.told.extend(lines),
            lost_since,
        )

    def known(self, airing_ids: Collection[str]) -> set[str]:
        """As the journal: also what was told."""
        return (self.put | {line.airing.id for line in self.told}).intersection(airing_ids)

    def look(self, gaps: Gaps, *slots: Slot, jumped: bool = False) -> None:
        gaps.look([(slot, EVER) for slot in slots], jumped)

    def jump(self, gaps: Gaps, by: timedelta, *slots: Slot) -> None:
        """The clock does, and somebody looks."""
        self.clock.step(by)
        self.look(gaps, *slots, jumped=True)

    def settle(self, gaps: Gaps, *slots: Slot) -> None:
        """The clock stays as it is."""
        self.clock.advance(SETTLED_SECONDS)
        self.look(gaps, *slots)

    @property
    def reasons(self) -> list[str]:
        return [line.reason for line in self.told]

    def may_come(self, airing: Airing) -> bool:
        return airing.due_at not in self.quiet

    def off_for(self, gap: timedelta, *slots: Slot) -> list[tuple[str, str]]:
        """What is told of each slot after the box ran, and was off for so long."""
        gaps = self.start()
        gaps.look([], jumped=False)
        gaps.note()
        self.clock.advance(gap.total_seconds())
        self.start().look([(slot, EVER) for slot in slots], jumped=False)
        return [(entry.airing.asked_by, entry.reason) for entry in self.told]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON + MINUTE)


@pytest.fixture
def box(clock: ManualClock) -> Box:
    return Box(clock, Memory())


def test_what_came_too_late_while_the_box_was_off_has_a_line(box: Box) -> None:
    assert box.off_for(2 * HOUR, HOURLY) == [("整点", "关机错过了")]
    (entry,) = box.told
    assert (entry.outcome, entry.seconds_played, entry.started_at) == (Outcome.EXPIRED, 0.0, None)
    assert entry.airing.due_at == NOON + HOUR
    assert entry.airing.due_at.tzinfo is box.clock.zone


def test_what_a_lost_record_may_have_had_is_not_told_as_missed_while_off(box: Box) -> None:
    box.look(box.start(), HOURLY)
    copied_at = box.clock.now()
    box.clock.advance(2 * 3600)
    box.look(box.start(lost_since=copied_at), HOURLY, OFTEN)
    # A torn log is no backup that was put in: what both have in common is said, and no more.
    one, many = box.reasons
    assert one == "数据库坏过，这段的记录不全"
    assert many.startswith(f"{one}，其中到点的 ") and "次" in many
    assert {line.outcome for line in box.told} == {Outcome.UNKNOWN}


def test_what_fell_due_after_the_last_that_outlasted_the_loss_was_missed_for_sure(box: Box) -> None:
    box.look(box.start(), HOURLY)
    copied_at = box.clock.now() - HOUR
    box.clock.advance(2 * 3600)
    box.look(box.start(lost_since=copied_at), HOURLY)
    assert box.reasons == ["关机错过了"]


def test_what_is_still_worth_saying_is_not_missed(box: Box) -> None:
    assert box.off_for(65 * MINUTE, HOURLY) == []


def test_a_slot_that_missed_many_has_one_line_with_their_number(box: Box) -> None:
    assert box.off_for(2 * HOUR, HOURLY, OFTEN) == [
        ("整点", "关机错过了"),
        ("循环", "关机错过了 55 次，从 11月20日 12:02 起"),
    ]


def test_a_month_off_is_one_line_and_soon_found(box: Box) -> None:
    assert box.off_for(timedelta(days=30), OFTEN) == [
        ("循环", f"关机错过了 {MOST_COUNTED} 次以上，从 11月20日 12:02 起")
    ]


def test_what_was_aired_before_the_power_went_or_in_quiet_hours_is_not_missed(box: Box) -> None:
    box.put = {OFTEN.airing_at(NOON + minutes * MINUTE).id for minutes in (2, 4, 6)}
    box.quiet = {NOON + minutes * MINUTE for minutes in range(30, 60)}
    assert box.off_for(80 * MINUTE, OFTEN) == [("循环", "关机错过了 17 次，从 11月20日 12:08 起")]


def test_the_same_gap_is_told_by_one_name_that_no_occurrence_has(box: Box) -> None:
    box.off_for(3 * HOUR, HOURLY)
    box.memory.put("timetable_looked_at", (NOON + MINUTE).isoformat())
    box.look(box.start(), HOURLY)
    first, second = (entry.airing.id for entry in box.told)
    assert first == second != HOURLY.airing_at(NOON + 2 * HOUR).id


def test_what_was_told_alone_is_not_told_again_nor_counted(box: Box) -> None:
    box.off_for(2 * HOUR, HOURLY)
    box.memory.put("timetable_looked_at", (NOON + MINUTE).isoformat())
    box.clock.advance(3600)
    box.look(box.start(), HOURLY)
    assert [entry.airing.due_at for entry in box.told] == [NOON + HOUR, NOON + 2 * HOUR]
    assert box.reasons == ["关机错过了", "关机错过了"]


def test_what_a_clock_that_jumps_forward_leaps_over_has_a_line_when_it_stays_there(box: Box) -> None:
    gaps = box.start()
    box.look(gaps, HOURLY)
    box.jump(gaps, 3 * HOUR, HOURLY)
    assert box.told == []
    box.settle(gaps, HOURLY)
    assert box.reasons == ["时钟跳过去，错过了 3 次，从 11月20日 13:00 起"]
    box.settle(gaps, HOURLY)
    assert len(box.told) == 1


@pytest.mark.parametrize("there", [timedelta(days=1), timedelta(days=-1), timedelta(days=3652)])
def test_a_clock_that_is_put_back_tells_nothing_of_what_has_or_will_have_its_own_end(
    box: Box, there: timedelta
) -> None:
    gaps = box.start()
    box.look(gaps, HOURLY)
    for by in (there, -there):
        box.jump(gaps, by, HOURLY)
        box.clock.advance(5)
        box.look(gaps, HOURLY)
    box.settle(gaps, HOURLY)
    assert box.told == []


def test_what_was_aired_in_the_day_that_a_clock_goes_through_again_is_not_missed(box: Box) -> None:
    box.put = {HOURLY.airing_at(NOON - hours * HOUR).id for hours in range(24)} - {
        HOURLY.airing_at(NOON - 6 * HOUR).id
    }
    gaps = box.start()
    box.look(gaps, HOURLY)
    box.jump(gaps, -20 * HOUR, HOURLY)
    box.settle(gaps, HOURLY)
    box.jump(gaps, 20 * HOUR, HOURLY)
    box.settle(gaps, HOURLY)
    assert [(line.airing.due_at, line.reason) for line in box.told] == [
        (NOON - 6 * HOUR, "时钟跳过去，错过了")
    ]


def test_what_is_missed_after_a_jump_that_was_told_and_put_back_has_its_line(box: Box) -> None:
    gaps = box.start()
    box.look(gaps, HOURLY)
    box.jump(gaps, timedelta(days=3652), HOURLY)
    box.settle(gaps, HOURLY)
    box.jump(gaps, timedelta(days=-3652), HOURLY)
    box.settle(gaps, HOURLY)
    gaps.note()
    box.clock.advance(7200)
    box.look(box.start(), HOURLY)
    last = box.told[-1]
    assert (len(box.told), last.reason) == (2, "关机错过了 2 次，从 11月20日 13:00 起")
    assert last.airing.id != box.told[0].airing.id


def test_a_jump_before_the_power_went_is_told_after_it(box: Box) -> None:
    gaps = box.start()
    box.look(gaps, HOURLY)
    box.jump(gaps, 3 * HOUR, HOURLY)
    box.clock.advance(2 * 3600)
    box.look(box.start(), HOURLY)
    assert [(line.airing.due_at, line.reason) for line in box.told] == [
        (NOON + 2 * HOUR, "时钟跳过去，错过了 2 次，从 11月20日 13:00 起"),
        (NOON + 4 * HOUR, "关机错过了 2 次，从 11月20日 15:00 起"),
    ]


def test_a_clock_that_jumped_ahead_is_told_until_the_record_has_it_or_it_is_put_back(box: Box) -> None:
    gaps = box.start()
    box.look(gaps, HOURLY)
    for by, told in ((3 * HOUR, "时钟从 11月20日 12:01 跳到了后面"), (-3 * HOUR, "")):
        box.jump(gaps, by, HOURLY)
        assert gaps.leap.partition("：")[0] == told
    box.jump(gaps, 3 * HOUR, HOURLY)
    box.settle(gaps, HOURLY)
    assert gaps.leap == "" and box.told


def test_what_was_held_back_for_the_clock_is_told_apart_from_what_the_box_missed_while_off(
    box: Box,
) -> None:
    box.look(box.start(), HOURLY)
    box.clock.advance(2 * 3600)
    gaps = box.start()
    gaps.hold()
    box.clock.advance(3600)
    gaps.hold()
    box.look(gaps, HOURLY)
    # What was due as it came up would have been in time, but for the clock.
    assert [(line.airing.due_at, line.reason) for line in box.told] == [
        (NOON + HOUR, "关机错过了"),
        (NOON + 2 * HOUR, "时钟没有对准，错过了"),
    ]
    box.clock.advance(2 * 3600)
    box.look(gaps, HOURLY)
    assert box.reasons[2:] == ["广播站卡住了，错过了"]


def test_what_fell_due_by_the_wrong_clock_alone_is_no_gap(box: Box) -> None:
    gaps = box.start(is_new=True)
    gaps.hold()
    box.clock.advance(600)
    box.clock.step(timedelta(days=400))
    gaps.look([(HOURLY, gaps.since)], jumped=True)
    assert box.told == []


def test_a_clock_that_is_put_right_before_the_first_look_is_gone_by_at_once(box: Box) -> None:
    box.look(box.start(), HOURLY)
    box.jump(box.start(), 3 * HOUR, HOURLY)
    assert box.reasons == ["关机错过了 2 次，从 11月20日 13:00 起"]


def test_what_a_box_that_stood_still_missed_has_a_line(box: Box) -> None:
    gaps = box.start()
    gaps.look([(HOURLY, EVER)], jumped=False)
    box.clock.advance(7200)
    gaps.look([(HOURLY, EVER)], jumped=False)
    assert [entry.reason for entry in box.told] == ["广播站卡住了，错过了"]


def test_while_somebody_looks_nothing_is_missed_and_the_card_is_written_every_ten_minutes(
    box: Box,
) -> None:
    written: list[str] = []

    class Counting(Memory):
        def put(self, key: str, value: str) -> None:
            written.append(key)

    box.memory = Counting()
    gaps = box.start()
    for _ in range(1800):
        gaps.look([(OFTEN, EVER)], jumped=False)
        box.clock.advance(2)
    assert box.told == []
    assert len(written) == 6


def test_a_new_box_owes_nothing_of_the_time_before_it_was(box: Box) -> None:
    new = box.start(is_new=True)
    box.clock.advance(300)
    assert new.since == NOON + MINUTE
    new.look([(HOURLY, EVER)], jumped=False)
    box.clock.step(HOUR)
    assert new.since == NOON + MINUTE + HOUR, "a step of the clock moves its birth too"
    box.clock.step(-HOUR)
    assert box.start().since == NOON + MINUTE, "after a start too"
    assert box.start(is_new=True).since == NOON + MINUTE, "also if it has said nothing until then"
    box.clock.step(-HOUR)
    assert box.start().since == EVER, "a clock that ran ahead at the birth silences nothing"


def test_a_box_that_has_a_past_owes_what_it_missed(box: Box) -> None:
    assert box.start().since == EVER


def test_a_slot_owes_nothing_of_the_time_before_it_was_written(box: Box) -> None:
    gaps = box.start()
    gaps.look([], jumped=False)
    box.clock.advance(7200)
    gaps.look([(HOURLY, NOON + 100 * MINUTE)], jumped=False)
    assert box.told == []


def test_one_slot_that_cannot_say_when_it_was_due_does_not_keep_the_others_untold(box: Box) -> None:
    broken = Broken("坏的", Notice("坏的。"), MINUTE, 1)
    assert box.off_for(2 * HOUR, broken, HOURLY) == [("整点", "关机错过了")]


def test_a_memory_that_fails_tells_nothing_and_stops_nothing(box: Box) -> None:
    class Failing(Memory):
        def get(self, key: str) -> str:
            raise StoreUnusable("读不了")

        def put(self, key: str, value: str) -> None:
            raise StoreUnusable("写不了")

    box.memory = Failing()
    assert box.off_for(2 * HOUR, HOURLY) == []
