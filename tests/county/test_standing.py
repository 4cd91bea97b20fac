"""Standing notices and the library."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from county.county_office import OfficeDesk
from county.office_site import LogIn

from broadcaster.core.notice import Notice, Severity, Style
from broadcaster.county.notices.draft import DraftRefused, DraftState
from broadcaster.county.notices.library import LibraryText
from broadcaster.county.notices.recurring import Schedule
from broadcaster.county.notices.revisions import LIBRARY, STANDING
from broadcaster.county.store.officers import OfficeRole

WEEKDAYS_AT_EIGHT = Schedule.read("12345 08:00")


def test_a_schedule_finds_its_next_day() -> None:
    friday = datetime(2026, 3, 20, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert WEEKDAYS_AT_EIGHT.next_after(friday) == friday.replace(day=23, hour=8)
    assert Schedule.read("5 09:30").next_after(friday) == friday.replace(minute=30)
    assert Schedule.read("5 09:00").next_after(friday) == friday.replace(day=27)
    assert str(WEEKDAYS_AT_EIGHT) == "12345 08:00"
    assert Schedule.read("1234567 18:00").wording == "每天 18:00"


@pytest.mark.parametrize("text", ["", "8 08:00", "1 24:00", "12345", "08:00"])
def test_a_schedule_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(DraftRefused, match="12345 08:00"):
        Schedule.read(text)


def test_it_is_sent_when_it_is_due_and_not_again(desk: OfficeDesk) -> None:
    standing = desk.parts.recurring
    standing.keep(desk.officer("小王"), "森林防火", desk.draft("不要烧秸秆。"), WEEKDAYS_AT_EIGHT)
    assert standing.issue() == 0
    desk.clock.step(timedelta(hours=22))
    assert (standing.issue(), standing.issue()) == (1, 0)
    desk.publisher.sign_cleared()
    [sent] = desk.parts.desk.recent(10)
    assert (sent.state, sent.draft.text) == (DraftState.PUBLISHED, "不要烧秸秆。")


def test_what_was_missed_by_long_is_left_out(desk: OfficeDesk) -> None:
    desk.parts.recurring.keep(desk.officer("小王"), "防火", desk.draft(), WEEKDAYS_AT_EIGHT)
    desk.clock.step(timedelta(hours=25))
    assert desk.parts.recurring.issue() == 0


def test_a_paused_one_is_silent_until_it_goes_on(desk: OfficeDesk) -> None:
    standing = desk.parts.recurring
    standing.keep(desk.officer("小王"), "防火", desk.draft(), WEEKDAYS_AT_EIGHT)
    standing.pause("防火", True)
    desk.clock.step(timedelta(hours=22))
    assert standing.issue() == 0
    standing.pause("防火", False)
    assert standing.issue() == 0
    desk.clock.step(timedelta(hours=24))
    assert standing.issue() == 1


@pytest.mark.parametrize("at", ["06:30", "21:00"])
def test_none_is_for_the_night_or_for_what_needs_two(desk: OfficeDesk, at: str) -> None:
    who = desk.officer("小王")
    with pytest.raises(DraftRefused, match="定时的通知不行"):
        desk.parts.recurring.keep(who, "防火", desk.draft(), Schedule.read(f"1 {at}"))
    with pytest.raises(DraftRefused, match="定时的通知不行"):
        desk.parts.recurring.keep(who, "防火", desk.draft(severity=Severity.ORANGE), WEEKDAYS_AT_EIGHT)


def test_who_has_left_sends_nothing_more(desk: OfficeDesk) -> None:
    desk.parts.recurring.keep(desk.officer("小王"), "防火", desk.draft(), WEEKDAYS_AT_EIGHT)
    desk.parts.officers.remove("小王")
    desk.clock.step(timedelta(hours=22))
    assert desk.parts.recurring.issue() == 0


def test_the_library_keeps_texts_by_name(desk: OfficeDesk) -> None:
    library = desk.parts.library
    library.keep(LibraryText("停水", Notice("明天停水。", severity=Severity.BLUE), "小王"))
    library.keep(LibraryText("停水", Notice("明天上午停水。", severity=Severity.BLUE), "小李"))
    [text] = library.all()
    assert (text.notice.text, text.changed_by) == ("明天上午停水。", "小李")
    library.remove("停水")
    assert not library.all()


def test_a_text_tells_who_changed_it(desk: OfficeDesk) -> None:
    library, revisions = desk.parts.library, desk.parts.revisions
    library.keep(LibraryText("停水", Notice("明天停水。", severity=Severity.BLUE), "小王"))
    [first] = revisions.of(LIBRARY, "停水")
    library.keep(
        LibraryText("停水", Notice("明天上午停水。", severity=Severity.BLUE, style=Style.VERSE), "小李"),
        first.number,
    )
    with pytest.raises(DraftRefused, match="刚才有人改过"):
        library.keep(
            LibraryText("停水", Notice("不停了。", severity=Severity.BLUE), "小王"), first.number
        )
    library.remove("停水", "小王")
    told = [(one.who, one.what, one.content) for one in revisions.of(LIBRARY, "停水")]
    assert told == [
        ("小王", "删", ""),
        ("小李", "改", "明天上午停水。"),
        ("小王", "新写", "明天停水。"),
    ]


def test_a_standing_notice_is_changed_and_one_that_is_held_up_stays_so(desk: OfficeDesk) -> None:
    standing = desk.parts.recurring
    standing.keep(desk.officer("小王"), "防火", desk.draft(), WEEKDAYS_AT_EIGHT)
    standing.pause("防火", True, "小王")
    verse = desk.draft("不要烧秸秆。", style=Style.VERSE, voice="baker:female")
    standing.keep(desk.officer("老张"), "防火", verse, Schedule.read("6 09:00"))
    one = standing.find("防火")
    assert one and one.paused and one.draft.notice.style and one.draft.notice.voice == "baker:female"
    assert [each.what for each in desk.parts.revisions.of(STANDING, "防火")] == ["改", "停", "新排"]


def test_it_tells_its_next_dates_and_why_it_would_not_go_out(desk: OfficeDesk) -> None:
    standing, officers = desk.parts.recurring, desk.parts.officers
    standing.keep(desk.officer("小王"), "防火", desk.draft(), WEEKDAYS_AT_EIGHT)
    [one] = standing.all()
    assert [f"{date:%d %H:%M}" for date in standing.dates(one, 3)] == [
        "17 08:00",
        "18 08:00",
        "19 08:00",
    ]
    assert standing.hindrance(one) == ""
    officers.change("小王", OfficeRole.CLERK, Severity.DAILY)
    assert "最高只能发日常" in standing.hindrance(one)
    desk.clock.step(timedelta(hours=22))
    assert standing.issue() == 0
    [told, _] = desk.parts.revisions.of(STANDING, "防火")
    assert (told.who, told.what) == ("平台", "没有发") and "最高只能发日常" in told.content
    officers.remove("小王")
    assert "不在平台里" in standing.hindrance(one)
    standing.pause("防火", True)
    assert "停着" in standing.hindrance(standing.all()[0])


def test_what_did_not_go_out_is_told_until_it_falls_due_again(
    plain_desk: OfficeDesk, log_in: LogIn
) -> None:
    desk, standing = plain_desk, plain_desk.parts.recurring
    standing.keep(desk.officer("小王"), "防火", desk.draft(), WEEKDAYS_AT_EIGHT)
    assert "没有发" not in log_in("小王").see("/more/standing")
    # The office was off at eight, and came up three hours later.
    desk.clock.step(timedelta(days=1, hours=1))
    assert standing.issue() == 0
    for path in ("/more/standing", "/more/standing/edit?name=防火"):
        assert "上一次没有发：应该 03月17日 08:00 发" in log_in("管家").see(path), path
    desk.clock.step(timedelta(hours=21))
    assert standing.issue() == 1
    assert "上一次没有发" not in log_in("小王").see("/more/standing")


def test_all_that_did_not_go_out_while_the_office_was_off_is_told(
    plain_desk: OfficeDesk, log_in: LogIn
) -> None:
    desk, standing = plain_desk, plain_desk.parts.recurring
    standing.keep(desk.officer("小王"), "防火", desk.draft(), Schedule.read("1234567 08:00"))
    desk.clock.step(timedelta(days=7, hours=1))
    assert standing.issue() == 0
    told = "上一次没有发：03月17日 08:00 到 03月23日 08:00，7 次没有发：到时候平台没有在运行"
    assert told in log_in("管家").see("/more/standing")


def test_last_one_goes_out_though_earlier_ones_were_missed(plain_desk: OfficeDesk) -> None:
    desk, standing = plain_desk, plain_desk.parts.recurring
    standing.keep(desk.officer("小王"), "防火", desk.draft(), Schedule.read("1234567 08:00"))
    # 09:00, two days later.
    desk.clock.step(timedelta(days=2, hours=23))
    assert standing.issue() == 1
    [told, _] = desk.parts.revisions.of(STANDING, "防火")
    assert "2 次没有发" in told.content
