"""People are let in and out by a secretary, and each owns his password, his phones and their digits."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from rig.fakes import FakeStation
from werkzeug.test import TestResponse

from broadcaster.core.people import Role, Scope
from broadcaster.store.accounts import Accounts

Post = Callable[..., TestResponse]

NAME, PASSWORD, PIN = "王秀英", "shuiku-2026", "270415"
NEW = "hetian-2027"


class Phone:
    """A browser that sends the token of the page that it saw last."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def post(self, path: str, seen_on: str, **fields: str) -> TestResponse:
        page = self.client.get(seen_on, follow_redirects=True).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token, page
        return self.client.post(path, data=fields | {"csrf_token": token[1]})

    def login(self, name: str = NAME, password: str = PASSWORD) -> TestResponse:
        return self.post("/login", "/login?password=1", name=name, password=password)

    def set_pin(self, pin: str = PIN, password: str = PASSWORD) -> TestResponse:
        return self.post("/more/me/pin", "/more/me", pin=pin, password=password)

    @property
    def inside(self) -> bool:
        return self.client.get("/").status_code == 200


@pytest.fixture
def phone(app: Flask) -> Phone:
    phone = Phone(app)
    phone.login()
    return phone


@pytest.fixture
def accounts(station: FakeStation) -> Accounts:
    return station.accounts


def secret(answer: TestResponse) -> str:
    found = re.search(r'<p class="secret[^>]*>([^<]+)</p>', answer.text)
    assert found and answer.status_code == 200
    return found[1]


def test_a_secretary_lets_an_editor_in_who_sets_his_own_password(phone: Phone, app: Flask) -> None:
    given = secret(phone.post("/more/people", "/more/people", name="李二", role="editor"))
    assert given not in phone.client.get("/more/people").text
    editor = Phone(app)
    assert editor.login("李二", given).location == "/"
    changed = editor.post("/more/me/password", "/more/me", old=given, new=NEW, again=NEW)
    assert changed.status_code == 303
    assert "密码改好了" in editor.client.get("/more/me").text
    assert Phone(app).login("李二", NEW).location == "/"


def test_on_a_change_of_password_all_other_phones_are_out(phone: Phone, app: Flask) -> None:
    other = Phone(app)
    other.login()
    other.set_pin()
    assert other.inside
    phone.post("/more/me/password", "/more/me", old=PASSWORD, new=NEW, again=NEW)
    assert phone.inside and not other.inside
    assert "6 位 PIN" not in other.client.get("/login").text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"old": "wrong", "new": NEW, "again": NEW}, "没有改"),
        ({"old": PASSWORD, "new": NEW, "again": NEW + "x"}, "不一样"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "至少要 8 位"),
        ({}, "没有改"),
    ],
)
def test_a_slip_in_the_new_password_is_told_and_changes_nothing(
    phone: Phone, accounts: Accounts, fields: dict[str, str], sentence: str
) -> None:
    answer = phone.post("/more/me/password", "/more/me", **fields)
    assert answer.status_code == 400 and sentence in answer.text
    assert accounts.check(NAME, PASSWORD)


def test_a_known_phone_lets_in_by_six_digits(phone: Phone) -> None:
    answer = phone.set_pin()
    assert answer.status_code == 303
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    phone.post("/logout", "/more")
    page = phone.client.get("/login").text
    assert NAME in page and "6 位 PIN" in page
    assert phone.post("/login/pin", "/login", pin="270416").status_code == 401
    assert phone.post("/login/pin", "/login", pin=PIN).location == "/"
    assert phone.inside


def test_a_pin_needs_the_password_and_must_not_be_easy(phone: Phone) -> None:
    assert "PIN 没有设" in phone.set_pin(password="wrong-password").text
    assert "太容易猜到" in phone.set_pin(pin="111111").text
    assert phone.client.get_cookie("broadcaster_phone") is None


def test_of_a_thousand_guesses_at_a_pin_none_gets_in_and_the_password_still_does(
    phone: Phone, app: Flask
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    phone.set_pin()
    phone.client.post("/logout")
    codes = [
        phone.client.post("/login/pin", data={"pin": f"{number:06}"}).status_code
        for number in [*range(1000), int(PIN)]
    ]
    assert codes == [401] * 4 + [429] + [401] * 996
    assert not phone.inside
    assert phone.login().location == "/"


def test_the_pin_opens_nothing_on_a_phone_that_is_not_known(phone: Phone, app: Flask) -> None:
    phone.set_pin()
    other = Phone(app)
    assert other.post("/login/pin", "/login", pin=PIN).status_code == 401
    assert not other.inside


def test_a_phone_is_forgotten_by_its_owner(phone: Phone, app: Flask, station: FakeStation) -> None:
    phone.set_pin()
    (known,) = station.phones.of(station.accounts.get(NAME))
    phone.post(f"/more/me/phones/{known.number}/forget", "/more/me")
    assert station.phones.of(station.accounts.get(NAME)) == []


def test_setting_a_pin_again_keeps_one_phone(phone: Phone, station: FakeStation) -> None:
    phone.set_pin()
    phone.set_pin("270416")
    assert len(station.phones.of(station.accounts.get(NAME))) == 1


def test_a_role_is_changed_and_holds_at_once(phone: Phone, app: Flask, accounts: Accounts) -> None:
    given = accounts.add("李二", Role.VIEWER)
    viewer = Phone(app)
    viewer.login("李二", given)
    assert viewer.client.get("/more/people").status_code == 403
    number = accounts.get("李二").number
    answer = phone.post(f"/more/people/{number}/role", f"/more/people/{number}", role="secretary")
    assert answer.status_code == 303
    assert viewer.client.get("/more/people").status_code == 200


def test_who_forgot_his_password_gets_a_new_one(phone: Phone, app: Flask, accounts: Accounts) -> None:
    accounts.add("李二", Role.VIEWER)
    number = accounts.get("李二").number
    given = secret(phone.post(f"/more/people/{number}/reset", f"/more/people/{number}"))
    assert Phone(app).login("李二", given).location == "/"


def test_who_is_removed_is_out_at_once(phone: Phone, app: Flask, accounts: Accounts) -> None:
    given = accounts.add("李二", Role.SECRETARY)
    other = Phone(app)
    other.login("李二", given)
    number = accounts.get("李二").number
    assert phone.post(f"/more/people/{number}/remove", f"/more/people/{number}").status_code == 303
    assert not other.inside
    assert phone.client.get(f"/more/people/{number}").status_code == 404


@pytest.mark.parametrize("what", ["role", "reset", "remove"])
def test_nobody_changes_his_own_account_as_if_it_were_anothers(
    phone: Phone, accounts: Accounts, what: str
) -> None:
    me = accounts.get(NAME)
    answer = phone.post(f"/more/people/{me.number}/{what}", "/more/people", role="viewer")
    assert answer.status_code == 403
    assert accounts.get(NAME) == me


@pytest.mark.parametrize("fields", [{}, {"name": "李二"}, {"name": "李二", "role": "king"}])
def test_a_role_that_no_form_offers_is_a_bad_request(
    phone: Phone, accounts: Accounts, fields: dict[str, str]
) -> None:
    assert phone.post("/more/people", "/more/people", **fields).status_code == 400
    assert len(accounts.people()) == 1


def test_a_name_that_is_taken_is_told_and_kept_in_the_form(phone: Phone) -> None:
    answer = phone.post("/more/people", "/more/people", name=NAME, role="viewer")
    assert answer.status_code == 400
    assert "已经有叫" in answer.text and f'value="{NAME}"' in answer.text


def test_names_are_shown_as_text(phone: Phone) -> None:
    name = "<b>坏</b>"
    answer = phone.post("/more/people", "/more/people", name=name, role="viewer")
    assert name not in answer.text and "&lt;b&gt;" in answer.text
    assert name not in phone.client.get("/more/people").text
    assert name not in phone.client.get("/more/deeds").text


def test_a_token_is_shown_once_and_ends_when_it_is_removed(phone: Phone, station: FakeStation) -> None:
    key = secret(phone.post("/more/tokens", "/more/tokens", name="县应急平台", scope="county"))
    page = phone.client.get("/more/tokens").text
    assert "县应急平台" in page and key not in page
    found = station.tokens.find(key)
    assert found and found.scope is Scope.COUNTY
    phone.post(f"/more/tokens/{found.number}/remove", "/more/tokens")
    assert station.tokens.find(key) is None
    for odd in ({"name": "x", "scope": "all"}, {"scope": "read"}):
        assert phone.post("/more/tokens", "/more/tokens", **odd).status_code == 400


def test_the_record_tells_who_did_what(phone: Phone, accounts: Accounts, station: FakeStation) -> None:
    accounts.add("李二", Role.VIEWER)
    number = accounts.get("李二").number
    phone.post("/stop", "/")
    phone.post(f"/more/people/{number}/role", f"/more/people/{number}", role="editor")
    phone.post("/words/save", "/words/edit", word="石盆", said="shi2 peng4", section="places")
    assert station.done() == [
        (NAME, "登录", ""),
        (NAME, "停播", ""),
        (NAME, "改身份", "李二 → 编辑"),
        (NAME, "改读音", "石盆"),
    ]
    page = phone.client.get("/more/deeds").text
    assert "停播" in page and "李二 → 编辑" in page and "127.0.0.1" in page


def test_what_was_refused_is_not_told_as_done(phone: Phone, station: FakeStation) -> None:
    phone.post("/more/people", "/more/people", name=NAME, role="viewer")
    phone.client.post("/stop")
    assert station.done() == [(NAME, "登录", "")]


@pytest.mark.parametrize("page", ["0", "-3", "x", "99999999999999999999"])
def test_a_page_of_the_record_that_is_none_is_an_empty_one(phone: Phone, page: str) -> None:
    assert phone.client.get(f"/more/deeds?page={page}").status_code == 200
