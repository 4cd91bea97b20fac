"""Slots in plain words, and the form that makes them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from werkzeug.datastructures import MultiDict

from broadcaster.schedule.slot_settings import SlotSettings
from broadcaster.schedule.timetable_file import read_slot
from broadcaster.web.pages.slot_form import fields_of, missing, shown, written_of
from broadcaster.web.pages.slot_pieces import arrange, rows_in
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
SOUNDS: list[dict[str, Any]] = [
    {"audio": "国歌.mp3"},
    {
        "audio": "0123456789abcdef0123456789abcdef",
        "minutes": 0.5,
        "stand_in": "备用",
        "text": "请听国歌。",
    },
    {"folder": "戏曲", "order": "shuffle", "minutes": 30},
    {"folder": "戏曲", "order": "in_order", "minutes": 30.0, "stand_in": ""},
    {"relay": "https://tai.cn/1", "minutes": 30, "stand_in": "国歌"},
    {"input": "收音机", "minutes": 60},
    {"column": [{"audio": "国歌"}]},
    {
        "text": "早上好。",
        "column": [
            {"text": "下面是\n国歌。", "minutes": None},
            {"audio": "国歌", "order": "in_order"},
            {"folder": "戏曲", "order": "continue", "minutes": 12.25},
            {"relay": "http://192.168.1.2:8000/a.m3u", "minutes": 10, "stand_in": "国歌"},
            {"input": "收音机", "minutes": 5},
            {"text": "再见。"},
        ],
    },
]


@pytest.mark.parametrize("written", SOUNDS, ids=lambda written: " ".join(written))
def test_a_slot_of_sounds_comes_out_of_the_form_as_it_was_written(written: dict[str, Any]) -> None:
    """Also those keys that the form writes otherwise, if it writes them."""
    written = {"name": "早间"} | AT | written
    form = sent(shown(written))
    assert written_of(form, written) == written
    assert list(missing(written, form)) == []
    anew = read_slot(written_of(form, {}))
    assert (anew.text, anew.pieces) == (read_slot(written).text, read_slot(written).pieces)


@pytest.mark.parametrize(
    ("press", "titles", "field"),
    [
        ("up 2", ["国歌", "再见。", "下面。"], "piece-1"),
        ("up 0", ["国歌", "下面。", "再见。"], "piece-0"),
        ("down 0", ["下面。", "国歌", "再见。"], "piece-1"),
        ("down 2", ["国歌", "下面。", "再见。"], "piece-2"),
        ("drop 1", ["国歌", "再见。"], "piece-1"),
        ("drop 2", ["国歌", "下面。"], "piece-1"),
        ("add text", ["国歌", "下面。", "再见。", ""], "piece-3"),
        ("add talk", ["国歌", "下面。", "再见。"], "piece-2"),
        ("drop 99", ["国歌", "下面。", "再见。"], "piece-2"),
        ("", ["国歌", "下面。", "再见。"], "piece-2"),
    ],
)
def test_a_press_moves_a_row_with_all_that_stands_in_it(
    press: str, titles: list[str], field: str
) -> None:
    column = [
        {"audio": "国歌", "minutes": 3, "stand_in": "备用"},
        {"text": "下面。"},
        {"text": "再见。"},
    ]
    form = sent(shown({"column": column}))
    changed, about = arrange(form, press)
    rows = rows_in(changed)
    assert ([row.source for row in rows], about) == (titles, field)
    (anthem,) = (row for row in rows if row.source == "国歌")
    assert anthem.written == column[0]


def test_what_is_chosen_counts_without_a_press_and_the_last_gone_leaves_none() -> None:
    form = MultiDict({"content": "sound", "pick": "folder 戏 曲", "lead": "请听戏。", "text": "草稿"})
    assert written_of(form, {})["folder"] == "戏 曲" and written_of(form, {})["text"] == "请听戏。"
    arranged, about = arrange(form)
    assert about == "piece-0" and written_of(arranged, {}) == written_of(form, {})
    assert fields_of(arranged)["text"] == "草稿", "what the other kind had is not lost"
    emptied, about = arrange(arranged, "drop 0")
    assert about == "pick" and rows_in(emptied) == []
    assert "folder" not in written_of(emptied, {"folder": "戏 曲"})


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"text": " "}, "第 1 段：还空着，请写上，或者拿掉。"),
        ({"relay": "ftp://tai.cn", "minutes": 3}, "第 1 段：转播的地址要以 http:// 或 https:// 开头。"),
        ({"relay": "https://tai.cn"}, "第 1 段：它自己不会完，请写放几分钟，比如 30。"),
        ({"audio": "国歌", "minutes": "半天"}, "第 1 段：放几分钟要写个数，比如 30。"),
        ({"audio": "国歌", "minutes": "０"}, "第 1 段：放几分钟要大于 0，最多 720。"),
        ({"audio": "国歌", "minutes": 721}, "第 1 段：放几分钟要大于 0，最多 720。"),
    ],
)
def test_a_row_that_cannot_be_says_what_to_write(row: dict[str, Any], told: str) -> None:
    form = sent(shown(AT | {"column": [row]}))
    assert ("piece-0", told) in list(missing(written_of(form, {}), form))


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
    form["content"], form["lead"] = fields["content"], fields["lead"]
    for row in fields["rows"]:
        for key in ("kind", "source", "minutes", "stand_in"):
            form.add(f"piece_{key}", str(getattr(row, key)).replace("\n", "\r\n"))
        form.add("piece_order", (row.order or "in_order") if row.kind == "folder" else "")
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
    assert [field for field, _ in missing(written, MultiDict({"kind": kind}))] == fields


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
