"""The player airs each airing once, in the order of the rules, and writes exactly one honest end of
it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
from rig.fakes import FakeDevice, ManualClock
from rig.rig import wait_until

from broadcaster.core.clock_trust import SETTLED_SECONDS
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
    RenderFailed,
    line_before,
)
from broadcaster.core.notice import Notice, OfficeLevel, Severity
from broadcaster.core.piece import Piece, PieceKind
from broadcaster.playout.air_queue import AirQueue, QueuedAiring
from broadcaster.playout.player import Player
from broadcaster.rules.precedence import Cause
from broadcaster.rules.quiet_hours import PASSES, Ruling, Verdict

RATE_HZ = 48_000


class Maker:
    """Makes every notice of two clips of 1 s and 2 s, as the studio does; can refuse or hold back."""

    def __init__(self, folder: Path) -> None:
        self.items = tuple(self._item(folder, seconds) for seconds in (1, 2))
        self.refuse_next = ""
        self.break_next = False
        self.first = 1
        self.closed = 0
        self.as_it_closes: Callable[[], object] = lambda: None

    @contextmanager
    def make(self, waited: QueuedAiring, deliver: Callable[[Delivery], None]) -> Iterator[None]:
        if self.break_next:
            self.break_next = False
            raise RuntimeError("a fault of our own")
        first, second = (
            line_before(item.piece) + 1 if item.piece else line
            for line, item in enumerate(self.items, self.first)
        )
        deliver(Ready(self.items[0], first))
        if self.refuse_next:
            deliver(RenderFailed(self.refuse_next))
        else:
            deliver(Ready(self.items[1], second))
            deliver(Made(Programme("fake:beep", self.items)))
        yield
        self.closed += 1
        self.as_it_closes()

    def _item(self, folder: Path, seconds: int) -> Item:
        path = folder / f"{seconds}.wav"
        soundfile.write(path, np.full(seconds * RATE_HZ, 100, np.int16), RATE_HZ)
        return Item(Clip(path.stem, path, seconds))


class FakeRules:
    """Lets everything pass at full volume, but for the airings it was told of."""

    def __init__(self) -> None:
        self.verdicts: dict[str, Verdict] = {}
        self.volumes: dict[str, int] = {}

    def verdict(self, airing: Airing, moment: datetime) -> Verdict:
        return self.verdicts.get(airing.id, PASSES)

    def volume(self, airing: Airing, moment: datetime) -> int:
        return self.volumes.get(airing.id, 100)


class Air:
    """A player on a fake device; `step` airs one airing, `start` does so on another thread."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.device = FakeDevice()
        self.maker = Maker(folder)
        self.journal: list[JournalEntry] = []
        self.rules = FakeRules()
        self.deferred: list[Airing] = []
        self.player = Player(
            self.maker.make,
            self.device,
            self.rules,
            lambda *entries: self.journal.extend(entries),
            self.clock,
            self.deferred.append,
        )

    def airing(
        self, name: str, severity: Severity = Severity.DAILY, kind: AiringKind = AiringKind.LIVE
    ) -> Airing:
        now = self.clock.now()
        notice = Notice(name, severity=severity)
        return Airing(notice, now, now + timedelta(minutes=10), kind, id=name)

    def put(
        self, name: str, severity: Severity = Severity.DAILY, kind: AiringKind = AiringKind.LIVE
    ) -> None:
        self.player.put(QueuedAiring(self.airing(name, severity, kind)))

    def start(self) -> threading.Thread:
        """Begin the next airing, which goes on until it is cut or released."""
        self.device.holds = True
        thread = threading.Thread(target=self.player.step, name="player")
        thread.start()
        wait_until(lambda: self.player.on_air and self.player.on_air.voice)
        return thread

    def endings(self) -> list[tuple[str, Outcome]]:
        return [(entry.airing.id, entry.outcome) for entry in self.journal]


@pytest.fixture
def air(tmp_path: Path) -> Air:
    return Air(tmp_path)


def test_an_airing_is_played_to_its_end_and_journaled_once(air: Air) -> None:
    air.put("a")
    air.player.air_next()
    (entry,) = air.journal
    assert (entry.airing.id, entry.outcome, entry.reason) == ("a", Outcome.PLAYED, "")
    assert (entry.seconds_played, entry.seconds_due, entry.voice) == (3.0, 3.0, "fake:beep")
    assert entry.started_at == air.clock.now()
    assert air.device.played == [item.clip.path for item in air.maker.items]
    assert air.player.on_air is None
    assert air.maker.closed == 1


def test_a_damaged_sound_is_thrown_away_and_asked_for_again(air: Air, tmp_path: Path) -> None:
    thrown: list[Path] = []

    def make_again(sound: Path) -> None:
        thrown.append(sound)
        soundfile.write(sound, np.full(2 * RATE_HZ, 100, np.int16), RATE_HZ)

    air.player.on_damage = make_again
    (tmp_path / "2.wav").write_bytes(b"damaged")
    air.put("a")
    air.player.air_next()
    (entry,) = air.journal
    assert (entry.outcome, entry.seconds_played, entry.seconds_due) == (Outcome.PLAYED, 3.0, 3.0)
    assert thrown == [tmp_path / "2.wav"]
    assert air.device.played == [item.clip.path for item in air.maker.items], "none of them twice"


@pytest.mark.parametrize(("number", "other"), [(1, 2), (2, 1)])
def test_a_line_that_is_damaged_again_is_left_out_and_told(
    air: Air, tmp_path: Path, number: int, other: int
) -> None:
    (tmp_path / f"{number}.wav").write_bytes(b"damaged")
    air.put("a")
    air.player.air_next()
    (entry,) = air.journal
    assert (entry.outcome, entry.seconds_played) == (Outcome.FAILED, float(other))
    assert "有一句" in entry.reason


def test_a_damaged_signal_is_left_out_and_the_notice_is_heard(air: Air, tmp_path: Path) -> None:
    air.maker.first = 0
    (tmp_path / "1.wav").write_bytes(b"damaged")
    air.put("a")
    air.player.air_next()
    assert air.endings() == [("a", Outcome.PLAYED)]
    assert air.device.played == [tmp_path / "2.wav"]


def test_what_is_late_when_it_is_put_cuts_nobody_and_is_never_first(air: Air) -> None:
    """As a start takes up what was accepted before the power went, one after the other."""
    air.put("sounding")
    thread = air.start()
    late = replace(air.airing("late", Severity.RED), expires_at=air.clock.now() - timedelta(minutes=1))
    air.player.put(QueuedAiring(late))
    assert air.player.on_air and air.player.on_air.cut is None
    air.device.release()
    thread.join(60)
    queue = AirQueue()
    queue.put(QueuedAiring(late))
    assert queue.first(air.clock.now(), 0.0) is None
    assert not air.player.air_next()
    assert air.endings() == [("sounding", Outcome.PLAYED), ("late", Outcome.EXPIRED)]


def test_an_expired_airing_is_not_played(air: Air) -> None:
    air.put("a")
    air.clock.advance(601)
    air.player.air_next()
    assert air.endings() == [("a", Outcome.EXPIRED)]
    assert air.device.played == []


def test_what_is_put_too_late_while_another_is_ended_as_late_does_not_sound(air: Air) -> None:
    def ended(*entries: JournalEntry) -> None:
        air.journal.extend(entries)
        if len(air.journal) == 1:
            player.put(QueuedAiring(second))

    player = Player(air.maker.make, air.device, air.rules, ended, air.clock)
    first, second = air.airing("first"), air.airing("second", kind=AiringKind.SCHEDULED)
    player.put(QueuedAiring(first))
    air.clock.advance(601)
    while player.air_next() or player.waiting():
        pass
    assert air.endings() == [("first", Outcome.EXPIRED), ("second", Outcome.EXPIRED)]
    assert air.device.played == []


def test_a_severer_newcomer_cuts_what_sounds_and_goes_next(air: Air) -> None:
    air.put("daily")
    thread = air.start()
    air.put("equal")
    air.put("flood", Severity.RED)
    thread.join(60)
    air.device.holds = False
    air.player.air_next()
    air.player.air_next()
    assert air.endings() == [
        ("daily", Outcome.CUT_SHORT),
        ("flood", Outcome.PLAYED),
        ("equal", Outcome.PLAYED),
    ]
    assert "更紧急" in air.journal[0].reason


def test_an_equal_newcomer_waits(air: Air) -> None:
    air.put("first", Severity.RED)
    thread = air.start()
    air.put("second", Severity.RED)
    assert [airing.id for airing in air.player.waiting()] == ["second"]
    air.device.release()
    thread.join(60)
    assert air.endings() == [("first", Outcome.PLAYED)]


def test_stop_all_ends_what_sounds_and_what_waits(air: Air) -> None:
    air.put("sounding")
    thread = air.start()
    air.put("waiting")
    assert len(air.player.stop_all("停播")) == 2
    thread.join(60)
    assert sorted(air.endings()) == [("sounding", Outcome.CUT_SHORT), ("waiting", Outcome.CANCELLED)]
    assert air.player.stop_all("停播") == []


def test_one_airing_is_cancelled_while_it_waits_or_sounds(air: Air) -> None:
    air.put("sounding")
    thread = air.start()
    air.put("waiting")
    assert air.player.cancel("waiting", "取消")
    assert air.player.cancel("sounding", "取消")
    thread.join(60)
    assert air.endings() == [("waiting", Outcome.CANCELLED), ("sounding", Outcome.CUT_SHORT)]
    assert not air.player.cancel("nobody", "取消")


def test_a_programme_that_cannot_be_made_to_its_end_has_failed(air: Air) -> None:
    air.maker.refuse_next = "语音引擎坏了"
    air.put("a")
    air.player.air_next()
    (entry,) = air.journal
    assert (entry.outcome, entry.reason) == (Outcome.FAILED, "语音引擎坏了")
    assert entry.seconds_played == 1.0


def test_what_a_lost_device_cut_is_said_when_it_is_back_and_journaled_once(air: Air) -> None:
    air.device.fail_next = "声卡掉线"
    air.put("a")
    air.clock.advance(1)
    air.put("b")
    air.player.air_next()
    assert air.player.fault == "声卡掉线"
    assert not air.player.air_next()
    air.device.come_back()
    air.clock.advance(1)
    air.player.air_next()
    air.player.air_next()
    assert air.endings() == [("a", Outcome.PLAYED), ("b", Outcome.PLAYED)]
    assert air.journal[0].seconds_played == 3.0


def test_a_fault_of_our_own_costs_one_airing(air: Air) -> None:
    air.maker.break_next = True
    air.put("a")
    air.put("b")
    air.player.air_next()
    air.player.air_next()
    assert air.endings() == [("a", Outcome.FAILED), ("b", Outcome.PLAYED)]


def test_waking_a_player_with_nothing_to_do_returns(air: Air) -> None:
    thread = threading.Thread(target=air.player.step)
    thread.start()

    def ended() -> bool:
        air.player.wake()
        return not thread.is_alive()

    wait_until(ended)
    assert air.journal == []


def test_a_higher_office_waits_for_its_equal_in_severity(air: Air) -> None:
    air.put("village")
    thread = air.start()
    county = air.airing("county")
    air.player.put(
        QueuedAiring(replace(county, notice=replace(county.notice, office=OfficeLevel.COUNTY)))
    )
    air.device.release()
    thread.join(60)
    assert air.endings() == [("village", Outcome.PLAYED)]


def test_volume_and_zones_go_with_the_item(air: Air) -> None:
    air.rules.volumes["a"] = 40
    a = air.airing("a")
    air.player.put(QueuedAiring(replace(a, notice=replace(a.notice, zones=("东街",)))))
    air.put("b")
    air.player.air_next()
    air.player.air_next()
    assert air.device.begun == [("a", 40, ("东街",)), ("b", 100, ())]


def test_a_scheduled_one_goes_on_from_the_line_that_was_cut_and_is_journaled_once(air: Air) -> None:
    air.put("scheduled", kind=AiringKind.SCHEDULED)
    thread = air.start()
    air.device.seconds_until_cut = 1.5
    air.put("flood", Severity.RED)
    thread.join(60)
    air.device.holds = False
    air.device.played.clear()
    air.player.air_next()
    air.player.air_next()
    assert air.endings() == [("flood", Outcome.PLAYED), ("scheduled", Outcome.PLAYED)]
    flood, rest = air.device.played[:2], air.device.played[2:]
    assert (len(flood), rest) == (2, [air.maker.items[1].clip.path])
    assert air.journal[1].seconds_played == 1.5 + 2.0
    assert air.journal[1].seconds_due == 3.0
    assert [entry.reason for entry in air.journal] == ["", "给更紧急的让过路，接着播完的"]


@pytest.mark.parametrize("kind", [AiringKind.LIVE, AiringKind.LOOP])
def test_what_is_live_or_a_loop_is_not_taken_up_again(air: Air, kind: AiringKind) -> None:
    air.put("daily", kind=kind)
    thread = air.start()
    air.put("flood", Severity.RED)
    thread.join(60)
    air.device.holds = False
    air.player.air_next()
    assert not air.player.air_next()
    assert air.endings() == [("daily", Outcome.CUT_SHORT), ("flood", Outcome.PLAYED)]


def test_what_was_cut_and_is_too_late_then_ends_cut_short_with_its_seconds(air: Air) -> None:
    air.put("scheduled", kind=AiringKind.SCHEDULED)
    thread = air.start()
    air.device.seconds_until_cut = 0.5
    air.put("flood", Severity.RED)
    thread.join(60)
    air.clock.advance(601)
    air.device.holds = False
    assert not air.player.air_next()
    ends = {entry.airing.id: entry for entry in air.journal}
    assert ends["scheduled"].outcome is Outcome.CUT_SHORT
    assert ends["scheduled"].seconds_played == 0.5


def test_what_was_cut_for_something_severer_and_then_stopped_does_not_go_on(air: Air) -> None:
    air.put("scheduled", kind=AiringKind.SCHEDULED)
    thread = air.start()
    air.put("flood", Severity.RED)
    thread.join(60)
    assert len(air.player.stop_all("停播")) == 2
    assert air.endings() == [("flood", Outcome.CANCELLED), ("scheduled", Outcome.CUT_SHORT)]
    assert not air.player.air_next()


def test_a_persons_stop_goes_before_a_severer_notice(air: Air) -> None:
    air.device.deaf = True
    air.put("scheduled", kind=AiringKind.SCHEDULED)
    thread = air.start()
    air.put("flood", Severity.RED)
    air.player.stop_all("停播")
    air.device.hear()
    thread.join(60)
    ends = {entry.airing.id: (entry.outcome, entry.reason) for entry in air.journal}
    assert ends["scheduled"] == (Outcome.CUT_SHORT, "停播")


@pytest.mark.parametrize("kind", AiringKind)
def test_a_lost_card_makes_every_kind_wait_and_go_on_with_the_line_that_was_cut(
    air: Air, kind: AiringKind
) -> None:
    air.put("a", kind=kind)
    thread = air.start()
    air.device.lose(after_seconds=1.2)
    thread.join(60)
    assert not air.player.air_next() and air.journal == []
    air.device.come_back()
    air.device.holds = False
    air.clock.advance(1)
    air.player.air_next()
    (entry,) = air.journal
    assert (entry.outcome, entry.seconds_played) == (Outcome.PLAYED, 1.2 + 2.0)
    assert entry.reason == "声卡断过，接着播完的"


@pytest.mark.parametrize(("heard", "reason"), [(0.4, "声卡断过，又从头播完的"), (None, "")])
def test_what_is_said_from_its_beginning_again_says_so_if_any_of_it_was_heard(
    air: Air, heard: float | None, reason: str
) -> None:
    air.put("a")
    if heard is None:
        air.device.fail_next = "声卡掉线"
        air.player.air_next()
    else:
        thread = air.start()
        air.device.lose(after_seconds=heard)
        thread.join(60)
    air.device.come_back()
    air.device.holds = False
    air.clock.advance(1)
    air.player.air_next()
    (entry,) = air.journal
    assert (entry.outcome, entry.reason) == (Outcome.PLAYED, reason)


def test_a_card_that_is_not_back_in_time_fails_it_with_the_seconds_really_heard(air: Air) -> None:
    air.put("live")
    thread = air.start()
    air.device.lose(after_seconds=1.2)
    thread.join(60)
    air.clock.advance(601)
    assert not air.player.air_next()
    (entry,) = air.journal
    assert (entry.outcome, entry.reason, entry.seconds_played) == (Outcome.FAILED, "声卡掉线", 1.2)


def test_a_card_that_dies_at_each_try_is_not_tried_at_full_speed(air: Air) -> None:
    air.put("live")
    tries = 0
    while not air.journal:
        air.device.come_back()
        air.device.fail_next = "声卡掉线"
        tries += air.player.air_next()
        air.clock.advance(0.25)
    assert air.endings() == [("live", Outcome.EXPIRED)]
    assert 8 <= tries <= 12


def test_without_a_card_everything_waits_to_its_limit_and_that_is_told_within_seconds(air: Air) -> None:
    air.device.lose()
    assert not air.player.air_next()
    air.clock.advance(4)
    assert air.player.waits_for_device == ""
    air.put("live")
    air.put("scheduled", kind=AiringKind.SCHEDULED)
    assert air.player.waits_for_device == "声卡掉线"
    air.clock.advance(590)
    assert not air.player.air_next() and air.journal == []
    air.clock.advance(20)
    assert not air.player.air_next()
    assert air.endings() == [("live", Outcome.FAILED), ("scheduled", Outcome.FAILED)]
    assert {entry.reason for entry in air.journal} == {"声卡掉线"}
    assert air.player.waits_for_device == ""


def test_what_waited_for_the_card_is_said_when_it_is_back(air: Air) -> None:
    air.device.lose()
    air.put("live")
    air.player.air_next()
    air.clock.advance(500)
    air.device.come_back()
    air.player.air_next()
    assert air.endings() == [("live", Outcome.PLAYED)]


def test_a_talk_without_a_card_ends_within_seconds_and_is_not_taken_up(air: Air) -> None:
    def talk(name: str) -> Airing:
        airing = air.airing(name)
        return replace(airing, notice=replace(airing.notice, talk=True))

    air.player.put(QueuedAiring(talk("sounding")))
    thread = air.start()
    air.device.lose(after_seconds=1.2)
    thread.join(60)
    air.player.put(QueuedAiring(talk("waiting")))
    air.player.air_next()
    air.clock.advance(4)
    air.player.air_next()
    assert air.endings() == [("sounding", Outcome.FAILED), ("waiting", Outcome.FAILED)]
    assert {entry.reason for entry in air.journal} == {"声卡掉线"}


def test_a_card_that_is_back_wakes_the_player(air: Air) -> None:
    air.device.lose()
    air.put("scheduled", kind=AiringKind.SCHEDULED)

    def step_twice() -> None:
        air.player.step()
        air.player.step()

    thread = threading.Thread(target=step_twice)
    thread.start()
    air.device.come_back()
    thread.join(60)
    assert air.endings() == [("scheduled", Outcome.PLAYED)]


def test_what_quiet_hours_forbid_is_journaled_as_suppressed_and_not_heard(air: Air) -> None:
    air.rules.verdicts["night"] = Verdict(Ruling.SUPPRESS, "夜里不播")
    air.put("night")
    air.put("morning")
    air.player.air_next()
    air.player.air_next()
    assert air.endings() == [("night", Outcome.SUPPRESSED), ("morning", Outcome.PLAYED)]
    assert air.journal[0].reason == "夜里不播"


def test_what_waits_for_the_end_of_quiet_hours_is_said_then(air: Air) -> None:
    until = air.clock.now() + timedelta(hours=8)
    air.rules.verdicts["news"] = Verdict(Ruling.DEFER, "夜里不播", until)
    air.put("news")
    assert air.player.air_next()
    assert not air.player.air_next() and air.journal == []
    assert [(moved.id, moved.due_at) for moved in air.deferred] == [("news", until)]
    assert air.deferred[0].expires_at == until + timedelta(minutes=10)
    del air.rules.verdicts["news"]
    air.clock.advance(8 * 3600)
    air.player.air_next()
    assert air.endings() == [("news", Outcome.PLAYED)]


def test_what_may_not_sound_cuts_nothing(air: Air) -> None:
    air.rules.verdicts["drill"] = Verdict(Ruling.SUPPRESS, "演练夜里不播")
    air.put("daily")
    thread = air.start()
    air.put("drill", Severity.RED)
    air.device.release()
    thread.join(60)
    assert air.endings() == [("daily", Outcome.PLAYED)]


def test_leaving_ends_what_was_half_said_and_leaves_the_rest_for_the_next_start(air: Air) -> None:
    air.put("live")
    thread = air.start()
    air.device.seconds_until_cut = 1.5
    air.put("waiting")
    air.player.leave("广播站关闭")
    thread.join(60)
    assert air.endings() == [("live", Outcome.CUT_SHORT)]
    assert not air.player.air_next()


@pytest.mark.parametrize(
    ("kind", "severity", "heard"),
    [
        (AiringKind.LIVE, Severity.DAILY, 0.4),
        (AiringKind.LIVE, Severity.RED, 1.5),
        (AiringKind.SCHEDULED, Severity.DAILY, 1.5),
    ],
)
def test_leaving_leaves_unended_what_the_next_start_takes_up(
    air: Air, kind: AiringKind, severity: Severity, heard: float
) -> None:
    paused: list[QueuedAiring] = []
    air.player.on_pause = paused.append
    air.put("a", severity, kind)
    thread = air.start()
    air.device.seconds_until_cut = heard
    air.player.leave("广播站关闭")
    thread.join(60)
    assert air.journal == []
    assert [(one.next_line, one.seconds_played) for one in paused] == [(2 if heard > 1 else 0, heard)]


def test_one_that_sounded_in_part_before_the_start_goes_on_where_it_was(air: Air) -> None:
    airing = air.airing("scheduled", kind=AiringKind.SCHEDULED)
    before = air.clock.now() - timedelta(minutes=1)
    begun = QueuedAiring(airing, next_line=2, seconds_played=1.0, started_at=before, cut_by=Cause.DOWN)
    air.player.put(begun)
    air.player.air_next()
    (entry,) = air.journal
    assert entry.reason == "停过电或者重启过，接着播完的"
    assert (entry.outcome, entry.seconds_played, entry.started_at) == (Outcome.PLAYED, 3.0, before)
    assert air.device.played == [air.maker.items[1].clip.path]


def test_one_that_lacks_only_its_last_moment_is_not_taken_up_for_it(air: Air) -> None:
    air.put("scheduled", kind=AiringKind.SCHEDULED)
    thread = air.start()
    air.device.lose(after_seconds=2.9)
    thread.join(60)
    assert air.endings() == [("scheduled", Outcome.PLAYED)]
    assert air.player.waiting() == ()


def test_a_stop_that_comes_as_the_card_is_lost_is_not_forgotten(air: Air) -> None:
    air.maker.as_it_closes = lambda: air.player.stop_all("停播")
    air.put("scheduled", kind=AiringKind.SCHEDULED)
    thread = air.start()
    air.device.lose(after_seconds=1.2)
    thread.join(60)
    assert [(entry.outcome, entry.reason) for entry in air.journal] == [(Outcome.CUT_SHORT, "停播")]
    assert air.player.waiting() == ()


def test_what_was_stopped_while_it_waits_for_the_card_does_not_sound(air: Air) -> None:
    air.put("live")
    thread = air.start()
    air.device.lose(after_seconds=1.2)
    thread.join(60)
    assert len(air.player.stop_all("停播")) == 1
    assert air.endings() == [("live", Outcome.CUT_SHORT)]


def test_a_card_that_is_lost_for_a_moment_costs_nothing(air: Air) -> None:
    air.put("sounding")
    thread = air.start()
    air.clock.advance(300)
    air.put("waiting")
    air.device.lose(after_seconds=1.2)
    thread.join(60)
    air.player.air_next()
    air.clock.advance(1)
    air.player.air_next()
    air.device.come_back()
    air.device.holds = False
    air.player.air_next()
    air.player.air_next()
    assert air.endings() == [("sounding", Outcome.PLAYED), ("waiting", Outcome.PLAYED)]


def test_a_red_newcomer_without_a_card_waits_for_it_and_goes_first(air: Air) -> None:
    air.put("scheduled", kind=AiringKind.SCHEDULED)
    thread = air.start()
    air.device.lose(after_seconds=0.5)
    thread.join(60)
    air.put("flood", Severity.RED)
    assert not air.player.air_next()
    air.device.come_back()
    air.device.holds = False
    air.clock.advance(1)
    air.player.air_next()
    air.player.air_next()
    assert air.endings() == [("flood", Outcome.PLAYED), ("scheduled", Outcome.PLAYED)]


def test_quiet_hours_that_begin_while_it_waits_to_go_on_end_it_with_what_was_heard(air: Air) -> None:
    air.put("scheduled", kind=AiringKind.SCHEDULED)
    thread = air.start()
    air.device.seconds_until_cut = 1.5
    air.put("flood", Severity.RED)
    thread.join(60)
    air.rules.verdicts["scheduled"] = Verdict(Ruling.SUPPRESS, "夜间不播")
    air.device.holds = False
    while air.player.air_next():
        pass
    assert air.endings()[1] == ("scheduled", Outcome.CUT_SHORT)
    assert (air.journal[1].seconds_played, air.journal[1].reason) == (1.5, "夜间不播")


@pytest.mark.parametrize("days", [-3650, 3650])
def test_what_is_live_outlasts_a_step_of_the_clock_and_the_timetable_goes_by_it(
    air: Air, days: int
) -> None:
    air.put("planned", kind=AiringKind.SCHEDULED)
    air.put("live")
    air.clock.step(timedelta(days=days))
    air.put("after")
    air.clock.advance(300)
    while air.player.air_next():
        pass
    looked_at = air.clock.now()
    air.clock.advance(SETTLED_SECONDS)
    while air.player.air_next():
        pass
    ends = {entry.airing.id: entry for entry in air.journal}
    planned = Outcome.PLAYED if days < 0 else Outcome.EXPIRED
    outcomes = {name: entry.outcome for name, entry in ends.items()}
    assert outcomes == {"live": Outcome.PLAYED, "after": Outcome.PLAYED, "planned": planned}
    assert ends["planned"].reason == ("" if days < 0 else "时钟跳过去，错过了")
    assert air.deferred == [ends["live"].airing]
    assert looked_at - ends["live"].airing.due_at == timedelta(seconds=300)


@pytest.mark.parametrize("kind", [AiringKind.LIVE, AiringKind.SCHEDULED])
def test_a_clock_that_jumps_and_is_put_back_costs_nobody_his_notice(air: Air, kind: AiringKind) -> None:
    waits_until = air.clock.now() + timedelta(hours=11)
    air.rules.verdicts["this evening"] = Verdict(Ruling.DEFER, "夜里不播", waits_until)
    air.put("this evening", kind=kind)
    while air.player.air_next():
        pass
    air.clock.step(timedelta(days=3650))
    assert not air.player.air_next()
    air.clock.advance(SETTLED_SECONDS / 2)
    assert not air.player.air_next()
    air.clock.step(timedelta(days=-3650))
    del air.rules.verdicts["this evening"]
    air.clock.step(timedelta(hours=11))
    while air.player.air_next():
        pass
    assert air.endings() == [("this evening", Outcome.PLAYED)]


def test_what_is_live_and_stale_ends_also_after_a_step_back(air: Air) -> None:
    air.put("live")
    air.clock.step(timedelta(days=-1))
    air.clock.advance(601)
    assert not air.player.air_next()
    assert air.endings() == [("live", Outcome.EXPIRED)]


def test_whoever_looks_while_one_begins_finds_it_waiting_or_on_the_air(air: Air) -> None:
    names = [f"notice-{number}" for number in range(50)]
    looks: list[set[str]] = [set()]
    over = threading.Event()

    def look() -> None:
        while not over.wait(1e-5):  # lets the others have the interpreter
            on_air, waiting = air.player.look()
            looks.append({one.id for one in (*waiting, *([on_air.airing] if on_air else []))})

    def was_seen(name: str) -> bool:
        return name in looks[-1]

    looker = threading.Thread(target=look)
    looker.start()
    for name in names:
        air.put(name)
        thread = air.start()
        wait_until(partial(was_seen, name))
        air.player.cancel(name, "停播")
        thread.join(60)
    over.set()
    looker.join(60)
    for name in names:
        found = [name in look for look in looks]
        first, last = found.index(True), len(found) - found[::-1].index(True)
        assert all(found[first:last]), f"{name} was nowhere before it began"


def test_a_column_with_a_stated_time_ends_with_it(air: Air) -> None:
    now = air.clock.now()
    notice = Notice("", pieces=(Piece(PieceKind.FOLDER, "戏曲", 30),))
    ends = now + timedelta(seconds=0.3)
    air.player.put(QueuedAiring(Airing(notice, now, ends, AiringKind.SCHEDULED, id="opera", firm=True)))
    thread = air.start()
    air.clock.advance(0.3)
    thread.join(20.0)
    (entry,) = air.journal
    assert (entry.outcome, entry.reason) == (Outcome.PLAYED, "到点收了")
    assert air.player.on_air is None and not air.player.waiting()


def test_a_skip_goes_on_with_the_next_piece_and_after_the_last_the_column_is_over(air: Air) -> None:
    air.maker.items = tuple(
        replace(item, continuous=True, piece=piece) for piece, item in enumerate(air.maker.items, 1)
    )
    paused = list[QueuedAiring]()
    air.player.on_pause = paused.append
    air.device.seconds_until_cut = 0.4
    column = Notice("", pieces=(Piece(PieceKind.AUDIO, "一"), Piece(PieceKind.AUDIO, "二")))
    now, until = air.clock.now(), air.clock.now() + timedelta(minutes=10)
    air.player.put(QueuedAiring(Airing(column, now, until, id="opera")))
    for piece in (1, 2):
        thread = air.start()
        assert not air.player.skip("王会计", "opera", 3 - piece), "of another tap"
        assert air.player.skip("王会计", "opera", piece)
        thread.join(20.0)
    assert [waiting.next_line for waiting in paused] == [line_before(2) + 1, line_before(3) + 1]
    assert [path.stem for path in air.device.played] == ["1", "2", "2"]
    air.device.holds = False
    air.player.air_next()
    (entry,) = air.journal
    assert entry.outcome is Outcome.PLAYED and entry.seconds_played == pytest.approx(1.4)
    assert entry.reason == "跳过了第 1 段（王会计），跳过了第 2 段（王会计）"
    assert not air.player.skip("王会计")
    air.put("notice")
    thread = air.start()
    assert not air.player.skip("王会计"), "a notice has no pieces"
    air.device.release()
    thread.join(20.0)
