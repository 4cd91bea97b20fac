"""A drill is nowhere taken for an alert, and tells who heard it and how soon."""

import json
from datetime import timedelta

import pytest
from county.county_office import NEXT_VILLAGE, OTHER_VILLAGE, TOWN, OfficeDesk
from county.office_site import LogIn

from broadcaster.bulletin import envelope
from broadcaster.bulletin.bulletin import PAYLOAD_TYPE, BulletinKind, read_bulletin
from broadcaster.bulletin.receipts import PlayedResult
from broadcaster.bulletin.receipts import ReceiptState as Told
from broadcaster.core.model import Outcome
from broadcaster.core.notice import Notice, Severity
from broadcaster.county.board.drills import Drills
from broadcaster.county.broker.box_status import BoxStatus
from broadcaster.county.notices.approval_desk import DraftRecord
from broadcaster.county.notices.draft import DRILL_BEGINS, DRILL_ENDS, Draft, DraftRefused
from broadcaster.settings.hourly_limits import QuietSettings


@pytest.fixture
def drill(desk: OfficeDesk) -> DraftRecord:
    """Heard at once, heard later, silent, and cut off: one village each."""
    quick, slow = desk.enrol(), desk.enrol(NEXT_VILLAGE, "上村")
    desk.enrol(OTHER_VILLAGE, "远村")
    cut = desk.enrol("331121105201", "下村")
    record = desk.send(kind=BulletinKind.DRILL, areas=("331121",), title="防汛演练")
    for box, begins in ((quick, 2), (slow, 60)):
        started = desk.clock.now() + timedelta(seconds=begins)
        ended = started + timedelta(seconds=30)
        heard = PlayedResult(Outcome.PLAYED, started, ended, 30.0, 30.0, 1, "baker:female")
        box.number += 1
        desk.clock.advance(100)
        desk.take(box, box.receipt(record.id, Told.ENDED, desk.clock, heard=heard))
    desk.take(cut, cut.heard(record.id, desk.clock, Outcome.CUT_SHORT, 12))
    return record


def test_it_says_before_and_after_that_it_is_one(plain_desk: OfficeDesk) -> None:
    plain_desk.send(kind=BulletinKind.DRILL, title="洪水来了")
    [sheet] = plain_desk.publisher.in_force()
    made = read_bulletin(envelope.read(sheet.envelope, PAYLOAD_TYPE).payload)
    assert made.text.startswith(DRILL_BEGINS) and made.text.endswith(DRILL_ENDS)
    assert made.title == "演练：洪水来了"


def test_words_too_long_for_a_drill_are_told(plain_desk: OfficeDesk) -> None:
    with pytest.raises(DraftRefused, match="太长"):
        plain_desk.parts.desk.write(
            plain_desk.officer("小王"), plain_desk.draft("字" * 1990, kind=BulletinKind.DRILL)
        )
    assert Draft(Notice(title="演练一下"), kind=BulletinKind.DRILL).sent_title == "演练一下"


def test_the_report_tells_who_heard_it_and_how_soon(desk: OfficeDesk, drill: DraftRecord) -> None:
    report = Drills(desk.parts.database, desk.clock.zone).reports([drill])[drill.id]
    assert [one.name for one in report.heard] == ["洞背村", "上村"]
    # The second began 60 s after the clock's step of 100 s.
    assert (report.begun_median, report.slowest and report.slowest.begun_after) == (81.0, 160.0)
    assert report.ended_median == 150.0
    assert [one.name for one in report.silent] == ["远村"]
    assert [one.name for one in report.partly] == ["下村"]
    assert "331121104200,洞背村" in report.to_csv(desk.clock.zone)


def test_a_box_whose_clock_is_behind_heard_nothing_before_it_was_sent(plain_desk: OfficeDesk) -> None:
    box, record = plain_desk.enrol(), plain_desk.send(kind=BulletinKind.DRILL)
    early = record.issued - timedelta(hours=1) if record.issued else plain_desk.clock.now()
    heard = PlayedResult(Outcome.PLAYED, early, early, 30.0, 30.0, 1, "")
    plain_desk.take(box, box.receipt(record.id, Told.ENDED, plain_desk.clock, heard=heard))
    [one] = Drills(plain_desk.parts.database, plain_desk.clock.zone).reports([record])[record.id].heard
    assert one.begun_after == 0.0


def test_quiet_hours_that_a_village_had_to_keep_are_no_slowness(
    plain_desk: OfficeDesk, log_in: LogIn
) -> None:
    """One waited for them as it told, the other had none: both began 5 s after they might."""
    desk = plain_desk
    desk.clock.advance(timedelta(hours=3, minutes=56).total_seconds())
    resting, free = desk.enrol(), desk.enrol(NEXT_VILLAGE, "上村")
    never = json.dumps(QuietSettings(hours=()).written())
    desk.intake.store_status({free.id: BoxStatus(True, "", never)})
    record = desk.send(kind=BulletinKind.DRILL, areas=("331121",), title="午练")
    desk.take(resting, resting.receipt(record.id, Told.DEFERRED, desk.clock, reason="午休不播"))
    for box, waits in ((free, 5), (resting, 4 * 60)):
        desk.clock.advance(waits)
        desk.take(box, box.heard(record.id, desk.clock, Outcome.PLAYED, 30))
    report = Drills(desk.parts.database, desk.clock.zone).reports([record])[record.id]
    assert {one.name: one.begun_after for one in report.heard} == {"洞背村": 5.0, "上村": 5.0}
    page = log_in("参观").see(f"/drills/{record.id}")
    assert "有 1 个村那时是静音时段，从静音结束算起" in page and "14:00" in page
    assert page.count("5 秒后响") == 3 and "14:00" in report.to_csv(desk.clock.zone)


def test_drills_stand_apart_and_never_in_the_colours_of_an_alert(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    plain_desk.enrol()
    drill = plain_desk.send(kind=BulletinKind.DRILL, severity=Severity.YELLOW, title="防汛")
    notice = plain_desk.send(title="停水")
    viewer = log_in("参观")
    for path in (f"/bulletin/{drill.id}", f"/bulletin/{drill.id}/town/{TOWN}", f"/drills/{drill.id}"):
        page = viewer.see(path)
        assert '<span class="drill">演练</span>' in page and "练的是黄色" in page, path
        assert "tag severity-" not in page, path
    home = viewer.see("/")
    now, _, recent = home.partition("最近的通知")
    assert drill.id in now and drill.id not in recent and notice.id in recent
    assert "演练" in viewer.see(f"/drills/{drill.id}") and drill.id in viewer.see("/drills")
    table = viewer.client.get("/drills/all.csv")
    assert "防汛" in table.text and "停水" not in table.text
    assert "洞背村" in viewer.client.get(f"/drills/{drill.id}.csv").text
    assert viewer.client.get(f"/drills/{notice.id}").status_code == 404


def test_no_drill_yet_is_told(log_in: LogIn) -> None:
    assert "还没有演练过" in log_in("参观").see("/drills")
