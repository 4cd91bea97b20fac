"""The timetable's pages over the real slotbook and its database."""

import html
import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from werkzeug.test import TestResponse

from broadcaster.core.clock import Clock
from broadcaster.core.labels import name_of
from broadcaster.schedule.slot_settings import SlotSettings, TimetableSettings
from broadcaster.settings.schema import Settings
from broadcaster.station.village_slots import Slotbook
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.store import open_store

Post = Callable[..., TestResponse]

MORNING = SlotSettings.model_validate({"name": "早安", "at": "07:30", "text": "乡亲们早上好。"})
LUNAR = {
    "text": "明天赶集。",
    "name": "赶集",
    "kind": "at",
    "at": "06:30",
    "lunar": "初三、十三、二十三",
}


@pytest.fixture
def station(settings: Settings, station: FakeStation) -> Iterator[Any]:
    """The page's own, with a real timetable."""
    clock = Clock(settings.station.zone)
    book = Slotbook(TimetableSettings(slots=(MORNING,)), settings, clock)
    with open_store(settings.paths.state / DATABASE, clock) as store:
        book.keep_in(store.slots, lambda notice: None)
        station.slots, station.speakers = book, []
        yield station


def save(post: Post, replaces: str = "", **fields: str) -> TestResponse:
    """Type it, look at what it will do, keep it."""
    page = post("/timetable/check", replaces=replaces, **fields)
    assert page.status_code == 200, page.text
    found = re.search(r'name="written" value="([^"]+)"', page.text)
    assert found
    return post("/timetable/save", written=html.unescape(found[1]), replaces=replaces)


def today(settings: Settings) -> date:
    return Clock(settings.station.zone).now().date()


def test_the_list_says_every_slot_in_plain_words(secretary: FlaskClient, post: Post) -> None:
    save(post, **LUNAR)
    page = secretary.get("/timetable").text
    assert "每天 早上 7:30" in page
    assert "每逢农历初三、十三、二十三 早上 6:30" in page


def test_the_next_five_are_shown_and_nothing_is_kept_before_a_second_tap(
    secretary: FlaskClient, station: Any, post: Post
) -> None:
    page = post("/timetable/check", **LUNAR).text
    assert "每逢农历初三、十三、二十三 早上 6:30" in page
    assert len(re.findall(r"<li><span class=\"what\">\d+月\d+日　周.　06:30", page)) == 5
    assert station.slots.find("赶集") is None
    answer = save(post, **LUNAR)
    assert (answer.status_code, answer.location) == (303, "/timetable")
    assert station.slots.find("赶集").made_by == "王秀英"
    assert "存好了" in secretary.get("/timetable").text


def test_quiet_hours_are_told_beside_the_occurrence(secretary: FlaskClient, post: Post) -> None:
    page = post("/timetable/check", text="午间新闻。", kind="at", at="13:00").text
    assert page.count("午休不播") == 5


@pytest.mark.parametrize(
    ("first", "last", "asked"),
    [
        ("06:33", "06:30", True),
        ("18:00", "08:00", True),
        ("20:00", "08:00", False),
        ("8:00", "18:00", False),
    ],
)
def test_hours_that_look_turned_round_are_asked_about_before_they_are_kept(
    secretary: FlaskClient, post: Post, first: str, last: str, asked: bool
) -> None:
    """A loop through the night is none."""
    loop = {"kind": "every_minutes", "every_minutes": "30", "window_from": first, "window_until": last}
    page = post("/timetable/check", text="防火宣传。", **loop).text
    assert "看一遍再存" in page and ("两头写反了" in page) is asked


def test_once_at_a_moment_and_a_loop_until_a_date_are_made(
    secretary: FlaskClient, settings: Settings, station: Any, post: Post
) -> None:
    tomorrow = today(settings) + timedelta(days=1)
    once = {"kind": "once", "once_day": tomorrow.isoformat(), "once_time": "09:00"}
    save(post, name="停水", text="停水。", **once)
    loop = {
        "kind": "every_minutes",
        "every_minutes": "30",
        "window_from": "09:00",
        "window_until": "10:00",
    }
    save(post, name="防火", text="防火。", valid_until=tomorrow.isoformat(), **loop)
    (coming,) = station.slots.preview(station.slots.find("停水").written, "停水")
    assert coming.due_at.date() == tomorrow
    assert station.slots.find("防火").slot.valid_until == tomorrow.isoformat()


def test_another_page_may_begin_the_form_with_a_text(secretary: FlaskClient) -> None:
    page = secretary.get("/timetable/new?text=今天<b>停水</b>&kind=once").text
    assert "今天&lt;b&gt;停水&lt;/b&gt;</textarea>" in page
    assert 'name="kind" value="once" checked' in page


def test_a_text_that_is_to_come_again_until_a_day_goes_on_in_the_form_of_a_loop(
    secretary: FlaskClient, station: Any, post: Post
) -> None:
    assert 'name="when" value="loop"' in secretary.get("/say").text
    said = {"text": "防火<b>", "severity": "3", "chime": "siren", "pace": "0.9", "opening": "乡亲们"}
    page = post("/say", **said, style="verse", when="loop", valid_until="2098-12-31").text
    assert "防火&lt;b&gt;</textarea>" in page
    for kept in ('name="kind" value="every_minutes"', 'name="severity" value="3"', 'value="警报"'):
        assert f"{kept} checked" in page
    assert 'name="valid_until" value="2098-12-31"' in page and 'name="opening" value="乡亲们"' in page
    loop = {"every_minutes": "30", "window_from": "09:00", "window_until": "10:00"}
    told = said | {"chime": "警报", "valid_until": "2098-12-31"}
    save(post, **told, **loop, kind="every_minutes", name="防火")
    slot = station.slots.find("防火").slot
    assert (slot.valid_until, slot.opening, slot.pace) == ("2098-12-31", "乡亲们", 0.9)
    assert station.announced == []


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"text": ""}, "请写要说的话"),
        ({"text": "hello"}, "没有汉字，念不出来"),
        ({"at": ""}, "请写几点播"),
        ({"at": "25:00"}, "时间写法不对：25:00"),
        ({"lunar": "初四十"}, "没有这样的农历日子：初四十"),
        ({"terms": "谷子"}, "没有这样的节气：谷子"),
        ({"dates": "2026-02-30"}, "没有这样的日子：2026-02-30"),
        ({"market": "逢年"}, "集日写法不对：逢年"),
        ({"name": "早安"}, "已经有叫“早安”的了"),
        ({"repeats": "很多"}, "说几遍要写个数，比如 2。"),
        ({"pace": "快"}, "快慢要写个数，比如 0.9。"),
        ({"beats_per_minute": "90"}, "100"),
        ({"severity": "9"}, "要写 0 到 4"),
        ({"kind": "cron", "cron": "每天"}, "要写成“分 时 日 月 星期”"),
        ({"kind": "every_minutes"}, "隔多久播一遍还空着，请写个数，比如 30。"),
        ({"kind": "once", "once_day": "2020-01-01", "once_time": "09:00"}, "一次也不会播"),
    ],
)
def test_what_is_wrong_is_told_and_what_was_typed_is_still_there(
    secretary: FlaskClient, station: Any, post: Post, fields: dict[str, str], told: str
) -> None:
    answer = post("/timetable/check", **(LUNAR | fields))
    assert answer.status_code == 400
    assert told in answer.text and "repeats：" not in answer.text
    kept = (LUNAR | fields) | {"at": ""}
    assert all(value in answer.text for value in kept.values())
    assert len(station.slots.entries()) == 1


def test_going_back_brings_the_form_as_it_was(secretary: FlaskClient, post: Post) -> None:
    page = post("/timetable/check", **LUNAR).text
    way_back = re.search(r'href="(/timetable/draft/[0-9a-f]{12}/edit)"', page)
    assert way_back
    form = secretary.get(way_back[1]).text
    assert 'value="初三、十三、二十三"' in form and 'name="at" value="06:30"' in form


def test_a_slot_is_changed_and_keeps_what_the_form_does_not_know(
    secretary: FlaskClient, station: Any, post: Post
) -> None:
    station.slots.save({"name": "赶集", "text": "赶集。", "at": ["06:30"], "pace": 0.9})
    assert 'value="06:30"' in secretary.get("/timetable/change?name=赶集").text
    save(post, replaces="赶集", text="明天赶集。", name="大集", kind="at", at="06:40")
    assert [entry.name for entry in station.slots.entries()] == ["早安", "大集"]
    assert station.slots.find("大集").slot.pace == 0.9


def test_a_slot_that_nobody_named_takes_its_name_from_its_new_words(
    secretary: FlaskClient, post: Post, station: Any
) -> None:
    old, new = "森林防火，烧纸的不要上山。", "森林防火，烧纸的、放炮的不要上山。"
    save(post, text=old, kind="at", at="06:30")
    save(post, replaces=name_of("", old), text=new, name=name_of("", old), kind="at", at="06:30")
    assert [entry.name for entry in station.slots.entries()] == ["早安", name_of("", new)]


def test_a_second_tap_on_save_changes_nothing_and_is_no_error(
    secretary: FlaskClient, station: Any, post: Post
) -> None:
    assert save(post, **LUNAR).status_code == 303
    written = json.dumps(station.slots.find("赶集").written)
    assert post("/timetable/save", written=written, replaces="").status_code == 303


def test_a_day_a_date_and_for_good_are_held_up_and_let_go_on(
    secretary: FlaskClient, settings: Settings, station: Any, post: Post
) -> None:
    day = today(settings)
    last = day + timedelta(days=9)
    goes_on = last + timedelta(days=1)
    for how, paused in (("today", day + timedelta(days=1)), ("until", goes_on), ("good", date.max)):
        assert post("/timetable/pause", name="早安", how=how, until=last.isoformat()).status_code == 303
        assert station.slots.find("早安").paused_until == paused
        assert 'value="go_on"' in secretary.get("/timetable/slot?name=早安").text
    post("/timetable/pause", name="早安", how="go_on")
    assert station.slots.find("早安").paused_until is None
    assert "又照常播了" in secretary.get("/timetable").text


def test_the_day_that_was_chosen_is_the_one_that_is_told(
    secretary: FlaskClient, settings: Settings, post: Post
) -> None:
    last = today(settings) + timedelta(days=1)
    post("/timetable/pause", name="早安", how="until", until=last.isoformat())
    goes_on = last + timedelta(days=1)
    told = re.search("停到 ([^，]*)，([^<]*)起再播", secretary.get("/timetable").text)
    assert told
    assert told[1].endswith(f"{last.month}月{last.day}日")
    assert told[2].endswith(f"{goes_on.month}月{goes_on.day}日")


@pytest.mark.parametrize("until", ["", "2020-01-01", "明天"])
def test_a_day_that_is_over_holds_up_nothing(
    secretary: FlaskClient, station: Any, post: Post, until: str
) -> None:
    page = post("/timetable/pause", name="早安", how="until", until=until).text
    assert "请选停到哪一天" in page and 'href="#until"' in page
    assert station.slots.find("早安").paused_until is None


def test_what_is_removed_can_be_taken_back(secretary: FlaskClient, station: Any, post: Post) -> None:
    save(post, **LUNAR)
    post("/timetable/remove", name="赶集")
    page = secretary.get("/timetable").text
    assert "刚删掉的" in page and "赶集" in page and station.slots.find("赶集") is None
    post("/timetable/restore", name="赶集")
    assert station.slots.find("赶集")


def test_a_slot_of_the_file_says_so_and_offers_no_change(secretary: FlaskClient, post: Post) -> None:
    page = secretary.get("/timetable/slot?name=早安").text
    assert "写在文件" in page and "修改" not in page and "删掉这一条" not in page
    assert secretary.get("/timetable/change?name=早安").status_code == 303
    post("/timetable/remove", name="早安")
    assert "没有这一条" in secretary.get("/timetable").text


def test_the_week_shows_what_sounds_what_rests_and_what_clashes(
    secretary: FlaskClient, station: Any, post: Post
) -> None:
    save(post, name="撞车", text="一起播。", kind="at", at="07:30")
    loop = {"every_minutes": 10, "windows": ["09:00-10:00"], "severity": 4}
    station.slots.save({"name": "防火", "text": "防火。"} | loop)
    page = secretary.get("/timetable?week=2027-03-03").text
    assert "2027年3月1日这一周" in page and 'id="day-2027-03-07"' in page
    picture = page[page.index("<svg") : page.index("</svg>")]
    assert picture.count('class="rest"') == 21
    assert picture.count('class="scheduled"') == 7
    assert picture.count('class="clash"') == 7
    assert picture.count('class="severity-4"') >= 7
    assert "style=" not in page
    assert "和“早安”撞在一起" in page
    assert "09:00–09:50" in page and "6 遍" in page


@pytest.mark.parametrize("week", ["", "x", "0001-01-01", "9999-12-31", "2099-12-31"])
def test_any_week_of_the_address_is_shown(secretary: FlaskClient, week: str) -> None:
    assert secretary.get(f"/timetable?week={week}").status_code == 200


@pytest.mark.parametrize("path", ["check", "save", "pause", "remove", "restore", "slot", "change"])
def test_a_reload_of_what_a_form_led_to_leads_to_the_timetable(
    secretary: FlaskClient, path: str
) -> None:
    answer = secretary.get(f"/timetable/{path}")
    assert (answer.status_code, answer.location) == (303, "/timetable")


@pytest.mark.parametrize("written", ["", "[]", "{", "[" * 5000, '"x"'])
def test_what_no_page_of_ours_handed_on_is_refused(
    post: Post, secretary: FlaskClient, written: str
) -> None:
    assert post("/timetable/save", written=written).status_code == 400


@pytest.mark.parametrize(
    "written",
    ['{"name": 5, "at": 3}', '{"at": {"x": 1}, "weekdays": 9}', '{"windows": [1], "once": [[]]}', "{}"],
)
def test_a_slot_that_is_none_is_told_and_not_kept(
    post: Post, secretary: FlaskClient, station: Any, written: str
) -> None:
    assert post("/timetable/save", written=written).status_code == 400
    assert len(station.slots.entries()) == 1


@pytest.mark.parametrize("path", ["check", "save", "pause", "remove", "restore"])
def test_a_form_that_no_page_of_ours_gave_does_nothing(
    secretary: FlaskClient, station: Any, path: str
) -> None:
    assert secretary.post(f"/timetable/{path}", data={"name": "早安", "how": "good"}).status_code == 400
    assert station.slots.find("早安").paused_until is None


def test_nothing_is_shown_without_a_login(client: FlaskClient) -> None:
    assert client.get("/timetable").status_code == 303


def test_a_week_that_is_too_dense_is_counted_and_the_page_stays_small(
    settings: Settings, station: Any, secretary: FlaskClient
) -> None:
    every_minute = [
        {"name": f"第{number}条", "text": "防火。", "cron": "* * * * *"} for number in range(5)
    ]
    crowd = [{"name": f"早{n}", "text": "早。", "at": "07:30"} for n in range(200)]
    slots = TimetableSettings.model_validate({"slots": [*every_minute, *crowd]})
    station.slots = Slotbook(slots, settings, Clock(settings.station.zone))
    page = secretary.get("/timetable").text
    assert len(page.encode()) < 200_000
    assert "排得太密" in page and "00:00–23:59" in page and "1440 遍" in page
    assert "还有 165 条" in page, "of 205 on a day"
    assert "早0" in page and 'class="name" href="/timetable/slot?name=早44"' in html.unescape(
        unquote(page)
    )
    assert "name=早45" not in html.unescape(unquote(page)).split("这一周")[0]
    second = html.unescape(unquote(secretary.get("/timetable?page=2").text))
    assert "slot?name=早45" in second and "上一页" in second


def test_many_fixed_times_of_one_slot_are_one_row_a_day(
    settings: Settings, station: Any, secretary: FlaskClient
) -> None:
    slot = {"name": "报时", "text": "整点。", "cron": "*/10 8-18 * * *"}
    slots = TimetableSettings.model_validate({"slots": [slot]})
    station.slots = Slotbook(slots, settings, Clock(settings.station.zone))
    page = secretary.get("/timetable").text
    assert "排得太密" not in page and "08:00–18:50" in page
    assert page.count('class="when"') == 7
