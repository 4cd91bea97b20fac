"""Every route of the app against every role and scope: what is not listed is open to nobody."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rig.fakes import FakeStation

from broadcaster.core.people import Role, Scope
from broadcaster.web.app import create_app
from broadcaster.web.base.access import RULES
from broadcaster.web.base.phone_cookie import PatientSigner, PhoneSessions

Enter = Callable[[Role], FlaskClient]
SAFE = {"GET", "HEAD", "OPTIONS"}

# What is done by these changes nothing that anybody would ask about later.
NOT_NOTED = {
    "air.seen",
    *("account.make_account", "account.check_password", "account.check_pin", "account.logout"),
    *("account.choose_way", "account.write_on"),
    *("unfinished.drop", "unfinished.take_back"),
    *("say.preview", "say.edit", "words.listen", "timetable.arrange", "timetable.check", "api.script"),
    *("slots_api.preview", "copies_api.order"),
    *("record.copy", "talk.take", "talk.end"),
    *("sounds.begin", "sounds.append", "sounds.drop"),
}


def routes(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Endpoint, method and an address that leads to it."""
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<int:[^>]+>", "987654", re.sub(r"<[^>:]+>|<path:[^>]+>", "x", rule.rule))
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, path


@pytest.fixture
def enter(app: Flask, station: FakeStation) -> Enter:
    """A phone of somebody with this role."""

    def enter(role: Role) -> FlaskClient:
        name = f"村民{role.value}"
        password = station.accounts.add(name, role)
        client = app.test_client()
        app.config["WTF_CSRF_ENABLED"] = False
        assert client.post("/login", data={"name": name, "password": password}).location == "/"
        return client

    return enter


def test_every_route_has_a_rule(app: Flask) -> None:
    assert {endpoint for endpoint, _, _ in routes(app)} == RULES.keys()


def test_each_rule_says_exactly_who(app: Flask) -> None:
    for endpoint, rule in RULES.items():
        ways = (rule.role is not None, rule.scope is not None, rule.open)
        assert sum(ways) == 1, endpoint


def test_whatever_changes_something_is_noted(app: Flask) -> None:
    changing = {endpoint for endpoint, method, _ in routes(app) if method not in SAFE}
    assert {endpoint for endpoint in changing if not RULES[endpoint].deed} == NOT_NOTED


def test_a_route_without_a_rule_is_open_to_nobody(station: FakeStation, enter: Enter) -> None:
    app = create_app(station, station.settings)
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    client = app.test_client()
    assert client.get("/forgotten").status_code == 403
    cookie = enter(Role.SECRETARY).get_cookie("broadcaster")
    assert cookie
    client.set_cookie("broadcaster", cookie.value)
    assert client.get("/forgotten").status_code == 403


@pytest.mark.parametrize("role", Role)
def test_a_role_reaches_its_routes_and_no_others(
    app: Flask, station: FakeStation, enter: Enter, role: Role
) -> None:
    for endpoint, method, path in routes(app):
        rule = RULES[endpoint]
        if rule.role is None or endpoint == "account.logout":
            continue
        reached = enter_again(app, station, enter, role).open(path, method=method).status_code
        assert (reached != 403) is role.covers(rule.role), f"{method} {path}: {reached}"


def enter_again(app: Flask, station: FakeStation, enter: Enter, role: Role) -> FlaskClient:
    """The phone that is in already, if it still is: one test sends some sixty requests."""
    kept: FlaskClient | None = app.extensions.get(f"phone-{role}")
    if kept is None:
        kept = app.extensions[f"phone-{role}"] = enter(role)
    return kept


@pytest.mark.parametrize("scope", Scope)
def test_a_scope_reaches_its_routes_and_no_others(
    app: Flask, station: FakeStation, scope: Scope
) -> None:
    key = station.tokens.make("程序", scope, "王秀英")
    for endpoint, method, path in routes(app):
        rule = RULES[endpoint]
        if rule.open:
            continue
        answer = app.test_client().open(
            path,
            method=method,
            headers={"Authorization": f"Bearer {key}"},
            environ_base={"REMOTE_ADDR": "192.0.2.7"},
        )
        if rule.scope is None:
            assert answer.status_code in (303, 400, 401), f"{method} {path}"
        else:
            assert (answer.status_code != 403) is scope.covers(rule.scope), f"{method} {path}"


def test_without_a_login_or_token_only_the_open_routes_answer(app: Flask, station: FakeStation) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    for endpoint, method, path in routes(app):
        if RULES[endpoint].open:
            continue
        stranger = {"REMOTE_ADDR": "192.0.2.7"}
        answer = app.test_client().open(path, method=method, environ_base=stranger)
        if RULES[endpoint].scope or RULES[endpoint].silent:
            assert answer.status_code == 401, path
        elif method == "GET":
            assert answer.status_code == 303 and answer.location.startswith("/login"), path
        else:
            assert answer.status_code == 401 and "登录</button>" in answer.text, path
    assert (station.announced, station.stops, station.cancelled) == ([], [], [])
    assert station.done() == []


def test_a_viewer_sees_no_way_to_what_he_may_not(enter: Enter) -> None:
    page = enter(Role.VIEWER).get("/more").text
    assert "我的账号" in page and "操作记录" not in page and "人员" not in page


def test_a_copied_cookie_is_worth_nothing_after_the_logout_nor_after_a_restart(
    station: FakeStation, app: Flask, enter: Enter
) -> None:
    phone, other = enter(Role.SECRETARY), enter(Role.VIEWER)
    cookie = phone.get_cookie("broadcaster")
    assert cookie and phone.get("/more/me").status_code == 200
    token = re.search(r'name="csrf_token" value="([^"]+)"', phone.get("/more/me").text)
    assert token and phone.post("/logout", data={"csrf_token": token[1]}).status_code == 303
    for site in (app, create_app(station, station.settings)):
        thief = site.test_client()
        thief.set_cookie("broadcaster", cookie.value)
        assert thief.get("/more/me").status_code == 303
    assert other.get("/more/me").status_code == 200


@pytest.mark.parametrize(
    ("days", "is_in"), [(-31, False), (-29, True), (1, True), (3652, True)], ids=lambda given: str(given)
)
def test_a_session_ends_by_its_age_and_not_by_a_clock_that_is_behind(
    app: Flask, enter: Enter, days: int, is_in: bool
) -> None:
    class OtherDay(PatientSigner):
        def get_timestamp(self) -> int:
            return super().get_timestamp() + days * 24 * 3600

    phone = enter(Role.SECRETARY)
    serializer = PhoneSessions().get_signing_serializer(app)
    assert serializer
    with phone.session_transaction() as session:
        kept = dict(session)
    serializer.signer = OtherDay
    phone.set_cookie("broadcaster", str(serializer.dumps(kept)))
    assert phone.get("/say").status_code == (200 if is_in else 303)


def test_a_session_is_told_to_the_phone_by_no_date_of_a_box_that_may_be_years_behind(
    app: Flask, enter: Enter
) -> None:
    cookie = enter(Role.SECRETARY).get_cookie("broadcaster")
    assert cookie and cookie.expires and cookie.expires.year == 2100


def test_what_another_site_sends_is_not_looked_at_and_ends_no_session(app: Flask, enter: Enter) -> None:
    enter(Role.SECRETARY)
    form = {"text": "后山起火，请马上离开。", "severity": "1"}
    for origin in ("https://evil.example", "null"):
        # No cookie comes along: SameSite.
        answer = app.test_client().post("/say/air", data=form, headers={"Origin": origin})
        assert answer.status_code == 403 and "别的网站" in answer.text
        assert "Set-Cookie" not in answer.headers
    ours = app.test_client().post("/say/air", data=form, headers={"Origin": "http://localhost:8443"})
    assert ours.status_code == 401 and "写的字都在" in ours.text


def test_no_redirect_leads_to_the_host_that_a_request_names(app: Flask) -> None:
    answer = app.test_client().get("/static//page.css", headers={"Host": "evil.example"})
    assert answer.status_code == 404
