"""Slots in plain words, and the form that makes them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from werkzeug.datastructures import MultiDict

from broadcaster.schedule.slot_settings import SlotSettings
from broadcaster.schedule.timetable_file import read_slot
from broadcaster.web.pages.slot_form import missing, shown, written_of
from broadcaster.web.pages.slot_wording import is_over, say_slot

AT = {"at": ["06:30"]}
NOON = datetime(2026, 12, 1, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def slot(**keys: Any) -> SlotSettings:
    return read_slot({"name": "通知", "text": "通知。", **keys})


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (AT, "每天 早上 6:30"),
        ({"at": ["00:05", "12:00", "18:30"]}, "每天 凌晨 0:05、中午 12:00、晚上 6:30"),
        ({"at": ["日落前30分钟"]}, "每天 日落前30分钟"),
        (AT | {"lunar": ["初三", "十三", "二十三"]}, "每逢农历初三、十三、二十三 早上 6:30"),
        (AT | {"lunar": ["除夕"], "leap_month": True}, "农历除夕（闰月也播） 早上 6:30"),
        (AT | {"market": "逢3逢8"}, "农历逢三逢八赶集的日子 早上 6:30"),
        (AT | {"market": [5, 10], "market_calendar": "公历"}, "公历逢十逢五赶集的日子 早上 6:30"),
        (AT | {"terms": ["芒种", "芒种前3天"]}, "芒种当天、芒种前3天 早上 6:30"),
        (AT | {"weekdays": "周一至周五"}, "周一至周五 早上 6:30"),
        (AT | {"weekdays": ["周六", "周日"]}, "周六、周日 早上 6:30"),
        (AT | {"dates": ["12-01", "每月15日"]}, "每年12月1日、每月15日 早上 6:30"),
        (AT | {"dates": "2026-12-05"}, "2026年12月5日 早上 6:30"),
        (AT | {"holidays": "工作日"}, "上班的日子（连补班） 早上 6:30"),
        (AT | {"seasons": "05-01至09-30"}, "每年5月1日至9月30日 早上 6:30"),
        (AT | {"lunar": "初一", "weekdays": "周六"}, "每逢农历初一，又是周六的日子 早上 6:30"),
        ({"once": "2026-11-28 09:00"}, "只播一次：2026年11月28日（周六）上午 9:00"),
        ({"once": ["2026-11-28 09:00", "2026-11-29 09:00"]},
         "只播 2 次：2026年11月28日（周六）上午 9:00、2026年11月29日（周日）上午 9:00"),
        ({"every_minutes": 30, "windows": ["09:00-11:30", "15:00-24:00"], "valid_until": "2026-12-31"},
         "每天 上午 9:00 到 上午 11:30、下午 3:00 到 半夜 12:00，"
         "每 30 分钟一遍，到 2026年12月31日 为止"),
        ({"every_minutes": 30, "windows": ["22:00-06:00"]},
         "每天 晚上 10:00 到第二天 早上 6:00，每 30 分钟一遍"),
        ({"every_minutes": 30, "windows": ["9:00-10:00"]},
         "每天 上午 9:00 到 上午 10:00，每 30 分钟一遍"),
        ({"cron": "30 7 * * 1-5"}, " 按 cron 排：30 7 * * 1-5（分 时 日 月 星期）"),
    ],
)  # fmt: skip
def test_every_kind_of_slot_is_said_in_plain_words(keys: dict[str, Any], said: str) -> None:
    assert say_slot(slot(**keys)).strip() == said.strip()


FORMS: list[dict[str, Any]] = [
    {"text": "早上好。", "at": ["07:30", "18:00", "日出"], "weekdays": ["周一", "周六"]},
    {"texts": ["第一段。", "第二段。\n还是第二段。"], "every_minutes": 30, "windows": ["09:00-11:00"]},
    {"text": "停水。", "once": ["2026-12-01 09:00"], "severity": 2, "repeats": 3, "chime": "急钟"},
    {"text": "赶集。", "at": ["06:30"], "market": "逢三逢八", "market_calendar": "公历", "volume": 60},
    {"text": "过年。", "at": ["06:30"], "lunar": ["除夕"], "leap_month": True, "drill": True},
    {
        "text": "收麦。",
        "at": ["06:30"],
        "terms": ["芒种"],
        "dates": ["06-06"],
        "seasons": ["05-01至06-30"],
    },
    {
        "text": "放假。",
        "cron": "0 8 * * *",
        "holidays": "放假日",
        "when_quiet": "wait",
        "style": "verse",
    },
    {"text": "防火。", "at": ["06:30"], "valid_from": "2026-12-01", "valid_until": "2026-12-31"},
    {"text": "东街。", "at": ["06:30"], "zones": ["东街"], "late_minutes": 5, "voice": "baker:female"},
    {"text": "自己的。", "at": ["06:30"], "opening": "各位注意", "pace": 0.9, "beats_per_minute": 120},
]


@pytest.mark.parametrize("written", FORMS, ids=lambda written: str(written.get("text", "轮流")))
def test_what_the_form_shows_of_a_slot_makes_the_same_slot(written: dict[str, Any]) -> None:
    written = {"name": "通知"} | written
    assert written_of(sent(shown(written)), written) == written
    assert read_slot(written_of(sent(shown(written)), written)) == read_slot(written)


def sent(fields: dict[str, Any]) -> MultiDict[str, str]:
    """The form as a browser sends it, with what it shows."""
    form: MultiDict[str, str] = MultiDict()
    for key in (
        "name",
        "text",
        "kind",
        "every_minutes",
        "cron",
        "market",
        "market_calendar",
        "holidays",
    ):
        form[key] = str(fields.get(key, ""))
    for key in ("valid_from", "valid_until", "chime", "voice", "style", "when_quiet"):
        form[key] = str(fields.get(key, ""))
    for key in ("severity", "repeats", "volume", "late_minutes"):
        form[key] = str(fields.get(key, ""))
    for key in ("lunar", "terms", "dates", "seasons", "sun"):
        form[key] = "、".join(fields[key])
    form["say"] = "turns" if fields["turns"] else "one"
    days = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"]
    form.setlist("weekday", [str(days.index(name)) for name in fields["weekdays"]])
    form.setlist("at", [*fields["clock"], ""])
    form.setlist("window_from", [first for first, _ in fields["windows"]] + [""])
    form.setlist("window_until", [last for _, last in fields["windows"]] + [""])
    form.setlist("once_day", [day for day, _ in fields["once"]])
    form.setlist("once_time", [time for _, time in fields["once"]])
    form.setlist("zone", fields["zones"])
    for key in ("leap_month", "drill"):
        form |= {key: "1"} if fields.get(key) else {}
    if fields.get("opening") == "":
        form["frame"] = "none"
    return form


def test_full_width_signs_and_any_separator_are_understood() -> None:
    form = MultiDict({"text": "停水。", "kind": "at", "at": "06:30", "lunar": "初三，十三; 二十三"})
    assert written_of(form, {})["lunar"] == ["初三", "十三", "二十三"]
    form = MultiDict({"text": "停水。", "kind": "every_minutes", "every_minutes": "３０"})
    assert written_of(form, {})["every_minutes"] == 30


def test_a_slot_without_a_name_is_called_by_its_text() -> None:
    written = written_of(MultiDict({"text": "停水", "at": "06:30"}), {})
    assert written["name"] == "停水"


@pytest.mark.parametrize(
    ("written", "kind", "fields"),
    [
        ({}, "at", ["text", "at"]),
        ({"text": "停水", "every_minutes": 5}, "every_minutes", ["windows"]),
        ({"text": "停水"}, "every_minutes", ["every_minutes", "windows"]),
        ({"text": "停水"}, "once", ["once"]),
        ({"text": "停水"}, "cron", ["cron"]),
        ({"texts": ["停水"], "at": ["06:30"]}, "at", []),
    ],
)
def test_what_is_not_filled_in_yet_is_told_by_its_field(
    written: dict[str, Any], kind: str, fields: list[str]
) -> None:
    assert [field for field, _ in missing(written, kind)] == fields


@pytest.mark.parametrize(
    ("keys", "over"),
    [
        (AT, False),
        (AT | {"valid_until": "2026-11-30"}, True),
        (AT | {"valid_until": "2026-12-01"}, False),
        ({"once": ["2026-12-01 08:00", "2026-12-01 11:59"]}, True),
        ({"once": ["2026-12-01 08:00", "2026-12-01 12:30"]}, False),
    ],
)
def test_a_slot_is_over_when_its_last_day_or_moment_has_gone_by(
    keys: dict[str, Any], over: bool
) -> None:
    assert is_over(slot(**keys), NOON) is over
