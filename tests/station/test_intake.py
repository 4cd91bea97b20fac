"""What is accepted for the air, on a real store and a real player: aired once, whatever happens."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rig.intake_box import Box, make_line, open_box
from rig.rig import wait_until

from broadcaster.core.model import AiringKind, Item, Outcome
from broadcaster.core.notice import Severity

Open = Callable[..., AbstractContextManager[Box]]


@pytest.fixture
def line(tmp_path: Path) -> Item:
    return make_line(tmp_path)


@pytest.fixture
def open_again(tmp_path: Path, line: Item) -> Open:
    """A box on the same state; `folder` may be one that cannot be written."""
    return lambda folder="state": open_box(tmp_path / folder, line)


def test_what_waits_when_the_clock_becomes_right_is_not_taken_up_as_well(open_again: Open) -> None:
    with open_again() as box:
        box.intake.accept(box.airing("sounding"))
        thread = box.start()
        box.note_progress()
        box.intake.accept(box.airing("waiting"))
        box.intake.take_up()
        box.device.release()
        thread.join(10)
        box.play_on()
        assert box.ends() == [("sounding", Outcome.PLAYED), ("waiting", Outcome.PLAYED)]


def test_what_a_person_asked_for_is_on_its_way_while_the_disk_writes(open_again: Open) -> None:
    with open_again() as box:
        promised: list[bool] = []
        asked = box.airing("water")
        asker = threading.Thread(target=lambda: promised.append(box.intake.accept(asked)))
        with box.store.database.transaction():
            asker.start()
            wait_until(lambda: box.player.waiting() == (asked,))
            assert not promised, "nobody is told that it is accepted before it is written"
        asker.join(10)
        assert promised == [True]
        box.play_on()
        assert box.ends() == [("water", Outcome.PLAYED)]


def test_what_is_due_is_put_once_also_while_the_disk_cannot_tell(
    tmp_path: Path, open_again: Open
) -> None:
    (tmp_path / "broken").write_text("a file where the folder should be")
    with open_again("broken") as box:
        due = box.airing("due", AiringKind.SCHEDULED)
        box.intake.put(due)
        box.play_on()
        box.intake.put(due)
        assert box.player.waiting() == ()


def test_what_a_stop_has_ended_is_not_put_again(open_again: Open) -> None:
    with open_again() as box:
        due = box.airing("due", AiringKind.SCHEDULED)
        box.intake.put(due)
        assert len(box.player.stop_all("停播")) == 1
    with open_again() as box:
        box.intake.put(due)
        assert box.player.waiting() == () and box.ends() == [("due", Outcome.CANCELLED)]


def test_what_is_live_is_said_again_at_once_also_by_a_clock_that_is_behind(open_again: Open) -> None:
    with open_again() as box:
        box.clock.step(timedelta(days=400))
        box.store.queue.accept(box.airing("killed in its opening"))
        box.store.queue.progress("killed in its opening", 0, 3.4)
        box.store.queue.accept(box.airing("waited"))
        box.store.queue.accept(box.airing("planned", AiringKind.SCHEDULED))
        red = box.airing("red", AiringKind.SCHEDULED)
        box.store.queue.accept(replace(red, notice=replace(red.notice, severity=Severity.RED)))
        box.store.queue.progress("red", 2, 3.0)
    with open_again() as box:
        box.intake.take_up(clock_is_right=False)
        box.play_on()
        heard = {"killed in its opening": 2, "waited": 2, "red": 1}
        assert {name: len(sounds) for name, sounds in box.device.heard.items()} == heard
        assert {name: outcome for name, outcome in box.ends()} == dict.fromkeys(heard, Outcome.PLAYED)
        box.clock.step(timedelta(days=400))
        box.intake.take_up()
        box.play_on()
        assert box.ends()[3:] == [("planned", Outcome.PLAYED)]


def test_what_waits_for_the_clock_is_seen_and_can_be_cancelled(open_again: Open) -> None:
    with open_again() as box:
        planned, unwanted = (box.airing(name, AiringKind.SCHEDULED) for name in ("planned", "unwanted"))
        box.intake.accept(planned)
        box.intake.accept(unwanted)
    with open_again() as box:
        box.intake.take_up(clock_is_right=False)
        assert box.intake.held() == (planned, unwanted) and box.player.waiting() == ()
        assert box.intake.withdraw("unwanted", "取消")
        assert box.intake.held() == (planned,)
        box.intake.take_up()
        assert box.intake.held() == () and box.player.waiting() == (planned,)
        box.play_on()
        assert box.ends() == [("unwanted", Outcome.CANCELLED), ("planned", Outcome.PLAYED)]


def test_what_a_command_plays_now_is_left_to_it(open_again: Open) -> None:
    with open_again() as box:
        for name in ("elsewhere", "here"):
            box.intake.accept(box.airing(name))
    with open_again() as box:
        box.intake.plays_elsewhere = lambda airing_id: airing_id == "elsewhere"
        box.intake.take_up()
        box.play_on()
        assert box.ends() == [("here", Outcome.PLAYED)]
        assert [one.airing.id for one in box.store.queue.unfinished()] == ["elsewhere"]


def test_what_a_clock_that_is_behind_takes_up_is_not_valid_for_longer(open_again: Open) -> None:
    with open_again() as box:
        box.clock.step(timedelta(days=400))
        box.store.queue.accept(box.airing("live"))
    with open_again() as box:
        box.device.lose()
        box.intake.take_up(clock_is_right=False)
        box.clock.advance(599)
        box.play_on()
        assert box.ends() == []
        box.clock.advance(2)
        box.play_on()
        assert box.ends() == [("live", Outcome.FAILED)]


def test_what_went_by_while_the_box_was_off_or_its_clock_not_believed_says_so(
    open_again: Open,
) -> None:
    with open_again() as box:
        now = box.clock.now()
        for name, minutes in (("while off", 30), ("while held", 70), ("in time", 80)):
            due = now + timedelta(minutes=minutes)
            planned = replace(box.airing(name, AiringKind.SCHEDULED), due_at=due)
            box.intake.accept(replace(planned, expires_at=due + timedelta(minutes=10)))
    with open_again() as box:
        box.clock.step(timedelta(minutes=60))
        box.intake.take_up(clock_is_right=False)
        box.clock.advance(25 * 60)
        box.intake.take_up()
        box.play_on()
        ends = {row.airing_id: (row.outcome, row.reason) for row in box.store.journal.recent(9)}
    assert ends == {
        "while off": (Outcome.EXPIRED, "关机错过了"),
        "while held": (Outcome.EXPIRED, "时钟没有对准，错过了"),
        "in time": (Outcome.PLAYED, ""),
    }


def test_a_talk_is_never_taken_up(open_again: Open) -> None:
    with open_again() as box:
        for name in ("waited", "killed"):
            talk = box.airing(name)
            box.store.queue.accept(replace(talk, notice=replace(talk.notice, talk=True)))
        box.store.queue.progress("killed", 0, 1.0)
    with open_again() as box:
        box.intake.take_up()
        box.play_on()
        assert dict(box.ends()) == {"waited": Outcome.CANCELLED, "killed": Outcome.CUT_SHORT}
        assert box.device.heard == {}


def test_a_stop_in_the_first_words_loses_nothing(open_again: Open) -> None:
    with open_again() as box:
        box.intake.accept(box.airing("live"))
        thread = box.start()
        box.device.seconds_until_cut = 1.0
        box.player.leave("广播站关闭")
        thread.join(10)
        assert box.ends() == []
    with open_again() as box:
        box.intake.take_up(clock_is_right=False)
        box.play_on()
        assert box.ends() == [("live", Outcome.PLAYED)]


@pytest.mark.parametrize("kind", list(AiringKind))
def test_of_what_was_killed_in_its_signal_everything_is_said(open_again: Open, kind: AiringKind) -> None:
    with open_again() as box:
        box.store.queue.accept(box.airing("a", kind))
        box.store.queue.progress("a", 0, 2.0)
    with open_again() as box:
        box.intake.take_up()
        box.play_on()
        assert box.ends() == [("a", Outcome.PLAYED)]
        assert len(box.device.played) == 2


def test_how_far_it_came_is_noted_after_each_line(open_again: Open) -> None:
    with open_again() as box:
        box.intake.accept(box.airing("a"))
        thread = box.start()
        box.clock.advance(2.9)
        box.note_progress()
        wait_until(lambda: box.noted() == {"a": pytest.approx((2, 2.9))})
        box.clock.advance(3.0)
        box.note_progress()
        wait_until(lambda: box.noted() == {"a": pytest.approx((3, 5.9))})
        box.device.release()
        thread.join(10)


def test_a_start_is_noted_at_once(open_again: Open) -> None:
    with open_again() as box:
        noting = threading.Thread(target=box.intake.note_progress)
        noting.start()
        box.intake.accept(box.airing("a"))
        thread = box.start()
        noting.join(10)
        box.note_progress()
        wait_until(lambda: "a" in box.noted())
        box.device.release()
        thread.join(10)


def test_a_line_that_cannot_be_read_any_more_keeps_nothing_else_from_the_air(open_again: Open) -> None:
    with open_again() as box:
        box.store.queue.accept(box.airing("damaged"))
        box.store.queue.accept(box.airing("sound"))
        with box.store.database.transaction() as connection:
            connection.exec_driver_sql("UPDATE queue SET airing = '{' WHERE airing_id = 'damaged'")
    with open_again() as box:
        box.intake.take_up()
        box.play_on()
        assert box.ends() == [("damaged", Outcome.FAILED), ("sound", Outcome.PLAYED)]
        assert box.store.queue.unfinished() == []
