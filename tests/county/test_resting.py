"""Quiet hours are told before what would wait for them is sent; who agrees sees what passes them."""

import json
from datetime import timedelta
from typing import Any

import pytest
from county.county_office import NEXT_VILLAGE, TOWN, OfficeDesk
from county.office_site import LogIn

from broadcaster.core.notice import Severity
from broadcaster.county.broker.box_status import LARGEST, BoxStatus, read_state
from broadcaster.county.notices.draft import Draft, DraftRefused
from broadcaster.settings.hourly_limits import QuietRule, QuietSettings

NIGHT = timedelta(hours=12)
LATER_NIGHT = QuietSettings(hours=(QuietRule(name="夜里", windows=("20:00-08:00",)),))


def draft(desk: OfficeDesk, **given: Any) -> Draft:
    """For 22:00, when villages keep quiet until 06:30, if they do not say otherwise."""
    at: dict[str, Any] = {"not_before": desk.clock.now() + NIGHT, "life": timedelta(hours=12)}
    return desk.draft(**at | given)


def test_who_writes_for_the_night_is_told_that_it_waits(desk: OfficeDesk) -> None:
    told, box = desk.parts.quiet_villages.warning, desk.enrol()
    assert "各村" in told(draft(desk)) and "06:30 以前不响，这一则要等到那时" in told(draft(desk))
    assert told(desk.draft()) == ""
    assert "不会播" in told(draft(desk, life=timedelta(hours=3)))
    assert told(draft(desk, severity=Severity.RED)) == ""
    assert told(draft(desk, severity=Severity.ORANGE, night_ok=True)) == ""
    # One village has other hours, and says so.
    desk.enrol(NEXT_VILLAGE, "上村")
    desk.intake.store_status({box.id: BoxStatus(True, "", json.dumps(LATER_NIGHT.written()))})
    assert "各村" in told(draft(desk)) and "08:00 以前不响" in told(draft(desk))
    never = json.dumps(QuietSettings(hours=()).written())
    desk.intake.store_status({box.id: BoxStatus(True, "", never)})
    assert told(draft(desk)).startswith("上村 ") and "洞背村" not in told(draft(desk))


def test_the_tick_is_refused_for_what_no_village_sounds_at_night(plain_desk: OfficeDesk) -> None:
    desk = plain_desk
    for given in ({"severity": Severity.DAILY}, {"severity": Severity.YELLOW}, {"kind": "drill"}):
        with pytest.raises(DraftRefused, match="只有红色和橙色的预警能播"):
            desk.parts.desk.write(desk.officer("小王"), draft(desk, night_ok=True, **given))


def test_who_agrees_sees_that_it_passes_quiet_hours(plain_desk: OfficeDesk, log_in: LogIn) -> None:
    desk = plain_desk
    desk.enrol()
    clerk = log_in("小王")
    form = {"text": "今晚有大雾。", "areas": TOWN, "severity": "2", "hours": "6", "night_ok": "1"}
    checked = clerk.post("/compose/check", **form).text
    assert "静音时段也要播</b>：" in checked and "要另一个人审批" in checked
    assert clerk.send(**form).status_code == 303
    [record] = desk.parts.desk.recent(1)
    seen = log_in("老张").see(f"/bulletin/{record.id}")
    assert "静音时段" in seen and "也要播" in seen and "批准，马上发" in seen
    desk.parts.desk.approve(desk.officer("老张"), record.id, record.version)
    desk.publisher.sign_cleared()
    assert "也要播" in clerk.see(f"/bulletin/{record.id}")


def test_what_waits_is_told_on_the_check_page_and_to_who_agrees(
    plain_desk: OfficeDesk, log_in: LogIn
) -> None:
    desk = plain_desk
    desk.enrol()
    clerk, at = log_in("小王"), desk.clock.now() + NIGHT
    form = {"text": "今晚有大雾。", "areas": TOWN, "severity": "3", "hours": "12"}
    form |= {"when": "at", "at": f"{at:%Y-%m-%dT%H:%M}"}
    assert "06:30 以前不响，这一则要等到那时" in clerk.post("/compose/check", **form).text
    assert clerk.send(**form).status_code == 303
    [record] = desk.parts.desk.recent(1)
    assert "06:30 以前不响" in log_in("老张").see(f"/bulletin/{record.id}")


def test_what_a_box_says_of_itself_is_on_its_page(plain_desk: OfficeDesk, log_in: LogIn) -> None:
    desk = plain_desk
    box = desk.enrol()
    told = {"v": 1, "online": True, "sound": "声卡没插好", "quiet": LATER_NIGHT.written()}
    state = read_state(json.dumps(told).encode())
    assert state and state.quiet
    desk.intake.store_status({box.id: state})
    assert "在线，等声卡：声卡没插好" in log_in("参观").see(f"/register/{box.id}")
    assert "等声卡" in log_in("参观").see("/register")
    # A will tells that it has gone, and nothing else.
    desk.intake.store_status({box.id: BoxStatus(False)})
    assert desk.parts.register.get(box.id).trouble == "声卡没插好"


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"[]", b"1", b"[" * 5_000, b'{"online": true}' + b" " * LARGEST],
    ids=["nothing", "no JSON", "a list", "a number", "deep", "long"],
)
def test_what_no_box_writes_is_no_state(data: bytes) -> None:
    assert read_state(data) is None


@pytest.mark.parametrize("quiet", [[], 1, {"hours": 1}, {"hours": [{"name": "夜里"}]}, {"more": 1}, "x"])
def test_quiet_hours_that_are_none_are_left_out(quiet: object) -> None:
    state = read_state(json.dumps({"online": True, "sound": 1, "quiet": quiet}).encode())
    assert state == BoxStatus(True)
