"""A flood of what a box refuses fills no log, and none of it is left untold."""

import pytest
from rig.fakes import ManualClock

from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.link.refusal_log import QUIET_SECONDS, RefusalLog


def test_of_each_reason_one_line_a_minute_is_told_with_how_many_more_there_were(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = ManualClock()
    log = RefusalLog(clock)
    for _ in range(200):
        log.tell("b/1", NotAccepted(Refusal.BAD_SIGNATURE))
    log.tell("b/1", NotAccepted(Refusal.TOO_BIG))
    assert [one.split("：")[0] for one in caplog.messages] == ["县里发来的没有收（b/1）"] * 2
    caplog.clear()
    clock.advance(QUIET_SECONDS)
    log.look()
    assert caplog.messages == [f"县里发来的又有 199 条没有收：{Refusal.BAD_SIGNATURE.sentence}"]
    caplog.clear()
    log.tell("b/1", NotAccepted(Refusal.TOO_BIG))
    assert len(caplog.messages) == 1, "a minute without any: the next is told at once"
    clock.advance(QUIET_SECONDS)
    log.look()
    assert len(caplog.messages) == 1, "nothing more came"
