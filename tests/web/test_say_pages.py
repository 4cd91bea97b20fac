"""A text is aired exactly as it was shown, once, in the name of who confirmed it."""

import html
import json
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from werkzeug.test import TestResponse

from broadcaster.core.errors import TextRefused, VoiceUnavailable
from broadcaster.core.model import AiringKind, Outcome
from broadcaster.core.notice import Notice, Severity, Signal, Style
from broadcaster.settings.schema import Settings
from broadcaster.station.station import OnAirStatus
from broadcaster.store.database.airing_json import write_overrides
from broadcaster.store.journal import JournalRow
from broadcaster.studio.recordings import Recording, recording_path

Post = Callable[..., TestResponse]

FLOOD = {"text": "上游水库今晚10点开闸泄洪\r\n请马上转移", "severity": "1", "repeats": "2"}


def hidden(page: str) -> dict[str, str]:
    fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in fields if name != "csrf_token"}


def test_a_text_is_shown_as_it_will_be_spoken_before_anything_is_aired(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    page = post("/say", **FLOOD).text
    assert "上游水库今晚十点开闸泄洪" in page and "原文：上游水库今晚10点开闸泄洪" in page
    assert "红色 特别重大" in page
    assert re.search(r"马上用离线女声播 2 遍，大约 \d+ 秒，开头响警报。", page)
    assert station.announced == []
    assert station.warmed >= 1


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
    assert re.search(r"马上用离线女声播 3 遍，大约 \d+ 秒，开头响警报。", page)
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
    token = re.search(r'name="csrf_token" value="([^"]+)"', secretary.get("/bar").text)
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
    form = {"text": "😀", "repeats": "3", "csrf_token": token[1]}
    answer = secretary.post("/say", data=form, follow_redirects=True)
    assert answer.status_code == 400
    assert "没有能念的汉字" in answer.text and "😀</textarea>" in answer.text
    assert 'value="3" checked' in answer.text


def test_going_back_to_edit_keeps_what_was_written(secretary: FlaskClient, post: Post) -> None:
    page = post("/say/edit", **hidden(post("/say", **FLOOD).text)).text
    assert "上游水库今晚10点开闸泄洪\n请马上转移</textarea>" in page
    assert 'name="severity" value="1" checked' in page and 'name="repeats" value="2" checked' in page


@pytest.mark.parametrize("path", ["/say/edit", "/say/air", "/say/fix"])
def test_reloading_a_confirmation_by_its_address_leads_home(secretary: FlaskClient, path: str) -> None:
    assert secretary.get(path).location == "/say"


def test_the_wait_behind_what_is_sounding_or_waiting_is_said(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    station.on_air = OnAirStatus(station.airing(Notice("防火宣传", severity=Severity.BLUE)), 5.0, 30.0)
    assert "会打断正在播的“防火宣传”" in post("/say", **FLOOD).text
    assert "排在“防火宣传”后面" in post("/say", text="停水").text
    station.waiting = [station.airing(Notice("打疫苗"))]
    assert "排在“防火宣传”等 2 条后面" in post("/say", text="停水").text


def test_a_notice_that_is_made_by_then_tells_how_long_it_is(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    station.rehearsals.lasts = 48.2
    page = post("/say", **FLOOD).text
    assert "马上用离线女声播 2 遍，共 48 秒，开头响警报。" in page
    assert [notice.repeats for notice in station.rehearsals.started] == [2]


def test_what_will_sound_is_heard_whole_or_in_part_before_it_is_aired(
    secretary: FlaskClient, post: Post
) -> None:
    page = post("/say", **FLOOD).text
    sound = re.search(r'<audio controls preload="none" src="([^"]+)"', page)
    assert sound
    whole = secretary.get(sound[1])
    assert (whole.mimetype, whole.content_length, whole.data) == ("audio/wav", 10, b"0123456789")
    part = secretary.get(sound[1], headers={"Range": "bytes=3-6"})
    assert (part.status_code, part.data) == (206, b"3456")
    assert part.headers["Content-Range"] == "bytes 3-6/10"
    assert secretary.get("/say/sound/other").status_code == 404


def test_nothing_is_heard_without_a_login(client: FlaskClient) -> None:
    assert client.get("/say/sound/token").location == "/login?back=/say/sound/token"
    assert client.get("/live/stream").status_code == 401


def test_a_pattern_is_filled_in_and_can_be_changed(secretary: FlaskClient) -> None:
    assert 'href="/say/pattern/water"' in secretary.get("/say").text
    blanks = secretary.get("/say/pattern/water").text
    assert "什么时候" in blanks and blanks.count('name="blank"') == 3
    filled = {"pattern": "water", "blank": ["管道坏了", "", "<b>全村</b>"]}
    asked = secretary.get("/say", query_string=filled).text
    assert "“什么时候”还空着" in asked and 'href="#blank-2"' in asked and 'value="管道坏了"' in asked
    page = secretary.get("/say", query_string=filled | {"later": "1"}).text
    assert "因管道坏了，（什么时候），&lt;b&gt;全村&lt;/b&gt;停水" in page
    assert secretary.get("/say/pattern/none").status_code == 404


def test_what_was_said_last_can_be_said_again(secretary: FlaskClient, station: FakeStation) -> None:
    station.rows = [
        *(row(station, "明天停水", "a3"), row(station, "打疫苗", "a2"), row(station, "明天停水", "a1")),
    ]
    assert said_last(secretary) == [("a3", "明天停水"), ("a2", "打疫苗")]
    assert "打疫苗</textarea>" in secretary.get("/say?airing=a2").text
    assert "</textarea>" in secretary.get("/say?airing=gone").text


@pytest.mark.parametrize(
    "outcome", [Outcome.EXPIRED, Outcome.CANCELLED, Outcome.SUPPRESSED, Outcome.FAILED]
)
def test_what_was_never_heard_was_not_said(
    secretary: FlaskClient, station: FakeStation, outcome: Outcome
) -> None:
    station.rows = [replace(row(station, "停水"), outcome=outcome), row(station, "打疫苗", "a2")]
    assert said_last(secretary) == [("a2", "打疫苗")]


def test_a_recording_is_used_again_as_a_recording_and_a_talk_not_at_all(
    secretary: FlaskClient, station: FakeStation, post: Post, keep: Callable[[float], Recording]
) -> None:
    kept = keep(6.7)
    talk = Notice("李书记在现场讲话", talk=True)
    gone = Notice("删掉的", recording="0" * 32)
    again = Notice(kept.title, recording=kept.key)
    station.rows = [
        row(station, one.text, f"a{number}", write_overrides(one))
        for number, one in enumerate((talk, gone, again))
    ]
    assert said_last(secretary) == [("a2", f"录音：{kept.title}")]
    assert f'name="recording" value="{kept.key}"' in secretary.get("/say?airing=a2").text
    assert talk.text not in secretary.get("/say?airing=a0").text


@pytest.mark.parametrize(("times", "seconds"), [("1", "10 秒"), ("2", "19 秒")])
def test_a_recording_is_as_long_as_it_is_with_its_chime_and_repeats(
    post: Post, keep: Callable[[float], Recording], times: str, seconds: str, secretary: FlaskClient
) -> None:
    page = post("/say", text="书记讲修渠", recording=keep(7.0).key, repeats=times).text
    assert f"马上用录音播 {times} 遍，大约 {seconds}，开头响钟声。" in page


@pytest.mark.usefixtures("secretary")
def test_a_recording_that_is_gone_is_told_before_it_is_confirmed(post: Post) -> None:
    answer = post("/say", text="书记讲修渠", recording="0" * 32)
    assert answer.status_code == 400 and "没有这个录音" in answer.text


def said_last(client: FlaskClient) -> list[tuple[str, str]]:
    return re.findall(r'href="/say\?airing=(\w+)"[^>]*>([^<]+)</a>', client.get("/say").text)


def test_the_emergency_form_is_red_from_the_start(secretary: FlaskClient) -> None:
    page = secretary.get("/say?severity=1").text
    assert 'name="severity" value="1" checked' in page and "紧急广播" in page
    assert secretary.get("/say?severity=9").status_code == 400


def test_a_notice_for_later_is_told_and_kept_for_its_time(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    at = (station.now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    page = post("/say", text="开会", when="at", at=at).text
    assert re.search(r"明天 \d\d:\d\d 用离线女声播 1 遍", page) and "到时候播" in page
    post("/say/air", **hidden(page))
    zone = station.settings.station.zone
    assert station.announced_for == datetime.fromisoformat(at).replace(tzinfo=zone)
    assert "记下了，到时候播" in secretary.get("/").text


def test_a_moment_that_was_not_chosen_does_not_count(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    post("/say/air", **hidden(post("/say", text="开会", when="now", at="2026-01-01T08:00").text))
    assert station.announced_for is None
    assert post("/say", text="开会", when="at", at="明天").status_code == 400


def test_later_without_a_moment_is_not_now(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    answer = post("/say", text="开会", when="at", at="")
    assert answer.status_code == 400
    assert "请写几号几点播" in answer.text and "开会</textarea>" in answer.text
    assert 'name="when" value="at" checked' in answer.text
    assert 'action="/say/air"' not in answer.text


def test_a_loop_without_its_last_day_is_no_loop_for_ever(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    answer = post("/say", text="少喝酒", when="loop", valid_until="")
    assert answer.status_code == 400
    assert "请写循环到哪天" in answer.text and "少喝酒</textarea>" in answer.text
    assert 'name="when" value="loop" checked' in answer.text
    assert answer.text.index('id="valid_until"') < answer.text.index('id="valid_until-wrong"')
    day = f"{station.now:%Y-%m-%d}"
    begun = post("/say", text="少喝酒", when="loop", valid_until=day).text
    assert f'name="valid_until" value="{day}"' in begun and 'action="/timetable/check"' in begun


def test_a_blank_that_was_left_open_is_named_before_anything_can_be_aired(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    answer = post("/say", text="因（为什么），（什么时候），全村停水。")
    assert answer.status_code == 400
    assert "还空着" in answer.text and 'action="/say/air"' not in answer.text
    assert post("/say", text="今天（星期三）停水。").status_code == 200


def test_quiet_hours_are_told_before_and_leave_nothing_to_confirm(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    station.quiet = "现在是静音时段：夜里不播。"
    page = post("/say", text="停水").text
    assert "夜里不播" in page and "确认播出</button>" not in page and "回去修改" in page
    assert "马上" not in page and "等到" not in page


def test_what_quiet_hours_keep_off_is_aired_with_one_tap_when_they_end(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    station.quiet = "现在是静音时段：夜里不播。"
    ends = station.quiet_until = (station.now + timedelta(days=1)).replace(second=0, microsecond=0)
    page = post("/say", text="停水").text
    when = f"明天 {ends:%H:%M}"
    assert f"{when} 用离线女声播 1 遍" in page and f"等到{when} 播</button>" in page
    assert f"{ends + timedelta(minutes=30):%H:%M} 以前恢复就补播" in page
    assert "马上" not in page and "确认播出</button>" not in page
    post("/say/air", **hidden(page), after_quiet=f"{ends:%Y-%m-%dT%H:%M}")
    assert station.announced_for == ends


@pytest.mark.usefixtures("secretary")
def test_quiet_hours_that_ended_while_the_page_was_read_keep_nothing_off(
    station: FakeStation, post: Post
) -> None:
    ended = station.now - timedelta(minutes=1)
    post("/say/air", **hidden(post("/say", text="停水").text), after_quiet=f"{ended:%Y-%m-%dT%H:%M}")
    assert len(station.announced) == 1 and station.announced_for is None


def test_voice_and_way_of_speaking_are_chosen_among_what_there_is(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    form = secretary.get("/say").text
    assert "离线女声" in form and "晓晓" not in form
    chosen = hidden(post("/say", text="秸秆焚烧害处大", voice="baker:female", style="kuaiban").text)
    again = post("/say/edit", **chosen).text
    assert 'value="baker:female" selected' in again and 'value="kuaiban" checked' in again
    post("/say/air", **chosen)
    ((notice, _),) = station.announced
    assert (notice.voice, notice.style) == ("baker:female", Style.KUAIBAN)
    assert post("/say", text="停水", style="rap").status_code == 400


def test_own_opening_and_closing_pace_and_beats_go_on_the_air_and_come_back_for_editing(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    own = {"opening": "一组的乡亲", "closing": "互相转告", "pace": "0.9", "beats_per_minute": "120"}
    chosen = hidden(post("/say", text="停水", **own).text)
    again = post("/say/edit", **chosen).text
    for name, value in own.items():
        assert re.search(f'name="{name}" value="{value}"', again)
    post("/say/air", **chosen)
    ((notice, _),) = station.announced
    assert (notice.opening, notice.closing, notice.pace, notice.beats_per_minute) == (
        *("一组的乡亲", "互相转告"),
        *(0.9, 120),
    )


def test_a_contact_is_asked_for_shown_before_it_is_aired_and_comes_back_for_editing(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    assert "联系人电话" in secretary.get("/say").text
    page = post("/say", text="停水", contact="王会计 13800001111", say_contact="1").text
    assert "联系人电话：王会计 13800001111" in page
    chosen = hidden(page)
    again = post("/say/edit", **chosen).text
    assert 'name="contact" value="王会计 13800001111"' in again
    assert 'name="say_contact" value="1" checked' in again
    post("/say/air", **chosen)
    ((notice, _),) = station.announced
    assert (notice.contact, notice.say_contact) == ("王会计 13800001111", True)


@pytest.mark.parametrize(
    "field", [{"pace": "3"}, {"pace": "nan"}, {"beats_per_minute": "99"}, {"opening": "水" * 501}]
)
def test_a_manner_out_of_bounds_airs_nothing(
    secretary: FlaskClient, station: FakeStation, post: Post, field: dict[str, str]
) -> None:
    assert post("/say/air", text="停水", **field).status_code == 400
    assert station.announced == []


def test_the_rhymes_of_a_verse_are_marked(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    miss = {"line": "来年多打几麻袋", "rhyme": "袋", "rhyme_pinyin": "dài", "track": "怀来"}
    miss |= {"letter": "C", "fit": "没押上", "wanted": "发花"}
    station.rehearsals.verses = [{"scheme": "AABC", "lines": [miss]}]
    page = post("/say", text="来年多打几麻袋", style="verse").text
    assert "韵式 AABC" in page and "怀来辙；应该押发花辙" in page and "没押上" in page


def test_a_wrong_reading_is_fixed_where_it_is_seen(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    shown = hidden(post("/say", **FLOOD).text)
    wrong = post("/say/fix", **shown, word="石盆", said="si", section="places").text
    assert (
        "石盆" in wrong and 'role="alert"' in wrong and hidden(wrong)["notice_id"] == shown["notice_id"]
    )
    page = post("/say/fix", **shown, word="石盆", said="shi2 peng4", section="places").text
    assert "记下了：石盆 念 shi2 peng4" in page
    assert [(entry.word, entry.said) for entry in station.words.entries()] == [("石盆", "shi2 peng4")]
    post("/say/air", **hidden(page))
    assert len(station.announced) == 1


def row(station: FakeStation, text: str, airing_id: str = "a1", manner: str = "") -> JournalRow:
    at = station.now
    fields = (airing_id, "", text, Severity.DAILY, AiringKind.LIVE, "王秀英", at, at, at)
    return JournalRow(*fields, 12.0, 12.0, Outcome.PLAYED, "", "baker:female", manner)


@pytest.fixture
def keep(settings: Settings) -> Callable[[float], Recording]:
    """Have a recording of so many seconds kept."""

    def keep(seconds: float) -> Recording:
        sound = recording_path(settings.paths.state, "ab" * 16)
        sound.parent.mkdir(parents=True)
        sound.write_bytes(b"")
        kept = Recording(sound.stem, "书记讲修渠", seconds, 0.0)
        sound.with_suffix(".json").write_text(json.dumps(asdict(kept)), encoding="utf-8")
        return kept

    return keep


def test_what_another_phone_made_of_a_text_stays_when_the_first_airs_it(
    post: Post, secretary: FlaskClient, station: FakeStation
) -> None:
    shown = post("/say", text="停水。", severity="0", notice_id="0123456789ab")
    post("/say", text="停水，请储水。", severity="0", notice_id="0123456789ab")
    post("/say/air", **hidden(shown.text))
    assert [notice.text for notice, _ in station.announced] == ["停水。"]
    (left,) = station.drafts.of(1)
    assert (left.get("text"), left.became) == ("停水，请储水。", "")
    assert "0123456789ab" in station.drafts.sent(1)


def test_phones_learn_what_was_sent_and_up_to_which_revision(
    post: Post, secretary: FlaskClient, station: FakeStation
) -> None:
    post("/say", text="停水。", severity="0", notice_id="0123456789ab")
    station.drafts.finish(1, "0123456789ab", "airing")
    for path in ("/", "/unfinished", "/say"):
        assert 'data-sent="0123456789ab:1"' in secretary.get(path).text
    post("/say", text="停水，请储水。", severity="0", notice_id="0123456789ab")
    assert 'data-sent="0123456789ab"' in secretary.get("/").text
