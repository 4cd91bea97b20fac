"""Who may send what, and when a second person must agree."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from county.county_office import a_draft, changed

from broadcaster.bulletin.bulletin import BulletinKind
from broadcaster.core.notice import Severity
from broadcaster.county.notices.approval_rules import (
    approval_reason,
    check_cleared,
    check_may_approve,
    check_may_send,
)
from broadcaster.county.notices.draft import Draft, DraftRefused, settled
from broadcaster.county.store.officers import Officer, OfficeRole

TEN = datetime(2026, 3, 16, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
DRAFT = a_draft("今天下午停水。", title="停水", areas=("331121",))


def draft(**more: object) -> Draft:
    return changed(DRAFT, **more)


def officer(role: OfficeRole, cap: Severity, name: str = "小王") -> Officer:
    return Officer(1, name, role, cap, "")


def at(hour: int, minute: int = 0) -> datetime:
    return TEN.replace(hour=hour, minute=minute)


def test_an_everyday_notice_by_day_needs_one_person() -> None:
    assert approval_reason(DRAFT, TEN) == ""


@pytest.mark.parametrize("severity", [Severity.RED, Severity.ORANGE])
@pytest.mark.parametrize("kind", [BulletinKind.NOTICE, BulletinKind.DRILL])
def test_red_and_orange_need_two_also_as_drills(severity: Severity, kind: BulletinKind) -> None:
    assert "审批" in approval_reason(draft(severity=severity, kind=kind), TEN)


@pytest.mark.parametrize("now", [at(21), at(23, 59), at(0), at(6, 59), at(20, 59)])
def test_what_would_sound_at_night_needs_two(now: datetime) -> None:
    assert "21:00" in approval_reason(DRAFT, now)


def test_it_is_the_hour_of_the_sound_that_counts_in_the_offices_zone() -> None:
    midnight = datetime(2026, 3, 16, 16, 0, tzinfo=UTC)
    assert approval_reason(draft(not_before=midnight), TEN)
    assert approval_reason(draft(not_before=at(7)), at(3)) == ""


def test_a_long_notice_that_runs_into_the_night_needs_two() -> None:
    assert approval_reason(draft(text="停水" * 500, repeats=10), at(20, 30))


def test_what_may_wake_people_needs_two() -> None:
    assert approval_reason(draft(night_ok=True), TEN)


def test_a_cancel_needs_nobody_else_at_any_hour() -> None:
    assert approval_reason(draft(kind=BulletinKind.CANCEL, text="", severity=Severity.RED), at(0)) == ""


def test_nobody_sends_what_is_more_severe_than_his_cap() -> None:
    clerk = officer(OfficeRole.CLERK, Severity.YELLOW)
    check_may_send(clerk, draft(severity=Severity.YELLOW))
    with pytest.raises(DraftRefused, match="最高只能发黄色"):
        check_may_send(clerk, draft(severity=Severity.ORANGE))
    with pytest.raises(DraftRefused, match="只能看"):
        check_may_send(officer(OfficeRole.VIEWER, Severity.RED), DRAFT)


def test_nobody_approves_his_own_or_above_his_cap() -> None:
    boss = officer(OfficeRole.APPROVER, Severity.ORANGE)
    check_may_approve(boss, draft(severity=Severity.ORANGE), "小李")
    with pytest.raises(DraftRefused, match="另一个人"):
        check_may_approve(boss, DRAFT, "小王")
    with pytest.raises(DraftRefused, match="最高只能批"):
        check_may_approve(boss, draft(severity=Severity.RED), "小李")
    with pytest.raises(DraftRefused, match="不能审批"):
        check_may_approve(officer(OfficeRole.CLERK, Severity.RED), DRAFT, "小李")


@pytest.mark.parametrize("approved_by", ["", "小王"])
def test_before_the_key_is_used_the_second_person_is_asked_for_again(approved_by: str) -> None:
    with pytest.raises(DraftRefused, match="审批"):
        check_cleared(draft(severity=Severity.RED), approved_by, "小王", TEN)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"text": " "}, "没有写"),
        ({"text": "停" * 2001}, "太长"),
        ({"areas": ()}, "没有选"),
        ({"areas": ("331122",)}, "不归本平台"),
        ({"repeats": 11}, "遍数"),
        ({"not_before": TEN - timedelta(minutes=1)}, "已经过了"),
        ({"life": timedelta(days=8)}, "有效期最长 7 天"),
        ({"severity": Severity.RED, "life": timedelta(hours=25)}, "有效期最长 24 小时"),
        ({"text": "停水\x07"}, "控制字符"),
    ],
)
def test_a_draft_that_cannot_be_is_told_in_a_sentence(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(DraftRefused, match=told):
        settled(draft(**wrong), "331121", TEN)


def test_areas_within_others_are_left_out_and_a_title_is_made() -> None:
    made = settled(draft(title="", areas=("331121104200", "331121104000", "331121105")), "331121", TEN)
    assert made.areas == ("331121104", "331121105")
    assert made.title == "今天下午停水。"
