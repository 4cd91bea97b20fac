"""What was asked for on a phone is followed to its true end on its home page."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rig.fakes import FakeStation, ManualClock
from web.logins import NAME, PASSWORD, Post

from broadcaster.core.errors import StoreUnusable
from broadcaster.core.model import Airing, AiringKind, JournalEntry, Outcome
from broadcaster.core.notice import Notice, Severity
from broadcaster.station.station import OnAirStatus, Stop, TakenUp
from broadcaster.store.journal import JournalRow
from broadcaster.web.base.followed_airings import FollowedAirings
from broadcaster.web.base.page_context import PageContext
from broadcaster.web.pages.asked_here import LONGEST_NAME, LOST_SECONDS, MOST_ASKED, MOST_COMING

FIRE = {"text": "后山起火，请马上离开。", "severity": "1"}


@pytest.fixture
def asked(secretary: FlaskClient, station: FakeStation, post: Post) -> Airing:
    """What was confirmed on this phone."""
    return ask(station, post)


def ask(station: FakeStation, post: Post, **more: str) -> Airing:
    page = post("/say", **FIRE, **more).text
    form = page[page.index('class="decide"') :]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    assert post("/say/air", **fields).status_code == 303
    return station.accepted[-1]


def ended(station: FakeStation, airing: Airing, outcome: Outcome, reason: str = "") -> JournalEntry:
    return JournalEntry(airing, outcome, reason, "", None, station.now, 0.0, 9.0)


def kept(entry: JournalEntry) -> JournalRow:
    airing, notice = entry.airing, entry.airing.notice
    return JournalRow(
        airing.id,
        notice.title,
        notice.text,
        notice.severity,
        AiringKind.LIVE,
        airing.asked_by,
        airing.due_at,
        None,
        entry.ended_at,
        0.0,
        9.0,
        entry.outcome,
        entry.reason,
        "",
    )


HANDED_OVER = "“后山起火，请马上离…”已经交给广播了，播得怎么样正在查。"


def told(page: str) -> list[tuple[str, str]]:
    """Class and sentence of each line on what was asked for here."""
    return re.findall(r'data-part="asked-\w+" role="status"><p class="([\w ]+)">([^<]+)</p>', page)


def test_it_is_handed_over_sounds_and_has_been_heard(
    secretary: FlaskClient, station: FakeStation, asked: Airing
) -> None:
    assert told(secretary.get("/").text) == [("message", HANDED_OVER)]
    station.waiting = [asked]
    assert "已经交给广播了，正在排队" in told(secretary.get("/").text)[0][1]
    station.waiting, station.on_air = [], OnAirStatus(asked, 1.0, 9.0)
    assert told(secretary.get("/").text) == [("message", "“后山起火，请马上离开。”正在播。")]
    station.on_air = None
    station.ends[asked.id] = ended(station, asked, Outcome.PLAYED)
    page = secretary.get("/").text
    assert told(page) == [("message", "“后山起火，请马上离开。”播完了。")]
    assert "知道了" in page and "再播一次" not in page


def test_what_was_broken_and_went_on_says_so(
    secretary: FlaskClient, station: FakeStation, asked: Airing
) -> None:
    station.rows = [kept(ended(station, asked, Outcome.PLAYED, "声卡断过，接着播完的"))]
    sentence = "“后山起火，请马上离开。”播完了：声卡断过，接着播完的。"
    assert told(secretary.get("/").text) == [("message", sentence)]


def test_it_waits_for_the_card_and_says_until_when(
    secretary: FlaskClient, station: FakeStation, asked: Airing
) -> None:
    station.waiting, station.fault = [asked], "声卡打不开"
    until = f"{asked.expires_at:%H:%M}"
    ((shown, sentence),) = told(secretary.get("/").text)
    assert shown == "problem failed", "what should sound and does not is no green line"
    assert re.search(f"还没有响：“后山.*在等声卡，(今天|明天) {until} 以前弄好就补播", sentence)
    assert "知道了" not in secretary.get("/").text


def test_what_is_for_later_says_for_when(
    secretary: FlaskClient, station: FakeStation, asked: Airing
) -> None:
    later = Airing(
        asked.notice, station.now + timedelta(days=1), station.now + timedelta(days=2), id=asked.id
    )
    station.waiting = [later]
    assert f"记下了，到时候播：明天 {later.due_at:%H:%M}" in told(secretary.get("/").text)[0][1]


def test_what_waits_for_the_clock_is_named_and_says_so(
    secretary: FlaskClient, station: FakeStation, asked: Airing
) -> None:
    station.waiting, station.held = [asked], frozenset({asked.id})
    assert told(secretary.get("/").text) == [
        ("message", "“后山起火，请马上离开。”记下了，等时钟对准了再播。")
    ]


@pytest.mark.parametrize(
    ("outcome", "reason", "sentence"),
    [
        (Outcome.FAILED, "声卡打不开", "“后山起火，请马上离开。”没播成：声卡打不开。"),
        (Outcome.CUT_SHORT, "停电", "“后山起火，请马上离开。”没播完：停电。"),
        (
            Outcome.EXPIRED,
            "过了有效时间，不再补播。",
            "“后山起火，请马上离开。”过时没播：过了有效时间，不再补播。",
        ),
        (Outcome.FAILED, "", "“后山起火，请马上离开。”没播成。"),
    ],
)
def test_what_was_not_heard_stands_in_red_with_a_way_to_say_it_again(
    secretary: FlaskClient,
    station: FakeStation,
    asked: Airing,
    outcome: Outcome,
    reason: str,
    sentence: str,
) -> None:
    station.rows = [kept(ended(station, asked, outcome, reason))]
    page = secretary.get("/").text
    assert told(page) == [("problem failed", sentence)]
    assert f'href="/record/again?airing={asked.id}"' in page
    assert secretary.get(f"/record/again?airing={asked.id}").status_code == 200


def test_what_somebody_took_back_is_no_failure(
    secretary: FlaskClient, station: FakeStation, asked: Airing
) -> None:
    station.ends[asked.id] = ended(station, asked, Outcome.CANCELLED, "停播（王秀英）")
    page = secretary.get("/").text
    assert told(page) == [("message", "“后山起火，请马上离开。”取消了：停播（王秀英）。")]


def test_each_of_several_is_followed_by_itself_the_last_first(
    secretary: FlaskClient, station: FakeStation, post: Post, asked: Airing
) -> None:
    second = ask(station, post)
    station.ends[asked.id] = ended(station, asked, Outcome.FAILED, "声卡打不开")
    station.on_air = OnAirStatus(second, 1.0, 9.0)
    classes = [kind for kind, _ in told(secretary.get("/").text)]
    assert classes == ["message", "problem failed"]


def test_the_sentence_moves_while_the_page_is_open(
    secretary: FlaskClient, station: FakeStation, asked: Airing
) -> None:
    secretary.get("/")
    assert "已经交给广播了" in live(secretary)[f"asked-{asked.id}"]
    station.ends[asked.id] = ended(station, asked, Outcome.FAILED, "声卡打不开")
    moved = live(secretary)[f"asked-{asked.id}"]
    assert "没播成：声卡打不开" in moved and "再播一次" in moved


def test_another_phone_is_not_told(app: Flask, asked: Airing, station: FakeStation) -> None:
    other = app.test_client()
    app.config["WTF_CSRF_ENABLED"] = False
    other.post("/login", data={"name": NAME, "password": PASSWORD})
    assert told(other.get("/").text) == []


def test_he_has_seen_it_and_it_goes(
    secretary: FlaskClient, station: FakeStation, post: Post, asked: Airing
) -> None:
    station.ends[asked.id] = ended(station, asked, Outcome.FAILED, "声卡打不开")
    assert post("/seen", airing=asked.id).location == "/"
    assert told(secretary.get("/").text) == []


def test_of_what_went_well_the_last_is_told_and_of_what_failed_everything(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    outcomes = Outcome.PLAYED, Outcome.FAILED, Outcome.PLAYED, Outcome.FAILED
    for outcome in outcomes:
        one = ask(station, post)
        station.ends[one.id] = ended(
            station, one, outcome, "声卡打不开" if outcome.value == "FAILED" else ""
        )
    page = secretary.get("/").text
    classes = [shown for shown, _sentence in told(page)]
    assert classes == ["problem failed", "message", "problem failed"]
    assert page.index('id="bar"') < page.index('data-part="asked-'), "nothing stands above the stop"


@pytest.fixture
def clock(app: Flask) -> ManualClock:
    """By which the page goes."""
    parts: PageContext = app.extensions["broadcaster"]
    clock = ManualClock()
    app.extensions["broadcaster"] = replace(parts, clock=clock)
    return clock


def test_what_the_station_no_longer_knows_of_is_named_and_said_to_be_lost(
    clock: ManualClock, secretary: FlaskClient, asked: Airing, post: Post
) -> None:
    assert told(secretary.get("/").text) == [("message", HANDED_OVER)]
    clock.advance(LOST_SECONDS + 1)
    page = secretary.get("/").text
    ((shown, sentence),) = told(page)
    assert shown == "problem failed" and "请重新播" in sentence
    assert sentence.startswith(f"“{asked.notice.text[: LONGEST_NAME - 1]}…”不知道播了没有")
    assert "再播一次" not in page and sentence in live(secretary)[f"asked-{asked.id}"]
    post("/seen")
    assert told(secretary.get("/").text) == []


def test_what_was_lost_before_the_start_is_said_to_be_so_at_the_first_look(
    secretary: FlaskClient, asked: Airing, app: Flask
) -> None:
    begun = app.extensions["broadcaster"].clock.monotonic() - LOST_SECONDS - 1
    app.extensions["broadcaster"] = replace(
        app.extensions["broadcaster"], followed=FollowedAirings(begun)
    )
    ((shown, sentence),) = told(secretary.get("/").text)
    assert shown == "problem failed" and "不知道播了没有" in sentence


def test_while_the_record_cannot_be_read_nothing_is_said_to_be_lost(
    clock: ManualClock, secretary: FlaskClient, station: FakeStation, asked: Airing
) -> None:
    station.past = out_of_reach  # type: ignore[method-assign]
    secretary.get("/")
    clock.advance(LOST_SECONDS + 1)
    assert told(secretary.get("/").text) == [("message", HANDED_OVER)]


def out_of_reach(airing_id: str) -> JournalRow | None:
    raise StoreUnusable("数据库打不开")


def test_what_was_not_heard_is_pushed_out_by_nothing_that_comes_later(
    secretary: FlaskClient, station: FakeStation, post: Post, asked: Airing
) -> None:
    other = ask(station, post)
    station.ends[asked.id] = ended(station, asked, Outcome.CUT_SHORT, "让位给更紧急的通知")
    station.ends[other.id] = ended(station, other, Outcome.CANCELLED, "停播（王会计）")
    later = [ask(station, post) for _ in range(7)]
    station.waiting = later[2:]
    for one in later[:2]:
        station.ends[one.id] = ended(station, one, Outcome.PLAYED)
    lines = told(secretary.get("/").text)
    assert [shown for shown, _sentence in lines] == [
        "message",
        "message",
        "problem failed",
        *["message"] * 5,
    ]
    assert "让位" in lines[2][1] and "停播（王会计）" in lines[-1][1]


def test_however_many_are_asked_for_the_cookie_stays_small_and_keeps_what_failed(
    secretary: FlaskClient, station: FakeStation, post: Post, asked: Airing
) -> None:
    station.ends[asked.id] = ended(station, asked, Outcome.FAILED, "声卡打不开")
    station.waiting = [ask(station, post) for _ in range(MOST_ASKED + 2)]
    lines = told(secretary.get("/").text)
    assert len(lines) == MOST_COMING + 1 and "没播成" in lines[2][1]


def test_what_he_took_back_himself_he_knows(
    secretary: FlaskClient, station: FakeStation, post: Post, asked: Airing
) -> None:
    station.waiting = [asked]
    post(f"/cancel/{asked.id}")
    station.ends[asked.id] = ended(station, asked, Outcome.CANCELLED, "取消（王秀英）")
    assert told(secretary.get("/").text) == []


def test_he_has_seen_all_of_it_with_one_tap(
    secretary: FlaskClient, station: FakeStation, post: Post, asked: Airing
) -> None:
    station.ends[asked.id] = ended(station, asked, Outcome.FAILED, "声卡打不开")
    assert "都知道了" not in secretary.get("/").text
    other, sounding = ask(station, post), ask(station, post)
    station.ends[other.id] = ended(station, other, Outcome.PLAYED)
    station.waiting = [sounding]
    assert "都知道了" in secretary.get("/").text
    assert post("/seen").location == "/"
    assert [sentence for _class, sentence in told(secretary.get("/").text)] == [
        "“后山起火，请马上离开。”已经交给广播了，正在排队。"
    ]


def test_saying_it_again_puts_the_new_one_in_the_place_of_the_old(
    secretary: FlaskClient, station: FakeStation, post: Post, asked: Airing
) -> None:
    station.rows = [kept(ended(station, asked, Outcome.FAILED, "声卡打不开"))]
    page = f"/record/again?airing={asked.id}"
    notice_id = re.search(r'name="notice_id" value="(\w+)"', secretary.get(page).text)
    assert notice_id
    post("/record/again", page, airing=asked.id, notice_id=notice_id[1])
    assert told(secretary.get("/").text) == [("message", HANDED_OVER)]


@pytest.mark.parametrize(
    ("outcome", "gone_by", "stays"),
    [
        (Outcome.PLAYED, timedelta(minutes=9), True),
        (Outcome.PLAYED, timedelta(minutes=11), False),
        (Outcome.FAILED, timedelta(days=6), True),
        (Outcome.FAILED, timedelta(days=8), False),
    ],
)
def test_what_is_over_for_long_is_told_no_more(
    secretary: FlaskClient,
    station: FakeStation,
    asked: Airing,
    outcome: Outcome,
    gone_by: timedelta,
    stays: bool,
) -> None:
    station.now -= gone_by
    station.ends[asked.id] = ended(station, asked, outcome)
    assert bool(told(secretary.get("/").text)) == stays


def test_a_second_tap_says_so_and_the_sentence_of_the_first_stays(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    page = post("/say", **FIRE).text
    form = page[page.index('class="decide"') :]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    post("/say/air", **fields)
    post("/say/air", **fields)
    home = secretary.get("/").text
    assert "没有重复播出" in home and len(told(home)) == 1


def live(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/live?of=home").json
    assert answer
    parts: dict[str, Any] = answer["parts"]
    return parts


def confirm_page(post: Post) -> str:
    return post("/say", **FIRE).text


@pytest.mark.usefixtures("secretary")
def test_the_confirm_page_says_beforehand_that_nothing_can_sound(
    station: FakeStation, post: Post
) -> None:
    assert 'class="problem"' not in confirm_page(post)
    station.fault = "声卡打不开：没有插好，或者正被别的程序占用"
    page = confirm_page(post)
    assert re.search(
        r"现在响不了：声卡打不开：没有插好，或者正被别的程序占用。今?明?天 \d\d:\d\d 以前弄好就补播。",
        page,
    )
    assert "确认播出</button>" in page


@pytest.mark.usefixtures("secretary")
def test_the_confirm_page_says_that_a_power_cut_would_lose_it(station: FakeStation, post: Post) -> None:
    station.keeps = False
    assert "磁盘写不进去：照样播，但是没播完就停电的话，这一条就没有了。" in confirm_page(post)


def test_what_is_said_again_is_warned_of_too(secretary: FlaskClient, station: FakeStation) -> None:
    fire = station.airing(Notice("起火", severity=Severity.RED))
    station.rows = [kept(ended(station, fire, Outcome.FAILED, "声卡打不开"))]
    station.fault = "声卡打不开"
    assert "现在响不了：声卡打不开" in secretary.get(f"/record/again?airing={fire.id}").text
    assert "声卡打不开" in secretary.get("/talk").text


def test_each_fault_stands_on_a_line_of_its_own(secretary: FlaskClient, station: FakeStation) -> None:
    station.faults = ("声卡打不开。", "时钟没有对过。")
    page = secretary.get("/").text
    assert '<p class="problem">声卡打不开。</p>\n<p class="problem">时钟没有对过。</p>' in page


def test_what_was_stopped_and_goes_on_is_followed_in_its_new_airing_on_every_phone(
    secretary: FlaskClient, station: FakeStation, asked: Airing, post: Post, app: Flask
) -> None:
    other = app.test_client()
    token = re.search(r'csrf_token" value="([^"]+)"', other.get("/login").text)
    assert token
    entry = {"name": NAME, "password": PASSWORD, "csrf_token": token[1]}
    other.post("/login", data=entry)
    station.ends[asked.id] = ended(station, asked, Outcome.CUT_SHORT, f"停播（{NAME}）")
    assert told(secretary.get("/").text)[0][0] == "problem failed"
    again = replace(asked, id="again")
    station.stop = Stop("s1", station.now, NAME, "火", 0, (Severity.RED,), loops=False)
    station.taken_up = [TakenUp(asked.id, "火", again)]
    other.post("/go-on", data={"stop": "s1", "csrf_token": csrf_of(other)})
    station.on_air = OnAirStatus(again, 1.0, 9.0)
    for phone in (secretary, other):
        ((shown, sentence),) = told(phone.get("/").text)
        assert (shown, "正在播。" in sentence) == ("message", True)
    station.on_air, station.ends["again"] = None, ended(station, again, Outcome.PLAYED)
    for phone in (secretary, other):
        assert "播完了" in told(phone.get("/").text)[0][1]


def test_after_a_restart_the_record_tells_what_a_stopped_one_went_on_in(
    secretary: FlaskClient, station: FakeStation, asked: Airing
) -> None:
    again = replace(asked, id="again")
    station.rows = [
        kept(ended(station, again, Outcome.PLAYED)),
        kept(ended(station, asked, Outcome.CUT_SHORT, f"停播（{NAME}）")),
    ]
    station.going_on = {asked.id: again.id}
    assert told(secretary.get("/").text) == [("message", "“后山起火，请马上离开。”播完了。")]


def test_what_was_missed_while_nobody_was_logged_in_is_told_at_the_next_login(
    secretary: FlaskClient, station: FakeStation, asked: Airing, app: Flask
) -> None:
    mine = replace(asked, asked_by=NAME)
    missed = kept(ended(station, mine, Outcome.EXPIRED, "关机期间过了时"))
    heard = replace(missed, airing_id="heard", outcome=Outcome.PLAYED)
    others = replace(missed, airing_id="others", asked_by=f"{NAME}的弟弟")
    stopped = replace(missed, airing_id="stopped", outcome=Outcome.CUT_SHORT, reason=f"停播（{NAME}）")
    station.rows = [heard, others, stopped, missed]
    station.clock.step(timedelta(days=3))
    other = app.test_client()
    entry = {"name": NAME, "password": PASSWORD, "csrf_token": csrf_of(other, "/login")}
    # Once told, the phone itself keeps it.
    for lines in (1, 0):
        other.post("/login", data=entry)
        told_here = [sentence for _, sentence in told(other.get("/").text)]
        assert told_here == ["“后山起火，请马上离开。”过时没播：关机期间过了时。"] * lines
        station.clock.step(timedelta(hours=1))
        other = app.test_client()
        entry["csrf_token"] = csrf_of(other, "/login")


def test_what_waits_yet_is_told_to_who_asked_for_it_when_he_logs_in_again(
    station: FakeStation, asked: Airing, app: Flask
) -> None:
    """Also what waits for a card; not what others or the timetable put there."""
    mine = replace(asked, asked_by=NAME)
    loop = replace(mine, id="loop", kind=AiringKind.LOOP)
    station.waiting = [mine, loop, replace(mine, id="others", asked_by="李二")]
    station.fault = "声卡打不开"
    client = app.test_client()
    entry = {"name": NAME, "password": PASSWORD, "csrf_token": csrf_of(client, "/login")}
    client.post("/login", data=entry)
    [(shown, sentence)] = told(client.get("/").text)
    assert shown == "problem failed" and "还没有响：“后山起火，请马上离开。”在等声卡" in sentence


def test_many_answers_do_not_push_the_urgent_notice_off_the_screen(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    airings = [ask(station, post) for _ in range(5)]
    station.waiting = airings[1:]
    station.ends[airings[0].id] = ended(station, airings[0], Outcome.FAILED, "声卡打不开")
    page = secretary.get("/").text
    before, _mark, folded = page.partition("<summary>还有 2 条</summary>")
    assert [shown for shown, _ in told(before)] == ["message", "message", "problem failed"]
    assert len(told(folded)) == 2


def csrf_of(client: FlaskClient, page: str = "/") -> str:
    token = re.search(r'csrf_token" value="([^"]+)"', client.get(page).text)
    assert token
    return token[1]
