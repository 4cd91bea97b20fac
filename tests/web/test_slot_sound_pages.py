"""A sound of the library goes on the air and into the timetable by the page's forms; what uses it is
told where it is kept, renamed and removed.
"""

import html
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from web.every_page import keep_sound
from web.logins import Post

from broadcaster.core.notice import Notice, Severity
from broadcaster.core.piece import Piece, PieceKind
from broadcaster.settings.schema import Settings

OPERA, ANTHEM, SPARE = "a" * 32, "b" * 32, "c" * 32
EVENING = {"kind": "at", "at": "19:10"}
SOUND = EVENING | {"content": "sound"}


@pytest.fixture
def library(settings: Settings) -> Path:
    folder = settings.paths.state / "sounds"
    keep_sound(folder, OPERA, "戏曲/大登殿", 1720.0)
    keep_sound(folder, ANTHEM, "国歌", 46.0)
    keep_sound(folder, SPARE, "备用", 3900.0)
    return folder


def hidden(page: str) -> dict[str, str]:
    fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in fields if name != "csrf_token"}


def rows(page: str) -> dict[str, list[str]]:
    """The pieces that a form carries, in their order, as a browser would send them."""
    shown = page[page.index('class="content content-sound"') :]
    known = r'name="piece_(\w+)"(?: value="([^"]*)"|[^>]*>([^<]*)</textarea>|>(.*?)</select>)'
    found: dict[str, list[str]] = {}
    for name, value, text, options in re.findall(known, shown, re.DOTALL):
        chosen = re.search('value="([^"]*)" selected', options)
        found.setdefault(name, []).append(html.unescape(value or text or (chosen[1] if chosen else "")))
    return found


def test_one_sound_is_chosen_looked_at_and_saved_without_any_words(
    secretary: FlaskClient, post: Post, station: FakeStation, library: Path
) -> None:
    form = secretary.get("/timetable/new?content=sound").text
    assert 'name="content" value="sound" checked' in form
    assert "国歌　46 秒</option>" in form and '<optgroup label="戏曲">' in form
    assert f'value="audio {OPERA}">戏曲/大登殿　28 分 40 秒<' in form
    page = post("/timetable/check", **SOUND, pick=f"audio {ANTHEM}").text
    assert "放“国歌”，共 46 秒" in page and f'data-plays="/sounds/{ANTHEM}/file"' in page
    assert station.slots.find("国歌") is None
    post("/timetable/save", **hidden(page))
    entry = station.slots.find("国歌")
    assert entry and entry.written == {"name": "国歌", "audio": ANTHEM, "at": ["19:10"]}
    listed = secretary.get("/timetable").text
    assert "每天 晚上 7:10 · 放“国歌”，共 46 秒" in listed
    day = listed[listed.rindex('<details class="day"') :]
    assert re.search(r'19:10</span><span class="what">国歌<small>46 秒</small>', day)
    assert "放“国歌”，共 46 秒" in secretary.get("/timetable/slot?name=国歌").text


def test_a_column_is_made_press_by_press_and_says_how_long_it_is(
    secretary: FlaskClient, post: Post, station: FakeStation, library: Path
) -> None:
    page = post("/timetable/arrange", **SOUND, pick=f"audio {OPERA}", press="add").text
    assert rows(page)["source"] == [OPERA]
    own = hidden(page)["draft_id"]

    def press(page: str, value: str, **more: str) -> str:
        typed = {f"piece_{name}": values for name, values in rows(page).items()}
        return post("/timetable/arrange", draft_id=own, **SOUND, press=value, **typed, **more).text

    page = press(page, "add text")
    spoken = rows(page)["source"]
    assert spoken == [OPERA, ""]
    page = press(page, "up 1", pick=f"audio {ANTHEM}")
    assert rows(page)["source"] == ["", OPERA, ANTHEM]
    page = press(page, "drop 2")
    assert rows(page)["kind"] == ["text", "audio"] and "大约 28 分 40 秒" in page
    typed = {f"piece_{name}": values for name, values in rows(page).items()}
    typed["piece_source"] = ["乡亲们晚上好。", OPERA]
    assert f'<option value="{SPARE}">备用　1 小时 5 分</option>' in page
    typed["piece_minutes"][1], typed["piece_stand_in"][1] = "２０", SPARE
    looked_at = post("/timetable/check", draft_id=own, **SOUND, **typed, name="晚间").text
    assert "一档节目，2 段，大约 20 分" in looked_at and "放不了改放“备用”" in looked_at
    post("/timetable/save", **hidden(looked_at))
    entry = station.slots.find("晚间")
    assert (
        entry
        and entry.written
        and entry.written["column"]
        == [
            {"text": "乡亲们晚上好。"},
            {"audio": OPERA, "minutes": 20, "stand_in": SPARE},
        ]
    )
    again = secretary.get("/timetable/change?name=晚间").text
    assert rows(again)["source"] == ["乡亲们晚上好。", OPERA] and 'value="20"' in again
    assert f'<option value="{SPARE}" selected>备用' in again


@pytest.mark.parametrize(
    ("fields", "told", "field"),
    [
        ({}, "请选要放的声音。", "pick"),
        ({"lead": "hello", "pick": f"audio {ANTHEM}"}, "没有汉字，念不出来", "lead"),
        (
            {"piece_kind": "text", "piece_source": "hello", "piece_minutes": "", "piece_order": ""}
            | {"piece_stand_in": ""},
            "没有汉字，念不出来",
            "pick",
        ),
        (
            {"piece_kind": "relay", "piece_source": "tai.cn", "piece_minutes": "30", "piece_order": ""}
            | {"piece_stand_in": ""},
            "第 1 段：转播的地址要以 http:// 或 https:// 开头。",
            "piece-0",
        ),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_the_rest_is_still_there(
    secretary: FlaskClient, post: Post, library: Path, fields: dict[str, str], told: str, field: str
) -> None:
    answer = post("/timetable/check", **SOUND, **fields, text="另一种写法的草稿", name="我的")
    assert answer.status_code == 400
    assert f'<a href="#{field}">' in answer.text and told in html.unescape(answer.text)
    assert f'id="{field}"' in answer.text and f'id="{field}-wrong"' in answer.text
    for kept in ("另一种写法的草稿</textarea>", 'value="我的"', 'value="19:10"'):
        assert kept in answer.text


def test_without_a_sound_the_form_leads_to_where_one_is_sent(secretary: FlaskClient) -> None:
    page = secretary.get("/timetable/new?content=sound").text
    assert "节目里还没有声音" in page and 'href="/sounds"' in page


def test_a_sound_is_confirmed_with_its_length_and_aired_once(
    secretary: FlaskClient, post: Post, station: FakeStation, library: Path
) -> None:
    page = secretary.get(f"/sounds/{ANTHEM}").text
    assert "现在播" in page
    confirm = post("/say", "/sounds", sound=ANTHEM, text="国歌").text
    assert "马上放“国歌”，共 46 秒。" in confirm and station.announced == []
    assert station.rehearsals.started == [], "hours of sound are not made to be looked at"
    form = post("/say/edit", **hidden(confirm)).text
    assert "放声音：国歌" in form and 'value="loop"' not in form and "播几遍" not in form
    tomorrow = datetime.now(station.now.tzinfo) + timedelta(days=1)
    later = {"when": "at", "at": f"{tomorrow:%Y-%m-%dT09:00}"}
    confirm = post("/say", **hidden(form) | later).text
    assert "明天 09:00 放“国歌”" in confirm
    for _ in range(2):
        assert post("/say/air", **hidden(confirm)).status_code == 303
    ((notice, who),) = station.announced
    assert (notice.text, notice.title, who) == ("", "国歌", "王秀英")
    assert notice.pieces == (Piece(PieceKind.AUDIO, ANTHEM),)


def test_who_has_to_wait_for_a_sound_is_told_before_it_is_aired(
    secretary: FlaskClient, post: Post, station: FakeStation, library: Path
) -> None:
    for minutes, name, severity in ((9, "栏目", 0), (10, "预警", 1), (200, "晚上", 0)):
        coming = station.airing(Notice("", title=name, severity=Severity(severity)))
        due_at = station.now + timedelta(minutes=minutes)
        station.coming.append(replace(coming, due_at=due_at, asked_by=name))
    confirm = post("/say", "/sounds", sound=OPERA, text="大登殿").text
    due = station.now + timedelta(minutes=9)
    assert f"播的时候到点的要等它：{due:%H:%M} 栏目。太晚的就不播了。" in confirm


def test_a_sound_that_is_gone_or_no_key_airs_nothing(
    secretary: FlaskClient, post: Post, station: FakeStation
) -> None:
    assert "没有这段声音" in post("/say", sound=ANTHEM, text="国歌").text
    assert post("/say", sound="../../etc", text="国歌").status_code == 400
    assert station.announced == []


def test_the_library_says_which_slots_use_a_sound_and_what_they_air_without_it(
    secretary: FlaskClient, post: Post, station: FakeStation, library: Path
) -> None:
    at = {"at": ["19:10"]}
    for written in (
        {"name": "独唱", "audio": ANTHEM},
        {"name": "有备用", "audio": "国歌.mp3", "stand_in": "备用"},
        {"name": "早间", "column": [{"text": "早上好。"}, {"audio": ANTHEM}]},
        {"name": "听戏", "folder": "戏曲", "stand_in": "国歌"},
        {"name": "别的", "text": "停水。"},
    ):
        station.slots.save(written | at)
    listed = unquote(secretary.get("/sounds").text)
    assert 'href="/timetable/slot?name=早间">早间</a>、' in listed
    assert "，一共 4 条" in listed and "大登殿，更多" in listed
    page = secretary.get(f"/sounds/{ANTHEM}").text
    assert f'href="/sounds/{ANTHEM}/removal"' in page
    asked = re.sub(r"<[^>]+>", "", secretary.get(f"/sounds/{ANTHEM}/removal").text)
    assert dict(re.findall(r"(独唱|有备用|早间|听戏|别的)删了(.+)", asked)) == {
        "独唱": "到点就没有声音",
        "有备用": "改放“备用”",
        "早间": "这一段跳过去，别的照放",
        "听戏": "放不了的时候就没有换的",
    }
    opera = re.sub(r"<[^>]+>", "", secretary.get(f"/sounds/{OPERA}/removal").text)
    assert re.findall("听戏删了(.+)", opera) == ["改放“国歌”"]
    assert station.sounds.find(ANTHEM), "asking removes nothing"
    post(f"/sounds/{ANTHEM}/remove", "/sounds")
    slot = secretary.get("/timetable/slot?name=独唱").text
    assert "声音“国歌”没有了，请换一个。" in slot


def test_before_a_new_name_it_is_told_who_writes_the_old_one_and_that_is_still_found(
    secretary: FlaskClient, post: Post, station: FakeStation, library: Path
) -> None:
    station.slots.save({"name": "按名字", "at": ["19:10"], "audio": "国歌.mp3"})
    station.slots.save({"name": "按编号", "at": ["19:20"], "audio": ANTHEM})
    place = f"/sounds/{ANTHEM}"
    told = "时间表里“按名字”写着“国歌”。改了名，老名字也还找得到它。"
    assert told in secretary.get(place).text
    post(f"{place}/rename", "/sounds", title="中华人民共和国国歌")
    page = secretary.get(place).text
    assert "老名字也还认得" in page and "按名字</a>" in page and "按编号</a>" in page
    assert "放“中华人民共和国国歌”，共 46 秒" in secretary.get("/timetable").text
    assert "改回“国歌”" in page
    post(f"{place}/rename", place, title="国歌")
    assert [one.title for one in station.sounds.all() if one.key == ANTHEM] == ["国歌"]
    assert "已经有一个叫“备用”的了" in post(f"{place}/rename", place, title="备用").text


def test_a_sound_takes_the_place_of_its_namesake_also_in_slots(
    secretary: FlaskClient, post: Post, station: FakeStation, library: Path
) -> None:
    new = "d" * 32
    keep_sound(library, new, "国歌 2", 50.0)
    station.slots.save({"name": "按编号", "at": ["19:20"], "audio": ANTHEM})
    page = secretary.get(f"/sounds/{new}").text
    assert "还有一个“国歌”，46 秒。" in page and "用这一个换掉“国歌”" in page
    post(f"/sounds/{new}/replace", f"/sounds/{new}", old=ANTHEM)
    assert station.sounds.find(ANTHEM) is None
    assert "放“国歌”，共 50 秒" in secretary.get("/timetable").text
    post(f"/sounds/{ANTHEM}/restore", "/sounds")
    assert station.sounds.find(ANTHEM).title == "国歌 2"  # type: ignore[union-attr]


def test_a_slot_of_a_folder_looks_for_no_old_name(
    secretary: FlaskClient, post: Post, station: FakeStation, library: Path
) -> None:
    station.slots.save({"name": "听戏", "at": ["19:10"], "folder": "戏曲"})
    post(f"/sounds/{OPERA}/rename", "/sounds", title="别处/大登殿")
    page = secretary.get(f"/sounds/{OPERA}").text
    assert "改好了" in page and "听戏写的" not in page and "时间表里" not in page


def test_a_sound_goes_into_the_timetable_from_its_own_page(
    secretary: FlaskClient, post: Post, library: Path
) -> None:
    page = secretary.get(f"/sounds/{OPERA}").text
    assert f'name="pick" value="audio {OPERA}"' in page and "排进时间表" in page
    form = post("/timetable/arrange", "/sounds", content="sound", pick=f"audio {OPERA}").text
    assert rows(form)["source"] == [OPERA] and 'value="sound" checked' in form
    assert "一档节目" in secretary.get("/unfinished").text


@pytest.mark.parametrize(
    ("hours", "said"), [(40, "还装得下约 40 小时"), (1, "还装得下约 60 分钟"), (0, "装满了")]
)
def test_the_room_is_told_in_hours_minutes_or_as_full(
    secretary: FlaskClient, station: FakeStation, hours: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station.sounds, "room", lambda: hours * 57_600_000)
    assert said in secretary.get("/sounds").text
