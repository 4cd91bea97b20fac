"""The pages show what is on the air, what comes and what was, and move with it."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from werkzeug.test import TestResponse

from broadcaster.core.errors import StoreUnusable
from broadcaster.core.model import Airing, AiringKind, Outcome
from broadcaster.core.notice import Notice, Severity
from broadcaster.core.people import Role
from broadcaster.core.piece import Piece, PieceKind
from broadcaster.station.station import OnAirStatus, PiecePlace, Stop, TakenUp
from broadcaster.store.database.airing_json import write_overrides
from broadcaster.store.journal import JournalRow
from broadcaster.web.server.server_events import MOST_STREAMS

Post = Callable[..., TestResponse]


def row(station: FakeStation, outcome: Outcome, reason: str = "") -> JournalRow:
    at = station.now
    fields = ("a1", "", "秸秆焚烧害处大", Severity.BLUE, AiringKind.LOOP, "防火", at, at, at)
    return JournalRow(*fields, 12.0, 48.0, outcome, reason, "baker:female")


def test_a_quiet_box_shows_that_nothing_is_on_the_air(secretary: FlaskClient) -> None:
    page = secretary.get("/").text
    assert "现在没有播出" in page and "时间表是空的" in page and "还没有播过" in page
    assert "没在播" in bar_of(page) and "停播" not in bar_of(page)


def test_home_shows_what_is_on_the_air_what_comes_and_what_was(
    secretary: FlaskClient, station: FakeStation
) -> None:
    notice = Notice("清明期间严禁上坟烧纸", title="森林防火", severity=Severity.ORANGE)
    station.on_air = OnAirStatus(station.airing(notice, "早间"), 12.3, 80.0)
    station.waiting = [station.airing(Notice("明天停水"))]
    later = station.airing(Notice("防诈骗", title="防诈骗"))
    station.coming = [replace(later, due_at=station.now + timedelta(days=1))]
    station.rows = [row(station, Outcome.CUT_SHORT, "停播（王秀英）")]
    page = secretary.get("/").text
    assert "正在播出" in page and "森林防火" in page and "清明期间严禁上坟烧纸" in page
    assert "橙色 重大" in page and "还有 1 分 8 秒" in page
    assert "明天停水" in page and f"/cancel/{station.waiting[0].id}" in page
    assert re.search(r"明天 \d\d:\d\d</span><span class=\"what\">防诈骗", page)
    assert "没播完，12 秒（共 48 秒）：停播（王秀英）" in page
    bar = bar_of(page)
    assert "森林防火" in bar and "还有 1 分 8 秒" in bar and "停播</button>" in bar


def test_of_a_column_title_place_and_length_of_the_sound_are_told(
    secretary: FlaskClient, station: FakeStation
) -> None:
    pieces = (Piece(PieceKind.TEXT, "听戏"), Piece(PieceKind.AUDIO, "k1"))
    column = station.airing(Notice("", title="晚间戏曲", pieces=pieces))
    sound = PiecePlace(2, "戏曲/大登殿", 751.4, 2700.0)
    station.on_air = OnAirStatus(column, 760.0, 2709.0, "戏曲/大登殿", made=False, piece=sound)
    page = secretary.get("/").text
    bar = bar_of(page)
    assert "晚间戏曲：戏曲《大登殿》" in bar and "12:31 / 45:00" in bar and "还有" not in bar
    assert "第 2 段，共 2 段" in page and 'max="2700.0" value="751.4"' in page
    moved = secretary.get("/live?of=home").get_json()["parts"]
    assert "12:31 / 45:00" in moved["left"] and "12:31" not in moved["bar"]
    words = replace(station.on_air, piece=PiecePlace(1), line="下面听戏", made=True)
    station.on_air = replace(words, seconds_played=2.0, seconds_due=9.0)
    page = secretary.get("/").text
    assert "还有 7 秒" in bar_of(page) and "第 1 段，共 2 段" in page and "下面听戏" in page
    station.on_air = replace(station.on_air, piece=sound, stopping=True)
    assert "12:31" not in secretary.get("/").text


def test_the_piece_that_was_shown_is_skipped_once_by_who_may(
    secretary: FlaskClient, post: Post, station: FakeStation
) -> None:
    pieces = (Piece(PieceKind.AUDIO, "k1"), Piece(PieceKind.AUDIO, "k2"))
    column = station.airing(Notice("", title="晚间戏曲", pieces=pieces))
    station.on_air = OnAirStatus(column, 3.0, 9.0, piece=PiecePlace(1, "大登殿", 3.0, 9.0))
    shown = f"{column.id} 1"
    assert f'name="piece" value="{shown}"' in secretary.get("/").text
    assert post("/skip", piece=shown).status_code == 303
    home = secretary.get("/").text
    assert '<p class="message" data-passing role="status">跳过了，接着放下一段。' in home
    assert station.skips == [("王秀英", 1)]
    for late in (f"{column.id} 2", "other 1", "x"):
        post("/skip", piece=late)
        assert "已经放过去了" in secretary.get("/").text
    assert len(station.skips) == 1
    assert station.done()[-1][:2] == ("王秀英", "跳过一段")
    station.on_air = OnAirStatus(column, 3.0, 9.0, piece=PiecePlace(2, "花木兰", 3.0, 9.0))
    post("/skip", piece=f"{column.id} 2")
    assert "跳过了，这是最后一段。" in secretary.get("/").text


def test_one_sound_alone_has_no_pieces_to_count_or_to_skip(
    secretary: FlaskClient, station: FakeStation
) -> None:
    opera = Notice("", title="大登殿", pieces=(Piece(PieceKind.AUDIO, "k1"),))
    sound = PiecePlace(1, "大登殿", 3.0, 9.0)
    station.on_air = OnAirStatus(station.airing(opera, "王秀英"), 3.0, 9.0, piece=sound)
    page = secretary.get("/live?of=home").get_json()["parts"]["on_air"]
    assert "共 1 段" not in page and "跳过" not in page
    assert page.count("大登殿") == 1 and "王秀英要播的" in page


def test_a_drill_is_called_one_and_is_never_in_the_colours_of_an_alert(
    secretary: FlaskClient, station: FakeStation
) -> None:
    drill = Notice("水库水位上涨，请撤离。", severity=Severity.RED, drill=True)
    station.on_air = OnAirStatus(station.airing(drill), 12.3, 80.0)
    station.waiting = [station.airing(replace(drill, id="w1"))]
    station.coming = [
        replace(station.airing(replace(drill, id="c1")), due_at=station.now + timedelta(days=1))
    ]
    told = replace(row(station, Outcome.PLAYED), severity=Severity.RED, manner=write_overrides(drill))
    station.rows = [told]
    waiting = station.waiting[0].id
    for path in ("/", "/record", f"/record/notice?airing={told.airing_id}", f"/cancel/{waiting}"):
        page = secretary.get(path).text
        assert '<span class="tag drill">演练</span>' in page, path
        assert "severity-1" not in page and "特别重大" not in page, path
    home = secretary.get("/").text
    assert "演练：水库水位上涨" in bar_of(home)
    assert home.count('<span class="tag drill">') == 4


def test_the_box_that_took_no_sample_yet_is_not_said_to_be_playing(
    secretary: FlaskClient, station: FakeStation
) -> None:
    station.on_air = OnAirStatus(station.airing(Notice("停水")), 0.0, 0.0)
    page = secretary.get("/").text
    assert "准备播出" in page and "现在没有播出" not in page
    assert 'class="lamp"' in page and "正在播出</p>" not in page


def test_live_gives_the_parts_of_the_home_page(secretary: FlaskClient, station: FakeStation) -> None:
    quiet = secretary.get("/live?of=home").get_json()
    assert "没在播" in quiet["parts"]["bar"] and "现在没有播出" in quiet["parts"]["on_air"]
    assert re.fullmatch(r"\d\d:\d\d:\d\d", quiet["now"])
    station.on_air = OnAirStatus(station.airing(Notice("停水通知")), 3.0, 9.0)
    busy = secretary.get("/live?of=home").get_json()
    assert "停水通知" in busy["parts"]["on_air"] and "还有 6 秒" in busy["parts"]["left"]
    home = secretary.get("/").text
    assert all(part in home for name, part in busy["parts"].items() if name != "bar")
    assert all(f'data-part="{name}"' in home for name in busy["parts"])


def test_every_other_page_moves_its_bar_alone(secretary: FlaskClient, station: FakeStation) -> None:
    station.on_air = OnAirStatus(station.airing(Notice("停水通知")), 3.0, 9.0)
    assert secretary.get("/live?of=bar").get_json()["parts"].keys() == {"bar", "left"}
    for path in ("/say", "/timetable", "/record", "/more", "/more/people", "/nowhere"):
        page = secretary.get(path).text
        assert "停水通知" in bar_of(page) and "停播</button>" in bar_of(page)
        assert 'data-live="bar"' in page and page.count('id="bar"') == 1


def test_a_fault_is_shown_in_its_own_words(secretary: FlaskClient, station: FakeStation) -> None:
    station.fault = "声卡掉线，正在重连"
    assert "声卡掉线，正在重连" in secretary.get("/").text
    assert "声卡掉线，正在重连" in secretary.get("/live?of=home").get_json()["parts"]["fault"]


def test_two_faults_are_two_lines(secretary: FlaskClient, station: FakeStation) -> None:
    station.faults = ("声卡打不开，请检查插头。", "磁盘满了，请清理。")
    page = secretary.get("/").text
    for fault in station.faults:
        assert f'<p class="problem">{fault}</p>' in page


def test_a_clock_that_nobody_has_set_is_no_fault_and_a_person_says_that_it_is_right(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    assert "钟是对的" not in secretary.get("/").text
    station.clock_remark = "盒子的钟没有和网络对过，现在是 2026年11月29日 18:21。"
    page = secretary.get("/").text
    assert station.clock_remark in page and 'class="problem"' not in page
    post("/clock")
    assert "盒子的钟是对的" in secretary.get("/").text and station.clock_remark == ""


def test_a_broken_journal_is_told_and_leaves_the_page_usable(
    secretary: FlaskClient, station: FakeStation
) -> None:
    station.fail_next = StoreUnusable("数据库用不了")
    answer = secretary.get("/")
    assert answer.status_code == 200
    assert "数据库用不了" in answer.text and "紧急广播" in answer.text


def test_text_shown_back_is_text_everywhere(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    evil = "<script>alert('停水')</script>\"'"
    notice = Notice(evil, title=evil)
    station.on_air = OnAirStatus(station.airing(notice, evil), 1.0, 9.0)
    station.waiting = [station.airing(notice)]
    station.coming = [station.airing(notice)]
    station.rows = [replace(row(station, Outcome.FAILED, evil), title=evil)]
    station.fault = evil
    live = "".join(secretary.get("/live?of=home").get_json()["parts"].values())
    confirm = post("/say", text=evil).text
    shown = [secretary.get(path).text for path in ("/", "/bar", f"/cancel/{station.waiting[0].id}")]
    for page in (live, confirm, post("/say/edit", text=evil).text, *shown):
        assert "&lt;script&gt;" in page
        assert "<script>" not in page and "alert('" not in page


def test_one_tap_stops_and_the_bar_says_what_was_stopped_and_by_whom(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    station.on_air = OnAirStatus(station.airing(Notice("秸秆焚烧", title="防火宣传")), 5.0, 30.0)
    station.waiting, station.has_loops = [station.airing(Notice("停水"))], True
    assert post("/stop").location == "/"
    assert station.stops == ["王秀英"]
    for page in ("/", "/timetable"):
        bar = bar_of(secretary.get(page).text)
        assert f"{station.now:%H:%M} 王秀英停了“防火宣传”和排着的 1 条，循环到下个时段才响" in bar
        assert "接着播" in bar and "从头播" in bar
    assert "恢复循环" in secretary.get("/").text
    tomorrow = station.now + timedelta(days=1)
    again = replace(station.airing(Notice("防火")), due_at=tomorrow, kind=AiringKind.LOOP)
    station.coming = [station.airing(Notice("停水")), again]
    assert f"，循环明天 {station.now:%H:%M} 再响" in bar_of(secretary.get("/").text)
    assert f"下一次是明天 {station.now:%H:%M}。" in secretary.get("/").text


def test_after_a_stop_nothing_is_said_to_be_playing_without_script_too(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    station.on_air, station.fades = OnAirStatus(station.airing(Notice("停水")), 3.0, 9.0), True
    assert post("/stop?frame=1").location == "/bar"
    for path in ("/bar", "/"):
        page = secretary.get(path).text
        assert "停了“停水”" in page and "还有" not in page and 'class="state sounding"' not in page


def test_a_script_is_answered_with_the_bar_as_it_is_now(
    secretary: FlaskClient, station: FakeStation
) -> None:
    station.on_air, station.fades = OnAirStatus(station.airing(Notice("停水")), 3.0, 9.0), True
    answer = tap(secretary, "/stop").get_json()
    assert "停了“停水”" in answer["parts"]["bar"] and answer["said"] == ""
    assert "现在没有在播的" in tap(secretary, "/stop").get_json()["said"]


@pytest.mark.parametrize(("address", "from_start"), [("/go-on", False), ("/go-on?from_start=1", True)])
def test_a_stop_is_taken_back_from_the_bar(
    secretary: FlaskClient, station: FakeStation, post: Post, address: str, from_start: bool
) -> None:
    station.on_air = OnAirStatus(station.airing(Notice("停水")), 3.0, 9.0)
    post("/stop")
    assert f'formaction="{address}"' in secretary.get("/").text
    station.taken_up = [TakenUp("a", "李在现场讲话", None, "现场讲话没有录下来")]
    assert post(address, stop="s1").status_code == 303
    assert station.went_on == ("s1", from_start)
    assert "“李在现场讲话”没有接着播：现场讲话没有录下来。" in secretary.get("/").text
    assert "已经接着播过了" in tap(secretary, address, stop="s1").get_json()["said"]


def test_a_stop_of_a_talk_alone_offers_nothing(secretary: FlaskClient, station: FakeStation) -> None:
    station.stop = Stop("s1", station.now, "王秀英", "李在现场讲话", 0, (), loops=False)
    bar = bar_of(secretary.get("/").text)
    assert "停了“李在现场讲话”" in bar and "接着播" not in bar


def test_who_may_not_stop_sees_the_bar_without_its_buttons(station: FakeStation, app: Flask) -> None:
    password, looker = station.accounts.add("李四", Role.VIEWER), app.test_client()
    token = token_on(looker, "/login")
    looker.post("/login", data={"name": "李四", "password": password, "csrf_token": token})
    station.on_air = OnAirStatus(station.airing(Notice("停水")), 3.0, 9.0)
    bar = bar_of(looker.get("/record").text)
    assert "停水" in bar and "停播" not in bar
    station.on_air, station.stop = (
        None,
        Stop("s1", station.now, "王", "停水", 1, (Severity.DAILY,), False),
    )
    bar = bar_of(looker.get("/").text)
    assert "停了“停水”" in bar and "接着播" not in bar


def test_what_waits_for_the_card_is_said_not_to_be_heard_and_can_be_stopped(
    secretary: FlaskClient, station: FakeStation
) -> None:
    station.unheard, station.waiting = "声卡掉线", [station.airing(Notice("发大水"))] * 2
    bar = bar_of(secretary.get("/say").text)
    assert "还没有响：“发大水”，一共 2 条" in bar and "停播</button>" in bar
    station.waiting = []
    bar = bar_of(secretary.get("/say").text)
    assert "喇叭响不了：声卡掉线" in bar and 'href="/#fault"' in bar


def test_the_bar_says_what_comes_next(secretary: FlaskClient, station: FakeStation) -> None:
    later = station.airing(Notice("防诈骗", title="防诈骗"))
    station.coming = [replace(later, due_at=station.now + timedelta(days=1))]
    assert re.search(r"没在播，下一条 明天 \d\d:\d\d 防诈骗", bar_of(secretary.get("/more").text))


def test_before_the_login_there_is_no_bar_and_its_frame_leads_there(client: FlaskClient) -> None:
    assert 'id="bar"' not in client.get("/login").text
    assert 'href="/login"' in client.get("/bar").text
    assert client.post("/stop?frame=1").location == "/bar"


def test_the_bar_alone_may_stand_in_a_frame_of_ours(secretary: FlaskClient) -> None:
    policies = {path: secretary.get(path).headers["Content-Security-Policy"] for path in ("/bar", "/")}
    assert policies["/bar"].endswith("frame-ancestors 'self'")
    assert policies["/"].endswith("frame-ancestors 'none'")


def test_what_still_fades_out_after_a_stop_is_called_so(
    secretary: FlaskClient, station: FakeStation
) -> None:
    station.on_air = OnAirStatus(station.airing(Notice("停水")), 3.0, 9.0, stopping=True)
    page = secretary.get("/").text
    assert "正在停</p>" in page and "正在播出</p>" not in page and "还有" not in page
    assert "正在停：" in bar_of(page) and "停播</button>" not in bar_of(page)


def test_stopping_when_nothing_sounds_says_so(secretary: FlaskClient, post: Post) -> None:
    post("/stop")
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


def test_the_line_that_sounds_and_the_time_left_are_shown(
    secretary: FlaskClient, station: FakeStation
) -> None:
    notice = Notice("上游开闸泄洪。请马上转移。", title="泄洪")
    station.on_air = OnAirStatus(station.airing(notice), 12.0, 60.0, "请马上转移。")
    page = secretary.get("/").text
    assert '<p class="words">请马上转移。</p>' in page and "还有 48 秒" in page


def test_while_it_is_being_made_no_length_is_told(secretary: FlaskClient, station: FakeStation) -> None:
    station.on_air = OnAirStatus(station.airing(Notice("停水")), 4.0, 8.0, "停水", made=False)
    page = secretary.get("/").text
    assert "正在播出" in page and "还有" not in page and "<progress" not in page
    station.on_air = OnAirStatus(station.airing(Notice("停水")), 11.0, 36.0, "停水")
    assert "还有 25 秒" in secretary.get("/").text


def test_stopped_loops_can_be_had_back(secretary: FlaskClient, station: FakeStation, post: Post) -> None:
    assert "恢复循环" not in secretary.get("/").text
    station.loops_stopped = True
    page = secretary.get("/").text
    assert "恢复循环" in page
    assert f"李建国在今天 {station.now:%H:%M}停播了" in page
    post("/loops")
    assert "循环播放恢复了" in secretary.get("/").text and not station.loops_stopped


def test_the_volume_is_one_of_five(secretary: FlaskClient, station: FakeStation, post: Post) -> None:
    assert post("/volume", percent="40").status_code == 303
    assert station.volume == 40
    assert 'value="40" aria-current="true"' in secretary.get("/").text
    for wrong in ("41", "101", "-1", "大", ""):
        assert post("/volume", percent=wrong).status_code == 400
    assert station.volume == 40


def test_what_is_wanted_later_is_no_reason_to_stop_and_is_not_stopped(
    secretary: FlaskClient, station: FakeStation
) -> None:
    later = replace(station.airing(Notice("开会")), due_at=station.now + timedelta(days=1))
    station.waiting = [later]
    page = secretary.get("/").text
    assert "停播</button>" not in bar_of(page) and f"/cancel/{later.id}" in page
    assert re.search(r"明天 \d\d:\d\d</span><span class=\"what\">开会", page)
    assert re.search(r"下一条 明天 \d\d:\d\d 开会", bar_of(page))


def test_what_comes_stands_in_one_order_whoever_asked_for_it(
    secretary: FlaskClient, station: FakeStation
) -> None:
    def due_in(hours: int, text: str) -> Airing:
        return replace(station.airing(Notice(text)), due_at=station.now + timedelta(hours=hours))

    station.waiting = [station.airing(Notice("排着的")), due_in(48, "后天开会"), due_in(12, "打疫苗")]
    station.coming = [due_in(1, "防火"), due_in(24, "早安"), due_in(60, "晚安")]
    page = secretary.get("/").text
    coming = page[page.index("<h2>接下来") : page.index("<h2>最近")]
    shown = re.findall(r'class="what">([^<]+)<', coming)
    assert shown == ["排着的", "防火", "打疫苗", "早安", "后天开会", "晚安"]


def test_what_waits_for_the_clock_is_shown_marked_and_can_be_taken_back(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    held = station.airing(Notice("修路"))
    station.waiting, station.held = [held], frozenset({held.id})
    page = secretary.get("/").text
    assert re.search(r"修路<small>等时钟对准</small></span><a [^>]*/cancel/", page)
    assert "停播</button>" not in bar_of(page), "a stop does not end what waits for the clock"
    post(f"/cancel/{held.id}", seen_on=f"/cancel/{held.id}")
    assert "修路" not in secretary.get("/").text


def test_what_the_timetable_holds_back_for_the_clock_stays_listed_and_is_marked(
    secretary: FlaskClient, station: FakeStation
) -> None:
    held = replace(station.airing(Notice("防火")), due_at=station.now - timedelta(minutes=2))
    station.coming = [held, replace(held, due_at=station.now + timedelta(hours=1), id="next")]
    assert secretary.get("/").text.count("等时钟对准") == 1


def test_a_stream_tells_everything_and_then_what_is_new(
    secretary: FlaskClient, station: FakeStation
) -> None:
    answer = secretary.get("/live/stream?of=home", buffered=False)
    assert answer.mimetype == "text/event-stream"
    messages = texts(answer)
    first = next_news(messages)
    assert first.keys() == {
        *("bar", "left", "fault", "on_air", "loops", "coming", "clock", "recent"),
    }
    station.on_air = OnAirStatus(station.airing(Notice("停水")), 1.0, 9.0)
    news = next_news(messages)
    assert news.keys() == {"bar", "left", "on_air"} and "停水" in news["on_air"]
    answer.close()


def test_while_something_sounds_a_page_is_told_the_seconds_alone_and_the_time_of_the_box(
    secretary: FlaskClient, station: FakeStation
) -> None:
    station.on_air = OnAirStatus(station.airing(Notice("停水")), 1.0, 9.0)
    answer = secretary.get("/live/stream?of=bar", buffered=False)
    messages = texts(answer)
    assert next_news(messages).keys() == {"bar", "left"}
    beat = next(message for message in messages if message.startswith("event: beat"))
    assert re.fullmatch(r"event: beat\ndata: \d\d:\d\d:\d\d\n\n", beat) and len(beat) <= 60
    station.on_air = OnAirStatus(station.airing(Notice("停水")), 2.0, 9.0)
    assert next_news(messages) == {"left": '<span class="count">还有 7 秒</span>'}
    answer.close()


def test_there_are_only_so_many_streams_and_a_closed_one_makes_room(secretary: FlaskClient) -> None:
    streams = [secretary.get("/live/stream", buffered=False) for _ in range(MOST_STREAMS)]
    assert secretary.get("/live/stream").status_code == 503
    streams.pop().close()
    again = secretary.get("/live/stream", buffered=False)
    assert again.status_code == 200
    for stream in (*streams, again):
        stream.close()


def texts(answer: TestResponse) -> Iterator[str]:
    """The messages of a stream, one by one as they come."""
    for message in answer.response:
        assert isinstance(message, bytes)
        yield message.decode()


def next_news(messages: Iterator[str]) -> dict[str, str]:
    for text in messages:
        if text.startswith("data:"):
            return dict(json.loads(text.removeprefix("data:")))
    raise AssertionError("the stream ended")


def bar_of(page: str) -> str:
    """What the bar on top of a page shows."""
    return page.partition('data-part="bar">')[2].partition("</form>")[0]


def tap(client: FlaskClient, address: str, **fields: str) -> TestResponse:
    """As the script of the bar sends it."""
    fields["csrf_token"] = token_on(client, "/")
    return client.post(address, data=fields, headers={"Accept": "application/json"})


def token_on(client: FlaskClient, page: str) -> str:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    assert token
    return token[1]


def test_a_first_visit_fetches_little(app: Flask, secretary: FlaskClient) -> None:
    page = secretary.get("/").text
    files = set(re.findall(r'(?:src|href)="/static/([^"]+)"', page))
    assert len(files) >= 3
    sizes = [(Path(app.static_folder or "") / file).stat().st_size for file in files]
    assert len(page.encode()) + sum(sizes) < 150_000


def test_the_foot_leads_to_the_places_that_there_are(app: Flask, secretary: FlaskClient) -> None:
    page = secretary.get("/more").text
    assert '<a href="/more" aria-current="page">更多</a>' in page
    assert '<a href="/timetable">时间表</a>' in page
