"""What an officer has written is not lost: by a session that ends, by going back, by a second tap."""

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from county.county_office import PASSWORD, TOWN, OfficeDesk
from county.office_site import LogIn, Visitor, app_of
from flask import Flask
from werkzeug.test import TestResponse

from broadcaster.core.notice import Severity
from broadcaster.county.notices.draft import DraftState
from broadcaster.county.notices.unsent_forms import MOST
from broadcaster.county.pages.app import create_app
from broadcaster.county.pages.base.access import RULES
from broadcaster.county.store.officers import OfficeRole
from broadcaster.settings.schema import WebSettings

WORDS = "山洪要来了，<快>走。"
FORM = {"text": WORDS, "areas": TOWN, "severity": "4", "hours": "6"}
# Each form by which somebody may type something, and what he typed.
TYPED = {
    "/compose/check": FORM,
    "/compose/keep": FORM,
    "/compose/send": FORM,
    "/compose/edit": FORM,
    "/more/library": {"name": "泄洪", "text": WORDS, "severity": "4"},
    "/more/library/edit": {"name": "泄洪", "text": WORDS, "severity": "4"},
    "/more/standing": {"name": "泄洪", "text": WORDS, "areas": TOWN, "time": "08:00", "days": "1"},
    "/foreign": {"pasted": WORDS},
    "/bulletin/7d2c1b6e-3f6a-4b57-9a53-0d0d8f6b1c11/back": {"note": WORDS},
}


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page
    return found[1].replace("&#34;", '"').replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def let_session_end(visitor: Visitor) -> None:
    visitor.client.delete_cookie("broadcaster-office")


def log_in_with_words(visitor: Visitor, page: str, **more: str) -> TestResponse:
    """By the form that carries them."""
    fields = {"carried": hidden(page, "carried"), "csrf_token": hidden(page, "csrf_token")}
    given = {"name": "管家", "password": PASSWORD} | fields | more
    return visitor.client.post("/login", data=given, follow_redirects=True)


def shown(page: str) -> str:
    return page.replace("&lt;", "<").replace("&gt;", ">")


@pytest.mark.parametrize("path", TYPED)
def test_words_that_came_without_a_session_are_seen_again_after_the_login_and_nothing_is_done(
    log_in: LogIn, plain_desk: OfficeDesk, path: str
) -> None:
    keeper = log_in("管家")
    deeds = [deed.what for deed in plain_desk.parts.audit.recent(50)]
    token = hidden(keeper.see("/"), "csrf_token")
    let_session_end(keeper)
    answer = keeper.client.post(path, data=TYPED[path] | {"csrf_token": token}, follow_redirects=True)
    assert "再登一次，写的字都在" in answer.text
    wrong = log_in_with_words(keeper, answer.text, password="not-it-2026")
    assert wrong.status_code == 401
    page = log_in_with_words(keeper, wrong.text).text
    assert WORDS in shown(page) and "什么也没有做" in page
    done = [deed.what for deed in plain_desk.parts.audit.recent(50)]
    assert sorted(done) == sorted([*deeds, "登录", "登录失败"])
    assert not plain_desk.parts.desk.recent(10) and not plain_desk.parts.library.all()


def test_what_was_carried_is_sent_by_its_own_form_with_a_new_token(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    keeper = log_in("管家")
    let_session_end(keeper)
    answer = keeper.client.post("/more/library", data=TYPED["/more/library"], follow_redirects=True)
    page = log_in_with_words(keeper, answer.text).text
    assert "接着做：改范文" in page
    fields = {name: hidden(page, name) for name in ("name", "text", "severity", "csrf_token")}
    assert keeper.client.post("/more/library", data=fields).status_code == 303
    assert [text.notice.text for text in plain_desk.parts.library.all()] == [WORDS]


def test_a_button_that_was_pressed_without_a_session_leads_back_to_its_page(
    log_in: LogIn, plain_desk: OfficeDesk
) -> None:
    boss, record = log_in("老张"), plain_desk.send(severity=Severity.ORANGE)
    let_session_end(boss)
    page = f"/bulletin/{record.id}"
    pressed = boss.client.post(
        f"{page}/approve", headers={"Referer": f"http://localhost{page}"}, follow_redirects=True
    )
    landed = log_in_with_words(boss, pressed.text, name="老张")
    assert landed.request.path == page and "“批准通知”没有做" in landed.text
    assert plain_desk.parts.desk.get(record.id).state is DraftState.AWAITING


def test_a_page_that_was_wanted_is_led_to_after_the_login(app: Flask, plain_desk: OfficeDesk) -> None:
    visitor, record = Visitor(app), plain_desk.send()
    wanted = f"/bulletin/{record.id}?a=1"
    led = visitor.client.get(wanted)
    assert led.status_code == 303
    page = visitor.see(led.location)
    fields = {"name": "小王", "password": PASSWORD, "to": hidden(page, "to")}
    assert visitor.post("/login", seen_on=led.location, **fields).location == wanted


@pytest.mark.parametrize("to", ["//evil.example/", "https://evil.example/", "/nowhere", "x", "/\\evil"])
def test_a_login_leads_nowhere_else(app: Flask, to: str) -> None:
    answer = Visitor(app).post("/login", name="小王", password=PASSWORD, to=to)
    assert answer.location == "/"


def test_what_another_site_posts_is_not_carried(app: Flask) -> None:
    foreign = {"Origin": "https://evil.example"}
    answer = app.test_client().post("/compose/send", data=FORM, headers=foreign, follow_redirects=True)
    assert answer.status_code == 403 and "Set-Cookie" not in answer.headers


def test_what_somebody_posted_without_a_session_is_shown_to_his_browser_alone(app: Flask) -> None:
    """A link to it would tell another his words as one's own."""
    visitor, other = app.test_client(), app.test_client()
    place = visitor.post("/compose/send", data=FORM).location
    assert place.startswith("/answer/") and 'name="carried"' in visitor.get(place).text
    other.get("/login")
    assert other.get(place).status_code == 404
    officer = Visitor(app)
    officer.post("/login", name="小王", password=PASSWORD)
    assert officer.client.get(place).status_code == 404


@pytest.mark.parametrize(
    "forged",
    ["x", "[]", "{}", "[" * 10_000, '{"path": "//evil.example", "fields": [], "back": ""}'],
)
def test_a_forged_load_is_left_at_the_door(app: Flask, forged: str) -> None:
    visitor = Visitor(app)
    answer = visitor.post("/login", name="小王", password=PASSWORD, carried=forged)
    assert answer.location == "/"


def test_passwords_and_files_are_not_carried_and_what_is_too_long_is_told(log_in: LogIn) -> None:
    keeper = log_in("管家")
    let_session_end(keeper)
    post, led = keeper.client.post, {"follow_redirects": True}
    page = post("/me", data={"old": PASSWORD, "password": "new-one-2026"}, **led).text
    assert PASSWORD not in page and "new-one-2026" not in page
    file = io.BytesIO(b"x" * 3_000_000), "phone.wav"
    page = post("/compose/check", data=FORM | {"form": "sound", "recording": file}, **led).text
    assert "文件带不过来" in page and "山洪要来了" in page
    page = post("/foreign", data={"pasted": "长" * 110_000}, **led).text
    assert "太长，没有带过来" in page and len(page) < 20_000


def test_a_form_of_before_the_login_keeps_its_words(log_in: LogIn) -> None:
    """Somebody logged in again in another tab: the token of this one is no more."""
    clerk = log_in("小王")
    stale = hidden(clerk.see("/compose"), "csrf_token")
    clerk.post("/login", seen_on="/login", name="小王", password=PASSWORD)
    answer = clerk.client.post("/compose/send", data=FORM | {"csrf_token": stale}, follow_redirects=True)
    assert answer.status_code == 200 and "写的字都在" in answer.text
    assert WORDS in shown(answer.text) and hidden(answer.text, "csrf_token") != stale


def test_words_that_were_looked_at_outlast_the_office_and_are_nobody_elses(
    log_in: LogIn, plain_desk: OfficeDesk, tmp_path: Path
) -> None:
    clerk = log_in("小王")
    id = hidden(clerk.see("/compose"), "id")
    clerk.post("/compose/check", id=id, **FORM)
    restarted = Visitor(app_of(plain_desk, tmp_path))
    restarted.post("/login", name="小王", password=PASSWORD)
    assert WORDS in shown(restarted.see(f"/compose/{id}"))
    assert WORDS in shown(restarted.see(f"/compose/{id}/check"))
    assert WORDS not in shown(log_in("小李").see(f"/compose/{id}"))


def test_somebody_has_so_many_unfinished_ones_and_no_more(plain_desk: OfficeDesk) -> None:
    writings = plain_desk.parts.unsent_forms
    ids = [f"00000000-0000-0000-0000-{number:012}" for number in range(MOST + 1)]
    for id in ids:
        writings.keep(1, id, [("text", id)])
        plain_desk.clock.advance(1)
    assert writings.find(1, ids[0]) is None
    assert writings.find(1, ids[1]) == [("text", ids[1])]
    plain_desk.clock.advance(8 * 24 * 3600)
    writings.keep(2, ids[0], [])
    assert writings.find(1, ids[-1]) is None


def test_a_form_that_was_used_leads_to_what_came_of_it(log_in: LogIn, plain_desk: OfficeDesk) -> None:
    clerk = log_in("小王")
    id = hidden(clerk.see("/compose"), "id")
    clerk.send(id=id)
    assert "已经交过了" in clerk.see(f"/compose/{id}")


# Each form that may be answered with a page, by who may.
PAGES: list[tuple[str, dict[str, Any]]] = [
    ("/compose/check", FORM),
    ("/compose/check", FORM | {"areas": []}),
    ("/compose/send", FORM | {"text": ""}),
    ("/more/library", {"name": "", "text": "", "severity": "4"}),
    ("/more/standing", {"name": "", "text": "", "severity": "4"}),
    ("/more/people", {"name": "新来的", "role": "clerk", "cap": "4"}),
    ("/more/people/reset", {"name": "小李"}),
    ("/register", {"code": "331121104200", "name": "洞背村"}),
    ("/foreign", {"pasted": "junk"}),
    ("/me", {"old": "wrong-one", "password": "new-one-2026"}),
]


@pytest.mark.parametrize(("path", "fields"), PAGES)
def test_each_form_that_is_answered_with_a_page_leads_to_its_address(
    log_in: LogIn, path: str, fields: dict[str, Any]
) -> None:
    keeper = log_in("管家")
    token = hidden(keeper.see("/"), "csrf_token")
    answer = keeper.client.post(path, data=fields | {"csrf_token": token})
    assert answer.status_code == 303
    first, again = keeper.client.get(answer.location), keeper.client.get(answer.location)
    # A page that is made anew has a token of another second, and a preview of its own.
    changing = r'value="[^"]+"|/sound/\w+'
    shown_first, shown_again = (re.sub(changing, "", one.text) for one in (first, again))
    assert shown_first == shown_again and "</html>" in first.text
    assert first.headers["Content-Security-Policy"] and first.headers["Cache-Control"] == "no-store"
    assert Visitor(keeper.client.application).client.get(answer.location).status_code == 303
    others = log_in("小王").client.get(answer.location)
    assert others.status_code == 403 or answer.location.startswith("/compose/")


def test_an_answer_that_is_gone_says_that_the_deed_may_be_done(log_in: LogIn) -> None:
    gone = log_in("管家").client.get("/answer/xyz")
    assert gone.status_code == 404 and "不用再做一遍" in gone.text


def test_a_changed_password_is_told(log_in: LogIn) -> None:
    clerk = log_in("小王")
    answer = clerk.post("/me", old=PASSWORD, password="new-one-2026", seen_on="/me")
    assert "密码改好了" in clerk.see(answer.location)


@pytest.mark.parametrize("how", ["logout", "password", "removal", "time"])
def test_a_copied_cookie_is_worth_nothing_once_its_session_has_ended(
    log_in: LogIn, plain_desk: OfficeDesk, app: Flask, how: str
) -> None:
    clerk, thief = log_in("小王"), app.test_client()
    cookie = clerk.client.get_cookie("broadcaster-office")
    assert cookie
    thief.set_cookie("broadcaster-office", cookie.value)
    assert thief.get("/").status_code == 200
    if how == "logout":
        clerk.post("/logout")
    elif how == "password":
        plain_desk.parts.officers.set_password("小王")
    elif how == "removal":
        plain_desk.parts.officers.remove("小王")
    else:
        plain_desk.clock.advance(12 * 3600 + 1)
    assert thief.get("/").status_code == 303


def test_over_https_the_cookie_is_for_https_alone(app: Flask) -> None:
    visitor = Visitor(app)
    page = visitor.client.get("/login", base_url="https://office.example").text
    given = {"name": "小王", "password": PASSWORD, "csrf_token": hidden(page, "csrf_token")}
    secure = {
        "base_url": "https://office.example",
        "headers": {"Referer": "https://office.example/login"},
    }
    answer = visitor.client.post("/login", data=given, **secure)
    assert answer.status_code == 303
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-broadcaster-office=")
    assert "; Secure" in cookie and "; HttpOnly" in cookie and "; SameSite=Lax" in cookie
    assert visitor.client.get("/", base_url="https://office.example").status_code == 200
    assert visitor.client.get("/", base_url="http://office.example").status_code == 303


@pytest.mark.parametrize(("ports", "stays"), [((80, 443), True), ((8010, 443), False)])
def test_a_browser_is_told_to_stay_with_https_where_it_would_find_it(
    plain_desk: OfficeDesk, tmp_path: Path, ports: tuple[int, int], stays: bool
) -> None:
    made = app_of(plain_desk, tmp_path).extensions["office"]
    web = WebSettings(port=ports[0], https_port=ports[1])
    settings = made.settings.model_copy(update={"web": web})
    client = create_app(replace(made, settings=settings), tmp_path).test_client()
    answers = [
        client.get("/login", base_url=f"{scheme}://office.example") for scheme in ("https", "http")
    ]
    told = ["Strict-Transport-Security" in answer.headers for answer in answers]
    assert told == [stays, False]


def test_a_logout_ends_this_session_alone(log_in: LogIn) -> None:
    here, there = log_in("小王"), log_in("小王")
    here.post("/logout")
    assert there.client.get("/").status_code == 200


def test_each_form_has_a_name_for_what_it_does_by_which_is_told_what_was_not_done(app: Flask) -> None:
    posted = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    unnamed = {one for one in posted if RULES[one].role and not RULES[one].deed}
    nothing_yet = {"compose.check", "compose.edit", "compose.theirs"}
    assert unnamed == nothing_yet


def test_who_comes_after_somebody_gets_nothing_of_what_he_was_writing(plain_desk: OfficeDesk) -> None:
    officers, writings = plain_desk.parts.officers, plain_desk.parts.unsent_forms
    gone, id = officers.get("参观"), "00000000-0000-0000-0000-000000000000"
    writings.keep(gone.number, id, [("text", WORDS)])
    officers.remove("参观")
    officers.let_in("新来的", OfficeRole.CLERK, Severity.BLUE)
    assert writings.find(officers.get("新来的").number, id) is None
    assert writings.find(gone.number, id) is None


@pytest.mark.parametrize("way", ["logged out", "no cookie"])
def test_a_script_that_asks_after_the_session_is_over_does_not_spoil_the_login_of_another_tab(
    log_in: LogIn, way: str
) -> None:
    """Its answer may come after the page of the login: a cookie of its own would take the token away."""
    visitor = log_in("管家")
    if way == "logged out":
        cookie = visitor.client.get_cookie("broadcaster-office")
        assert cookie
        visitor.post("/logout")
        visitor.client.set_cookie("broadcaster-office", cookie.value)
    else:
        let_session_end(visitor)
    asked = visitor.client.get("/", headers={"X-Requested-With": "board"})
    assert (asked.status_code, asked.data) == (401, b"")
    assert "Set-Cookie" not in asked.headers and "Location" not in asked.headers
    assert visitor.post("/login", "/login", name="管家", password=PASSWORD).status_code == 303
    assert "登录已经结束" in visitor.see("/")
