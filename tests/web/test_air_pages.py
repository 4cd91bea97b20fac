import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from fakes import FakeStation
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from broadcaster.errors import StoreUnusable, TextRefused, VoiceUnavailable
from broadcaster.model import Kind, Notice, Outcome, Severity, Signal
from broadcaster.station import OnAir
from broadcaster.store.journal import JournalRow

Post = Callable[..., TestResponse]

FLOOD = {"text": "上游水库今晚10点开闸泄洪\r\n请马上转移", "severity": "1", "repeats": "2"}


def hidden(page: str) -> dict[str, str]:
    fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in fields if name != "csrf_token"}


def row(station: FakeStation, outcome: Outcome, reason: str = "") -> JournalRow:
    at = station.now
    fields = ("a1", "", "秸秆焚烧害处大", Severity.BLUE, Kind.LOOP, "防火", at, at, at)
    return JournalRow(*fields, 12.0, 48.0, outcome, reason, "baker:female")


def test_a_quiet_box_shows_that_nothing_is_on_the_air(secretary: FlaskClient) -> None:
    page = secretary.get("/").text
    assert "现在没有播出" in page and "时间表是空的" in page and "还没有播过" in page
    assert 'id="stop" href="/stop" hidden' in page


def test_home_shows_what_is_on_the_air_what_comes_and_what_was(
    secretary: FlaskClient, station: FakeStation
) -> None:
    notice = Notice("清明期间严禁上坟烧纸", title="森林防火", severity=Severity.ORANGE)
    station.on_air = OnAir(station.airing(notice, "早间"), 12.3, 80.0)
    station.waiting = [station.airing(Notice("明天停水"))]
    later = station.airing(Notice("防诈骗", title="防诈骗"))
    station.coming = [replace(later, due_at=station.now + timedelta(days=1))]
    station.rows = [row(station, Outcome.CUT_SHORT, "停播（王秀英）")]
    page = secretary.get("/").text
    assert "正在播出" in page and "森林防火" in page and "清明期间严禁上坟烧纸" in page
    assert "橙色 重大" in page and "12 秒 / 1 分 20 秒" in page
    assert "明天停水" in page and f"/cancel/{station.waiting[0].id}" in page
    assert re.search(r"明天 \d\d:\d\d</span><span class=\"what\">防诈骗", page)
    assert "没播完，12 秒（共 48 秒）：停播（王秀英）" in page
    assert 'id="stop" href="/stop">' in page


def test_the_box_that_took_no_sample_yet_is_not_said_to_be_playing(
    secretary: FlaskClient, station: FakeStation
) -> None:
    station.on_air = OnAir(station.airing(Notice("停水")), 0.0, 0.0)
    page = secretary.get("/").text
    assert "准备播出" in page and "现在没有播出" not in page
    assert 'class="lamp"' in page and "正在播出</p>" not in page


def test_live_gives_the_parts_of_the_home_page(secretary: FlaskClient, station: FakeStation) -> None:
    quiet = secretary.get("/live").get_json()
    assert quiet["stoppable"] is False and "现在没有播出" in quiet["parts"]["on_air"]
    station.on_air = OnAir(station.airing(Notice("停水通知")), 3.0, 9.0)
    busy = secretary.get("/live").get_json()
    assert busy["stoppable"] is True and "停水通知" in busy["parts"]["on_air"]
    home = secretary.get("/").text
    assert all(part in home for part in busy["parts"].values())
    assert all(f'data-part="{name}"' in home for name in busy["parts"])


def test_a_fault_is_shown_in_its_own_words(secretary: FlaskClient, station: FakeStation) -> None:
    station.fault = "声卡掉线，正在重连"
    assert "声卡掉线，正在重连" in secretary.get("/").text
    assert "声卡掉线，正在重连" in secretary.get("/live").get_json()["parts"]["fault"]


def test_a_broken_journal_is_told_and_leaves_the_page_usable(
    secretary: FlaskClient, station: FakeStation
) -> None:
    station.fail_next = StoreUnusable("数据库用不了")
    answer = secretary.get("/")
    assert answer.status_code == 200
    assert "数据库用不了" in answer.text and "马上播出" in answer.text


def test_a_text_is_shown_as_it_will_be_spoken_before_anything_is_aired(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    page = post("/say", **FLOOD).text
    assert "上游水库今晚十点开闸泄洪" in page and "原文：上游水库今晚10点开闸泄洪" in page
    assert "红色 特别重大" in page
    assert re.search(r"马上播 2 遍，大约 \d+ 秒，开头响警报。", page)
    assert station.announced == []
    assert station.warmed == 1


def test_confirming_airs_exactly_what_was_shown_in_the_name_of_who_asked(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    answer = post("/say/air", **hidden(post("/say", **FLOOD).text))
    assert (answer.status_code, answer.location) == (303, "/")
    ((notice, asked_by),) = station.announced
    assert notice.text == "上游水库今晚10点开闸泄洪\n请马上转移"
    assert (notice.severity, notice.repeats, asked_by) == (Severity.RED, 2, "王秀英")
    assert (notice.voice, notice.pace, notice.chime) == (None, None, None)
    assert "已经交给广播了" in secretary.get("/").text


def test_what_the_form_leaves_open_goes_by_the_severity(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    page = post("/say", **FLOOD | {"repeats": ""}).text
    assert re.search(r"马上播 3 遍，大约 \d+ 秒，开头响警报。", page)
    post("/say/air", **hidden(page))
    ((notice, _),) = station.announced
    assert (notice.repeats, notice.opening, notice.closing) == (None, None, None)


def test_signal_and_opening_can_be_chosen_and_come_back_for_editing(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    chosen = hidden(post("/say", **FLOOD, chime="none", frame="none").text)
    assert 'name="chime" value="none" checked' in post("/say/edit", **chosen).text
    post("/say/air", **chosen)
    ((notice, _),) = station.announced
    assert (notice.chime, notice.opening, notice.closing) == (Signal.NONE, "", "")


def test_a_second_tap_on_confirm_airs_nothing_a_second_time(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    confirmed = hidden(post("/say", **FLOOD).text)
    post("/say/air", **confirmed)
    assert post("/say/air", **confirmed).status_code == 303
    assert len(station.announced) == 1
    assert "没有重复播出" in secretary.get("/").text


def test_what_could_not_be_aired_can_be_tried_again(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    confirmed = hidden(post("/say", **FLOOD).text)
    token = re.search(r'name="csrf_token" value="([^"]+)"', secretary.get("/stop").text)
    assert token
    station.fail_next = VoiceUnavailable("声音还没有装好")
    failed = secretary.post("/say/air", data=confirmed | {"csrf_token": token[1]})
    assert failed.status_code == 400
    assert "声音还没有装好" in failed.text and "请马上转移</textarea>" in failed.text
    assert post("/say/air", **confirmed).status_code == 303
    assert len(station.announced) == 1


def test_a_text_that_is_refused_comes_back_with_the_reason(
    secretary: FlaskClient, station: FakeStation
) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', secretary.get("/").text)
    assert token
    station.fail_next = TextRefused("这段文字里没有能念的汉字")
    answer = secretary.post("/say", data={"text": "😀", "repeats": "3", "csrf_token": token[1]})
    assert answer.status_code == 400
    assert "没有能念的汉字" in answer.text and "😀</textarea>" in answer.text
    assert 'value="3" checked' in answer.text


def test_going_back_to_edit_keeps_what_was_written(secretary: FlaskClient, post: Post) -> None:
    page = post("/say/edit", **hidden(post("/say", **FLOOD).text)).text
    assert "上游水库今晚10点开闸泄洪\n请马上转移</textarea>" in page
    assert 'name="severity" value="1" checked' in page and 'name="repeats" value="2" checked' in page


@pytest.mark.parametrize("path", ["/say", "/say/edit", "/say/air"])
def test_reloading_a_confirmation_by_its_address_leads_home(secretary: FlaskClient, path: str) -> None:
    assert secretary.get(path).location == "/"


def test_text_shown_back_is_text_everywhere(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    evil = "<script>alert('停水')</script>\"'"
    notice = Notice(evil, title=evil)
    station.on_air = OnAir(station.airing(notice, evil), 1.0, 9.0)
    station.waiting = [station.airing(notice)]
    station.coming = [station.airing(notice)]
    station.rows = [replace(row(station, Outcome.FAILED, evil), title=evil)]
    station.fault = evil
    live = "".join(secretary.get("/live").get_json()["parts"].values())
    confirm = post("/say", text=evil).text
    assert hidden(confirm)["text"] == evil
    shown = [secretary.get(path).text for path in ("/", "/stop", f"/cancel/{station.waiting[0].id}")]
    for page in (live, confirm, post("/say/edit", text=evil).text, *shown):
        assert "&lt;script&gt;" in page
        assert "<script>" not in page and "alert('" not in page


def test_stopping_asks_once_and_then_stops_everything(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    station.on_air = OnAir(station.airing(Notice("秸秆焚烧", title="防火宣传")), 5.0, 30.0)
    station.waiting = [station.airing(Notice("停水"))]
    asked = secretary.get("/stop").text
    assert "防火宣传" in asked and "排队的 1 条也不播了" in asked
    assert station.stops == []
    assert post("/stop", seen_on="/stop").location == "/"
    assert station.stops == ["王秀英"]
    assert "停播了，共停下 2 条" in secretary.get("/").text


def test_stopping_when_nothing_sounds_says_so(secretary: FlaskClient, post: Post) -> None:
    post("/stop", seen_on="/stop")
    assert "现在没有在播的" in secretary.get("/").text


def test_one_waiting_airing_can_be_taken_back(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    keep, drop = station.airing(Notice("停水")), station.airing(Notice("打疫苗"))
    station.waiting = [keep, drop]
    assert "打疫苗" in secretary.get(f"/cancel/{drop.id}").text
    post(f"/cancel/{drop.id}", seen_on=f"/cancel/{drop.id}")
    assert station.waiting == [keep]
    assert "这一条不播了" in secretary.get("/").text


@pytest.mark.parametrize("airing_id", ["0123456789ab", "没有", "..", "%00", "1;drop"])
def test_taking_back_what_is_not_waiting_says_so(
    secretary: FlaskClient, station: FakeStation, post: Post, airing_id: str
) -> None:
    assert secretary.get(f"/cancel/{airing_id}", follow_redirects=True).status_code in (200, 404)
    assert post(f"/cancel/{airing_id}").status_code in (303, 404, 405)
    assert station.cancelled == []


def test_the_wait_behind_what_is_sounding_or_waiting_is_said(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    station.on_air = OnAir(station.airing(Notice("防火宣传", severity=Severity.BLUE)), 5.0, 30.0)
    assert "会打断正在播的“防火宣传”" in post("/say", **FLOOD).text
    assert "排在“防火宣传”后面" in post("/say", text="停水").text
    station.waiting = [station.airing(Notice("打疫苗"))]
    assert "排在“防火宣传”等 2 条后面" in post("/say", text="停水").text
