"""The record's pages over a real journal and a real timetable."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from werkzeug.test import TestResponse

from broadcaster.core.clock import Clock
from broadcaster.core.errors import KeptQuiet
from broadcaster.core.model import Airing, AiringKind, JournalEntry, Outcome
from broadcaster.core.notice import Notice, Severity, Signal, Style
from broadcaster.schedule.slot_settings import SlotSettings, TimetableSettings
from broadcaster.settings.schema import Settings
from broadcaster.station.village_slots import Slotbook
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.store import Store, open_store
from broadcaster.studio.export_jobs import Copy
from broadcaster.studio.recordings import recording_path
from broadcaster.web.base.wording import say_voice

Post = Callable[..., TestResponse]

FIRE = SlotSettings.model_validate(
    {
        "name": "防火",
        "every_minutes": 30,
        "windows": "09:00-10:00",
        "texts": ["防火第一。", "烟头别扔。"],
    }
)
FLOOD = Notice(
    "上游放水，<b>马上</b>转移。",
    title="泄洪",
    severity=Severity.ORANGE,
    chime=Signal.SIREN,
    repeats=3,
    style=Style.VERSE,
    zones=("东街",),
)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings.paths.state / DATABASE, Clock(settings.station.zone)) as store:
        yield store


@pytest.fixture
def station(settings: Settings, station: FakeStation, store: Store) -> Any:
    """The page's own, with a real journal of two lines, and a real timetable."""
    book = Slotbook(TimetableSettings(slots=(FIRE,)), settings, Clock(settings.station.zone))
    book.keep_in(store.slots, lambda notice: None)
    for name, value in {
        "slots": book,
        "history": store.journal.recent,
        "history_count": store.journal.count,
        "past": store.journal.find,
        "past_lines": store.journal.each,
    }.items():
        setattr(station, name, value)
    add(store, station, "a1", FLOOD, Outcome.CUT_SHORT, days_ago=3, asked_by="王秀英")
    add(store, station, "a2", Notice("=防火第一。", title="防火"), kind=AiringKind.LOOP, asked_by="防火")
    return station


def add(
    store: Store,
    station: FakeStation,
    airing_id: str,
    notice: Notice,
    outcome: Outcome = Outcome.PLAYED,
    kind: AiringKind = AiringKind.LIVE,
    days_ago: int = 0,
    asked_by: str = "",
) -> None:
    due = station.now - timedelta(days=days_ago)
    airing = Airing(notice, due, due + timedelta(hours=1), kind, asked_by, airing_id)
    ended = due + timedelta(seconds=9)
    assert store.journal.record(
        JournalEntry(airing, outcome, "停播", "baker:female", due, ended, 7.5, 9)
    )


def test_the_newest_comes_first_with_how_it_ended(secretary: FlaskClient) -> None:
    page = secretary.get("/record").text
    assert "一共 2 条" in page
    assert page.index("防火") < page.index("泄洪")
    assert "没播完" in page and "停播" in page


def test_a_line_shows_when_it_happened_and_what_it_was_planned_for(
    secretary: FlaskClient, store: Store, station: FakeStation
) -> None:
    noon = station.now.replace(hour=12, minute=0) - timedelta(days=1)
    for name, hours_late, outcome, reason in (
        ("晚播的", 4, Outcome.PLAYED, ""),
        ("不要了", -3, Outcome.CANCELLED, "取消（王秀英）"),
    ):
        due = noon - timedelta(hours=hours_late)
        airing = Airing(Notice(name), due, noon, AiringKind.SCHEDULED, "王秀英", name)
        began = noon if outcome is Outcome.PLAYED else None
        store.journal.record(JournalEntry(airing, outcome, reason, "", began, noon, 7.5, 9))
    lines = re.findall(r"<li>(.*?)</li>", secretary.get("/record?asked_by=王秀英").text, re.DOTALL)
    said = [" ".join(re.sub("<[^>]+>", " ", line).split()) for line in lines]
    assert said[0].startswith("昨天 12:00 不要了") and "原定 昨天 15:00，取消了" in said[0]
    assert said[0].endswith("：王秀英")
    assert said[1].startswith("昨天 12:00 晚播的") and "原定 昨天 08:00，播完了" in said[1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("text=转移", ["泄洪"]),
        ("asked_by=防火", ["防火"]),
        ("outcome=CUT_SHORT", ["泄洪"]),
        ("outcome=SPOILT", ["防火", "泄洪"]),
        ("since={today}", ["防火"]),
        ("until={before}", ["泄洪"]),
        ("since=昨天&until=2026-02-31", ["防火", "泄洪"]),
        ("until=9999-12-31&since=0001-01-01", ["防火", "泄洪"]),
        ("text=没有的", []),
        ("page=9", []),
        ("page=-3", ["防火", "泄洪"]),
        ("page=" + "9" * 40, []),
    ],
)
def test_filters_find_what_they_say(
    secretary: FlaskClient, station: FakeStation, query: str, found: list[str]
) -> None:
    today, before = station.now.date(), station.now.date() - timedelta(days=1)
    page = secretary.get(f"/record?{query.format(today=today, before=before)}")
    assert page.status_code == 200
    assert re.findall(r'class="name"[^>]*>([^<]+)<', page.text) == found


def test_there_are_pages_when_there_are_many(
    secretary: FlaskClient, station: FakeStation, store: Store
) -> None:
    for number in range(60):
        add(store, station, f"n{number}", Notice(f"第{number}条", title=f"第{number}条"))
    assert "上一页" not in secretary.get("/record?text=条").text
    second = secretary.get("/record?text=条&page=2").text
    assert "第29条" in second and "第30条" not in second
    assert 'href="/record?page=1&amp;text=' in second and "下一页" not in second


def test_the_table_has_every_line_that_was_found_and_no_formula(secretary: FlaskClient) -> None:
    answer = secretary.get("/record/journal.csv")
    named = answer.headers["Content-Disposition"]
    assert answer.mimetype == "text/csv" and "attachment" in named
    assert named.isascii(), "waitress sends no other letter"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["标题"] for row in rows] == ["防火", "泄洪"]
    assert rows[0]["内容"] == "'=防火第一。"
    found = secretary.get("/record/journal.csv?text=转移").data.decode("utf-8-sig")
    assert len(found.splitlines()) == 2


def test_one_line_shows_all_of_it_and_a_text_for_the_group(secretary: FlaskClient) -> None:
    page = secretary.get("/record/notice?airing=a1").text
    assert "上游放水，&lt;b&gt;马上&lt;/b&gt;转移。" in page
    assert "【我们村广播】泄洪" in page
    assert "王秀英" in page and "谁念的</dt><dd>离线女声</dd>" in re.sub("</?span[^>]*>", "", page)


@pytest.mark.parametrize(
    ("voice", "called"),
    [
        ("recording", "录音"),
        ("microphone", "现场"),
        ("baker:female", "离线女声"),
        ("old:one", "old:one"),
    ],
)
def test_whoever_spoke_is_called_as_people_call_him(
    station: FakeStation, app: Flask, voice: str, called: str
) -> None:
    with app.test_request_context():
        assert say_voice(voice, station.voices()) == called


def test_again_is_what_was_said_as_it_was_said_after_a_second_tap(
    secretary: FlaskClient, station: Any, post: Post
) -> None:
    page = secretary.get("/record/again?airing=a1").text
    assert "播 3 遍" in page and "警报" in page and station.announced == []
    found = re.search(r'name="notice_id" value="([0-9a-f]{12})"', page)
    assert found
    for _ in range(2):
        assert post("/record/again", airing="a1", notice_id=found[1]).status_code == 303
    ((notice, asked_by),) = station.announced
    assert asked_by == "王秀英" and notice.id == found[1]
    assert (notice.text, notice.repeats, notice.chime) == (FLOOD.text, 3, Signal.SIREN)
    assert (notice.style, notice.zones, notice.severity) == (Style.VERSE, ("东街",), Severity.ORANGE)


def test_what_is_kept_quiet_is_told_and_may_be_tried_again(
    secretary: FlaskClient, station: Any, post: Post
) -> None:
    station.fail_next = KeptQuiet("现在是静音时段。")
    answer = post("/record/again", airing="a1", notice_id="0123456789ab")
    assert "现在是静音时段" in secretary.get(answer.location).text
    assert post("/record/again", airing="a1", notice_id="0123456789ab").location == "/"
    assert len(station.announced) == 1


def test_what_is_said_again_is_told_and_heard_as_it_will_sound(
    secretary: FlaskClient, station: Any, store: Store
) -> None:
    add(store, station, "a3", Notice("停电检修", title="停电"))
    page = secretary.get("/record/again?airing=a3").text
    assert "马上用离线女声播 1 遍，大约 9 秒" in page, "as long as it was"
    assert '<audio controls preload="none" src="/say/sound/token"' in page
    station.rehearsals.lasts = 8.2
    assert "共 8 秒" in secretary.get("/record/again?airing=a3").text


def test_a_recording_that_is_said_again_is_the_recording_and_one_that_is_gone_is_told(
    secretary: FlaskClient, station: Any, store: Store, settings: Settings
) -> None:
    add(store, station, "a3", Notice("书记讲修渠", recording="ab" * 16))
    answer = secretary.get("/record/again?airing=a3")
    assert "没有这个录音" in secretary.get(answer.location).text
    sound = recording_path(settings.paths.state, "ab" * 16)
    sound.parent.mkdir()
    sound.write_bytes(b"")
    about = {"key": "ab" * 16, "title": "书记讲修渠", "seconds": 6.7, "taken_at": 0}
    sound.with_suffix(".json").write_text(json.dumps(about), encoding="utf-8")
    page = secretary.get("/record/again?airing=a3").text
    assert "马上用录音播 1 遍，大约 9 秒" in page and "/say/sound/token" in page
    assert "会这样念" not in page


def test_saying_it_again_in_quiet_hours_is_told_before_and_put_off_with_one_tap(
    secretary: FlaskClient, station: Any, post: Post
) -> None:
    station.quiet = "现在是静音时段：夜里不播。"
    ends = station.quiet_until = (station.now + timedelta(days=1)).replace(second=0, microsecond=0)
    page = secretary.get("/record/again?airing=a1").text
    assert "夜里不播" in page and "马上用" not in page and "确认播出</button>" not in page
    moment = re.search(r'name="after_quiet" value="([^"]+)">等到明天', page)
    assert moment
    post("/record/again", airing="a1", notice_id="0123456789ab", after_quiet=moment[1])
    assert station.announced_for == ends
    answer = post("/record/again", airing="a1", notice_id="0123456789ac", after_quiet="明天")
    assert answer.status_code == 400


def test_a_slot_of_the_timetable_is_no_line_to_be_said_again(
    secretary: FlaskClient, station: Any, post: Post
) -> None:
    assert "再播一次" not in secretary.get("/record/notice?slot=防火").text
    assert secretary.get("/record/again?slot=防火").location == "/record"
    assert post("/record/again", slot="防火", notice_id="0123456789ab").location == "/record"
    assert station.announced == []


def test_the_paper_has_the_text_and_a_code_drawn_by_attributes(secretary: FlaskClient) -> None:
    page = secretary.get("/record/paper?slot=防火").text
    assert "防火第一。\n\n烟头别扔。" in page
    assert 'class="code"><path stroke="#000" d="' in page
    assert "style=" not in page and "<script>" not in page


def test_a_long_text_still_has_a_code(secretary: FlaskClient, station: Any) -> None:
    station.slots.save({"name": "长", "text": "停水通知。" * 400, "at": ["06:30"]})
    assert 'class="code"' in secretary.get("/record/paper?slot=长").text


def test_an_mp3_of_a_line_or_of_a_loop_is_ordered(
    secretary: FlaskClient, station: Any, post: Post
) -> None:
    assert post("/record/copy", airing="a1", minutes="0").location == "/record/copy/c0ffee"
    assert post("/record/copy", slot="防火", minutes="10").location == "/record/copy/c0ffee"
    (one, zipped), (loop, _) = station.copies.orders
    assert (one[0].name, [notice.text for notice in one[0].notices]) == ("泄洪", [FLOOD.text])
    assert [notice.text for notice in loop[0].notices] == list(FIRE.texts)
    assert (loop[0].minutes, zipped) == (10, False)


def test_the_page_of_a_copy_asks_again_until_it_is_there_and_then_plays_it(
    secretary: FlaskClient, station: Any, tmp_path: Path
) -> None:
    copies = station.copies
    assert 'http-equiv="refresh"' in secretary.get("/record/copy/c0ffee").text
    assert secretary.get("/record/copy/c0ffee/file").location == "/record"
    path = tmp_path / "c0ffee.mp3"
    path.write_bytes(b"sound")
    copies.copy = Copy("c0ffee", "泄洪.mp3", 1, 1, path)
    page = secretary.get("/record/copy/c0ffee").text
    assert "refresh" not in page and '<audio controls src="/record/copy/c0ffee/file">' in page
    with secretary.get("/record/copy/c0ffee/file", headers={"Range": "bytes=0-1"}) as heard:
        assert (heard.status_code, heard.data, heard.mimetype) == (206, b"so", "audio/mpeg")
    with secretary.get("/record/copy/c0ffee/file?download=1") as taken:
        assert "attachment" in taken.headers["Content-Disposition"]
    copies.copy = Copy("c0ffee", "泄洪.mp3", 1, problem="没有装 ffmpeg。")
    assert "没有装 ffmpeg" in secretary.get("/record/copy/c0ffee").text


def test_a_stick_is_a_zip_of_the_slots_that_were_ticked(
    secretary: FlaskClient, station: Any, post: Post
) -> None:
    assert 'name="name" value="防火" checked' in secretary.get("/record/usb").text
    station.copies.copy = Copy("c0ffee", "广播.zip", 1)
    assert post("/record/copy", name="防火", minutes="0").location == "/record/copy/c0ffee"
    assert [(tracks[0].name, zipped) for tracks, zipped in station.copies.orders] == [("防火", True)]
    assert post("/record/copy", name="没有的", minutes="0").location == "/record/usb"


def test_too_many_orders_are_told(secretary: FlaskClient, station: Any, post: Post) -> None:
    station.copies.fail_next = "前面还有几份在做，请过几分钟再试。"
    for fields in ({"airing": "a1"}, {"name": "防火"}):
        answer = post("/record/copy", minutes="0", **fields)
        assert "前面还有几份" in secretary.get(answer.location).text


@pytest.mark.parametrize("minutes", ["7", "-1", "999999"])
def test_a_length_that_is_not_offered_is_refused(
    secretary: FlaskClient, post: Post, minutes: str
) -> None:
    assert post("/record/copy", airing="a1", minutes=minutes).status_code == 400


@pytest.mark.parametrize(
    "path", ["notice?airing=none", "notice", "paper?slot=none", "again?airing=none", "copy/none", "copy"]
)
def test_what_is_not_there_leads_to_the_record(secretary: FlaskClient, path: str) -> None:
    answer = secretary.get(f"/record/{path}")
    assert (answer.status_code, answer.location) == (303, "/record")


@pytest.mark.parametrize("path", ["again", "copy"])
def test_a_form_that_no_page_of_ours_gave_does_nothing(
    secretary: FlaskClient, station: Any, path: str
) -> None:
    fields = {"airing": "a1", "notice_id": "0123456789ab"}
    assert secretary.post(f"/record/{path}", data=fields).status_code == 400
    assert (station.announced, station.copies.orders) == ([], [])


def test_nothing_is_shown_without_a_login(client: FlaskClient) -> None:
    for path in ("", "/journal.csv", "/notice?airing=a1", "/copy/c0ffee/file"):
        assert client.get(f"/record{path}").status_code == 303
