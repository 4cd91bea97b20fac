"""What holds for every form: it ends on a page of an address of its own, and nothing written is lost."""

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from web.logins import NAME, PASSWORD, Post
from werkzeug.test import TestResponse

from broadcaster.core.model import AiringKind, Outcome
from broadcaster.core.notice import Severity
from broadcaster.core.people import Role
from broadcaster.settings.schema import Settings
from broadcaster.store.journal import JournalRow
from broadcaster.web.app import create_app
from broadcaster.web.base.access import RULES

WATER = {"text": "明天<上午>停水。", "severity": "2", "repeats": "3", "notice_id": "0123456789ab"}
SLOT = {"text": "防火。", "kind": "every_minutes", "every_minutes": "半小时", "at": "06:30"}


def hidden(page: str) -> dict[str, str]:
    fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in fields}


@pytest.fixture
def plain(station: FakeStation, settings: Settings) -> FlaskClient:
    """A client that goes nowhere by itself, in a page that asks for no token of a form."""
    app = create_app(station, settings)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.post("/login", data={"name": NAME, "password": PASSWORD}).status_code == 303
    return client


def places_of_forms(app: Flask) -> list[str]:
    """Of people's forms, not of programs and scripts."""
    found = []
    for rule in app.url_map.iter_rules():
        known = RULES[rule.endpoint]
        if "POST" in (rule.methods or ()) and not known.scope and not known.silent:
            found.append(re.sub(r"<any[^>]+>", "pin", rule.rule).replace("<int:number>", "987654"))
    return [re.sub(r"<[^>]+>", "0123456789ab", path) for path in found]


def test_every_form_leads_to_an_address_that_shows_the_same_again(
    plain: FlaskClient, app: Flask
) -> None:
    paths = [path for path in places_of_forms(app) if path != "/logout"]
    assert len(paths) > 25
    for path in paths:
        answer = plain.post(path, data={"severity": "9"})
        assert answer.status_code == 303, path
        place = answer.location.partition("#")[0]
        first, again = plain.get(place, follow_redirects=True), plain.get(place, follow_redirects=True)
        assert first.mimetype == again.mimetype == "text/html", path
        assert first.status_code == again.status_code != 405, path
        came_back = plain.get(path, follow_redirects=True)
        assert came_back.status_code in (200, 400, 404), f"{path}: {came_back.status_code}"


def test_the_answer_to_a_form_is_nobody_elses(plain: FlaskClient, station: FakeStation) -> None:
    given = plain.post("/more/people", data={"name": "张三", "role": "editor"}).location
    shown = plain.get(given).text
    assert "张三 的密码" in shown
    password = station.accounts.add("李四", Role.SECRETARY)
    plain.post("/logout")
    assert "张三 的密码" not in plain.get(given, follow_redirects=True).text
    plain.post("/login", data={"name": "李四", "password": password})
    assert "张三 的密码" not in plain.get(given, follow_redirects=True).text


@pytest.mark.parametrize("path", ["/say", "/say/edit", "/say/fix", "/say/air"])
def test_without_a_session_the_words_go_through_the_login_and_nothing_is_aired(
    client: FlaskClient, secretary: FlaskClient, station: FakeStation, post: Post, path: str
) -> None:
    client.delete_cookie("broadcaster")
    page = client.post(path, data=WATER).text
    assert "隔得久了，再登一次，写的字都在。" in page and "<上午>" not in page
    wrong = client.post("/login", data=hidden(page) | {"name": NAME, "password": "wrong"}).text
    landed = client.post("/login", data=hidden(wrong) | {"name": NAME, "password": PASSWORD})
    assert "刚才那一下没有算数" in landed.text and "明天&lt;上午&gt;停水。" in landed.text
    assert hidden(landed.text)["notice_id"] == WATER["notice_id"]
    assert station.announced == []


def test_a_slot_that_was_being_written_goes_through_the_login_too(
    client: FlaskClient, secretary: FlaskClient
) -> None:
    client.delete_cookie("broadcaster")
    page = client.post("/timetable/check", data=SLOT | {"window_from": "08:00"}).text
    landed = client.post("/login", data=hidden(page) | {"name": NAME, "password": PASSWORD}).text
    assert "防火。</textarea>" in landed and 'value="半小时"' in landed and 'value="08:00"' in landed


def test_a_small_form_comes_back_with_its_words_and_without_its_secrets(
    client: FlaskClient, secretary: FlaskClient
) -> None:
    client.delete_cookie("broadcaster")
    sent = {"word": "石盆", "said": "shi2 pen2", "section": "places", "password": "x", "code": "1"}
    came = {"Referer": "http://localhost/words/edit?section=places"}
    page = client.post("/words/save", data=sent, headers=came).text
    assert "shi2 pen2" in html.unescape(page) and "password" not in hidden(page)["fields"]
    landed = client.post("/login", data=hidden(page) | {"name": NAME, "password": PASSWORD})
    assert landed.status_code == 303 and landed.location.startswith("/words/edit?section=places&")
    assert 'value="shi2 pen2"' in client.get(landed.location).text


@pytest.mark.parametrize(
    ("wanted", "lands"),
    [("/record?text=停水&page=1", "/record?text=%E5%81%9C%E6%B0%B4&page=1"), ("/more/me", "/more/me")],
)
def test_who_wanted_a_page_gets_it_after_the_login(client: FlaskClient, wanted: str, lands: str) -> None:
    page = client.get(wanted, follow_redirects=True).text
    landed = client.post("/login", data=hidden(page) | {"name": NAME, "password": PASSWORD})
    assert landed.status_code == 303
    assert client.get(landed.location).status_code == 200
    assert landed.location.partition("?")[0] == lands.partition("?")[0]


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example", "/\\evil", "javascript:x"])
def test_nothing_leads_from_the_login_to_another_site(client: FlaskClient, back: str) -> None:
    page = client.get("/login", query_string={"back": back}).text
    landed = client.post("/login", data=hidden(page) | {"name": NAME, "password": PASSWORD})
    assert landed.location == "/"


@pytest.mark.parametrize("fields", ["[", "{}", "[[1]]", "7", "[" * 9_000, '[["text"'])
def test_what_no_login_page_of_ours_carried_does_no_harm(
    client: FlaskClient, post: Post, fields: str
) -> None:
    carried = {"to": "/say", "fields": fields, "back": "/say"}
    landed = post("/login", "/login", name=NAME, password=PASSWORD, **carried)
    assert landed.status_code in (200, 303)


def test_a_tap_without_words_is_said_not_to_have_counted(
    client: FlaskClient, secretary: FlaskClient, station: FakeStation
) -> None:
    client.delete_cookie("broadcaster")
    assert "刚才那一下没有算数" in client.post("/stop").text
    assert station.stops == []
    asked_by_script = client.post("/stop", headers={"Accept": "application/json"})
    assert asked_by_script.status_code == 303 and asked_by_script.location.startswith("/login")


def test_a_form_from_before_another_login_is_written_on(
    client: FlaskClient, secretary: FlaskClient, station: FakeStation
) -> None:
    stale = client.post("/say", data=WATER | {"csrf_token": "of another session"})
    assert stale.status_code == 400 and "没有算数" in stale.text
    on = client.post("/login/on", data=hidden(stale.text)).text
    assert "明天&lt;上午&gt;停水。</textarea>" in on and station.announced == []


def test_what_was_aired_says_so_at_its_old_address_and_airs_once(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    shown = hidden(post("/say", **WATER).text)
    assert "没写完的 1 条" in secretary.get("/").text
    assert post("/say/air", **shown).location == "/"
    assert 'id="unfinished-link"' in secretary.get("/").text
    for path in (f"/say/{WATER['notice_id']}", f"/say/{WATER['notice_id']}/edit"):
        page = secretary.get(path).text
        assert "已经交给广播了" in page and "另写一条" in page and "/say/air" not in page
    assert post("/say/air", **shown).location == "/"
    assert len(station.announced) == 1


def test_an_id_that_was_aired_is_never_taken_for_other_words(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    shown = hidden(post("/say", **WATER).text)
    post("/say/air", **shown)
    assert "另写一条" in post("/say", **shown).text
    for path in ("/say", "/say/air"):
        page = post(path, **(shown | {"text": "后天开会。"})).text
        other = hidden(page)
        assert other["text"] == "后天开会。" and other["notice_id"] != WATER["notice_id"]
    assert [notice.text for notice, _ in station.announced] == [WATER["text"]]


def test_a_draft_is_dropped_and_another_person_never_sees_it(
    app: Flask, secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    post("/say", **WATER)
    password = station.accounts.add("李四", Role.SECRETARY)
    other = app.test_client()
    page = other.get("/login").text
    other.post("/login", data=hidden(page) | {"name": "李四", "password": password})
    own = "明天&lt;上午&gt;停水"
    assert own not in other.get("/unfinished").text
    assert own not in other.get(f"/say/{WATER['notice_id']}/edit").text
    assert own in secretary.get("/unfinished").text
    gone = post(f"/unfinished/{WATER['notice_id']}/drop").location
    page = secretary.get(gone).text
    assert own not in page and "已经拿掉" in page and "取回来" in page
    assert own not in secretary.get(f"/say/{WATER['notice_id']}/edit").text
    assert post(f"/unfinished/{WATER['notice_id']}/take-back", gone).location == "/unfinished"
    assert own in secretary.get("/unfinished").text
    assert "取回来</button></form>" not in secretary.get(gone).text
    assert own in secretary.get(f"/say/{WATER['notice_id']}/edit").text


@pytest.mark.parametrize("recording", [{}, {"recording": "0" * 32}], ids=["words", "a recording"])
def test_what_is_being_written_is_not_among_what_is_left_unfinished(
    secretary: FlaskClient, post: Post, recording: dict[str, str]
) -> None:
    """So that nobody drops it while he writes."""
    post("/say", **WATER | recording)
    post("/say", **WATER | {"notice_id": "ba9876543211", "text": "另一条"})
    page = secretary.get(f"/say/{WATER['notice_id']}/edit").text
    assert "另一条" in page and '<li data-id="ba9876543211"' in page
    assert ("用录音" in page) is bool(recording)
    assert f'<li data-id="{WATER["notice_id"]}"' not in page


def test_a_form_of_another_login_says_so_and_not_that_it_is_old(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    before = hidden(post("/say", **WATER).text)
    post("/logout", seen_on="/more")
    password = station.accounts.add("李四", Role.SECRETARY)
    assert post("/login", name="李四", password=password).status_code == 303
    answer = secretary.post("/say/air", data=before)
    assert answer.status_code == 400 and "又登录过，或者换了人" in answer.text
    assert "放得太久" not in answer.text and not station.announced


def test_a_form_without_a_word_comes_back_and_is_nothing_unfinished(
    secretary: FlaskClient, post: Post
) -> None:
    assert "请写上要说的话" in post("/say", **WATER | {"text": "  "}).text
    assert "没写完的 1 条" not in secretary.get("/").text
    assert WATER["notice_id"] not in secretary.get("/unfinished").text


def test_a_slot_that_was_saved_says_so_at_its_old_address(secretary: FlaskClient, post: Post) -> None:
    checked = post("/timetable/check", text="防火。", kind="at", at="06:30", draft_id="ba9876543210")
    post("/timetable/save", **hidden(checked.text))
    answer: TestResponse = secretary.get("/timetable/draft/ba9876543210", follow_redirects=True)
    assert "已经存好了" in answer.text


def test_two_pairs_of_hours_are_written_in_one_go_and_come_back(
    secretary: FlaskClient, post: Post
) -> None:
    form = secretary.get("/timetable/new").text
    assert form.count('name="window_from"') == form.count('name="window_until"') == 2
    assert form.count('name="once_day"') == 1


def test_a_second_tap_on_a_form_that_makes_something_shows_what_the_first_made(
    plain: FlaskClient, station: FakeStation
) -> None:
    sent = {"name": "张三", "role": "editor", "form_id": "0123456789ab"}
    first = plain.post("/more/people", data=sent).location
    assert plain.post("/more/people", data=sent).location == first
    assert "张三 的密码" in plain.get(first).text
    other = plain.post("/more/people", data=sent | {"name": "赵六"}).location
    assert "赵六 的密码" in plain.get(other).text
    again = plain.post("/more/people", data=sent | {"form_id": "b" * 12}).location
    assert "已经有叫“张三”的账号了" in plain.get(again).text
    assert [person.name for person in station.accounts.people()] == [NAME, "张三", "赵六"]
    for page in ("/more/people", "/more/tokens"):
        assert 'name="form_id"' in plain.get(page).text


def test_what_was_said_again_is_not_said_once_more_by_coming_back(
    secretary: FlaskClient, station: FakeStation, post: Post
) -> None:
    at, about = station.now, ("a1", "", "停水", Severity.DAILY, AiringKind.LIVE, "王秀英")
    station.rows = [JournalRow(*about, at, at, at, 9.0, 9.0, Outcome.PLAYED, "", "baker:female", "")]
    asked = secretary.get("/record/again?airing=a1").text
    sent = hidden(asked)
    post("/record/again", **sent)
    back = secretary.get("/record/again", query_string={"airing": "a1", **sent}).text
    assert "已经交给广播了" in back and "确认播出" not in back
    post("/record/again", **sent)
    assert len(station.announced) == 1
