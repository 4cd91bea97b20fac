"""Only a person with the one-time code or a password gets in, and is told what was wrong without a
hint.
"""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from werkzeug.test import TestResponse

from broadcaster.core.people import Role
from broadcaster.settings.schema import Settings
from broadcaster.web.app import create_app

Post = Callable[..., TestResponse]

NAME, PASSWORD = "王秀英", "shuiku-2026"
FIRST = {"name": NAME, "password": PASSWORD, "again": PASSWORD}
INSIDE = [
    "/",
    "/say",
    "/record",
    "/cancel/0123456789ab",
    "/words",
    "/words/edit",
    f"/words/sound/{40 * '0'}",
]


@pytest.fixture
def station(settings: Settings, request: pytest.FixtureRequest) -> Iterator[FakeStation]:
    """With an account, unless the test wants a fresh one."""
    account = None if "fresh" in request.fixturenames else (NAME, PASSWORD)
    with closing(FakeStation(settings, account)) as station:
        yield station


@pytest.fixture
def fresh(station: FakeStation) -> FakeStation:
    return station


def first(station: FakeStation) -> dict[str, str]:
    return FIRST | {"code": station.accounts.one_time_code() or ""}


@pytest.mark.parametrize("path", [*INSIDE, "/login"])
def test_before_there_is_an_account_every_page_leads_to_making_one(
    client: FlaskClient, fresh: FakeStation, path: str
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.location) == (303, "/start")


def test_with_the_one_time_code_a_person_makes_the_account_and_is_in(
    client: FlaskClient, post: Post, fresh: FakeStation
) -> None:
    answer = post("/start", **first(fresh))
    assert (answer.status_code, answer.location) == (303, "/")
    assert fresh.accounts.get(NAME).role is Role.SECRETARY
    assert fresh.done() == [(NAME, "建第一个账号", "")]
    page = client.get("/").text
    assert "账号建好了" in page and "说一段话" in page


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [({"code": "0000000x"}, "一次性代码不对"), ({"again": "shuiku-2027"}, "两次写的密码不一样")],
)
def test_a_wrong_code_or_a_slip_in_the_password_is_told_and_the_name_kept(
    post: Post, fresh: FakeStation, wrong: dict[str, str], sentence: str
) -> None:
    answer = post("/start", **(first(fresh) | wrong))
    assert answer.status_code == 400
    assert sentence in answer.text and f'value="{NAME}"' in answer.text
    assert PASSWORD not in answer.text
    assert fresh.accounts.needs_account()


def test_once_the_account_exists_it_cannot_be_made_again(
    client: FlaskClient, post: Post, station: FakeStation
) -> None:
    assert client.get("/start").location == "/login"
    assert post("/start", **(FIRST | {"name": "李二"})).location == "/login"
    assert [person.name for person in station.accounts.people()] == [NAME]
    post("/login", name=NAME, password=PASSWORD)
    assert client.get("/start").location == "/"


@pytest.mark.parametrize("path", INSIDE)
def test_without_a_login_every_page_leads_to_it(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/login")
    assert client.get("/live?of=home").status_code == 401


@pytest.mark.parametrize("path", ["/say", "/say/edit", "/say/air", "/stop", "/cancel/0123456789ab"])
def test_without_a_login_nothing_can_be_done(post: Post, station: FakeStation, path: str) -> None:
    answer = post(path, text="各位村民请注意", severity="1", repeats="1", notice_id="0123456789ab")
    assert answer.status_code == 401 and "登录</button>" in answer.text
    assert (station.announced, station.stops, station.cancelled, station.warmed) == ([], [], [], 0)


@pytest.mark.parametrize(("name", "password"), [(NAME, "wrong"), ("李二", PASSWORD), ("", "")])
def test_a_wrong_name_or_password_is_told_without_saying_which(
    client: FlaskClient, post: Post, name: str, password: str
) -> None:
    answer = post("/login", name=name, password=password)
    assert answer.status_code == 401
    assert "名字或密码不对" in answer.text
    assert client.get("/").status_code == 303


def test_too_many_wrong_passwords_are_told_plainly(post: Post, station: FakeStation) -> None:
    for _ in range(10):
        post("/login", name=NAME, password="wrong-password")
    answer = post("/login", name=NAME, password=PASSWORD)
    assert answer.status_code == 429
    assert "15 分钟后再试" in answer.text
    assert station.done() == [(NAME, "登录失败", "")] * 10


def test_who_manages_people_is_told_of_wrong_passwords_on_the_home_page(
    secretary: FlaskClient, client: FlaskClient, station: FakeStation
) -> None:
    for number in range(12):
        station.deeds.note("李二", "登录失败", "", f"192.0.2.{number}")
    station.done()
    told = "起，有人 12 次用这里没有的名字登录，从 12 个地址，最近是 192.0.2.11。"
    assert told in secretary.get("/").text
    assert "李二" in secretary.get("/more/deeds?words=登录失败").text
    assert "没有找到" in secretary.get("/more/deeds?who=没有").text


def test_logout_ends_the_session(secretary: FlaskClient, post: Post) -> None:
    assert secretary.get("/").status_code == 200
    assert post("/logout", seen_on="/more").location == "/login"
    assert secretary.get("/").status_code == 303


def test_a_session_outlives_a_new_start_of_the_box(secretary: FlaskClient, station: FakeStation) -> None:
    cookie = secretary.get_cookie("broadcaster")
    assert cookie is not None
    again = create_app(station, station.settings).test_client()
    again.set_cookie("broadcaster", cookie.value)
    assert again.get("/").status_code == 200


@pytest.mark.parametrize("asked", ["/live", "/live/stream"])
def test_what_a_page_asks_by_itself_brings_no_session_back_after_the_logout(
    secretary: FlaskClient, asked: str
) -> None:
    """Its answer may come after that of the logout; a page that is opened renews the session."""
    answer = secretary.get(asked)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    answer.close()
    assert "broadcaster=" in secretary.get("/").headers["Set-Cookie"]


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    client: FlaskClient, post: Post
) -> None:
    cookie = post("/login", name=NAME, password=PASSWORD).headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_over_https_the_cookies_are_secure_and_of_this_host_only(
    client: FlaskClient, station: FakeStation
) -> None:
    secure = {"base_url": "https://localhost"}
    page = client.get("/login", **secure)
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "name": NAME, "password": PASSWORD}
    referrer = {"Referer": "https://localhost/login"}
    answer = client.post("/login", data=form, headers=referrer, **secure)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-broadcaster=") and "Secure" in cookie and "HttpOnly" in cookie
    assert client.get("/", **secure).status_code == 200
    assert client.get("/").status_code == 303
