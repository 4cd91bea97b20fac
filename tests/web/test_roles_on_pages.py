"""Each person is shown only ways that are open to him, on every page."""

import html
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from web.every_page import furnish, walk
from werkzeug.exceptions import HTTPException

from broadcaster.core.clock import Clock
from broadcaster.core.people import Role
from broadcaster.settings.schema import Settings
from broadcaster.store.database.tables import DATABASE
from broadcaster.store.store import open_store
from broadcaster.web.base.access import RULES

Enter = Callable[[Role], FlaskClient]


@pytest.fixture
def station(settings: Settings, station: FakeStation) -> Iterator[Any]:
    with open_store(settings.paths.state / DATABASE, Clock(settings.station.zone)) as store:
        furnish(station, settings, store)
        yield station


@pytest.fixture
def enter(app: Flask, station: FakeStation) -> Enter:
    def enter(role: Role) -> FlaskClient:
        name, client = f"村民{role.value}", app.test_client()
        password = station.accounts.add(name, role)
        app.config["WTF_CSRF_ENABLED"] = False
        client.post("/login", data={"name": name, "password": password})
        app.config["WTF_CSRF_ENABLED"] = True
        return client

    return enter


def ways(app: Flask, page: str) -> Iterator[tuple[str, str]]:
    """Address and endpoint of each link, form and button; a form without a button leads nowhere."""
    addresses: list[tuple[str, str]] = [("GET", path) for path in re.findall(r'href="(/[^"]*)"', page)]
    for tag, inside in re.findall(r"(<form[^>]*>)(.*?)</form>", page, re.DOTALL):
        method = "POST" if 'method="post"' in tag else "GET"
        buttons = re.findall(r"<button[^>]*>", inside)
        action = re.search(r'action="([^"]+)"', tag)
        if any("formaction" not in button for button in buttons) and action:
            addresses.append((method, action[1]))
        addresses += [(method, path) for path in re.findall(r'formaction="([^"]+)"', inside)]
    routes = app.url_map.bind("localhost")
    for method, address in addresses:
        path = html.unescape(address).partition("?")[0].partition("#")[0]
        try:
            yield path, str(routes.match(path, method=method)[0])
        except HTTPException as error:
            raise AssertionError(f"{method} {path} leads nowhere") from error


@pytest.mark.parametrize("role", Role)
def test_no_page_shows_a_way_that_ends_in_a_refusal(
    app: Flask, station: FakeStation, enter: Enter, role: Role
) -> None:
    pages = dict(walk(enter(role), station))
    assert len(pages) > 15
    for name, page in pages.items():
        for path, endpoint in ways(app, page):
            rule = RULES[endpoint]
            assert rule.open or (rule.role and role.covers(rule.role)), f"{name} leads to {path}"


def test_who_may_not_air_is_told_whom_to_ask(station: FakeStation, enter: Enter) -> None:
    viewer, editor = enter(Role.VIEWER).get("/").text, enter(Role.EDITOR)
    assert "只能看" in viewer and "说一段话" not in viewer
    home = editor.get("/").text
    assert "播出请找书记" in home and "说一段话" in home
    for absent in ("紧急广播", "停播</button>", "音量", "恢复循环"):
        assert absent not in home and absent not in viewer
    pages = dict(walk(editor, station))
    assert any("请书记来确认" in page for page in pages.values())
    assert any("请书记来存" in page for page in pages.values())


def test_a_phone_is_told_only_what_its_role_may_while_others_look_too(
    station: FakeStation, enter: Enter
) -> None:
    secretary, viewer = enter(Role.SECRETARY), enter(Role.VIEWER)
    for client, shown in ((secretary, True), (viewer, False), (secretary, True)):
        stream = client.get("/live/stream?of=home")
        assert (b"/cancel/" in next(iter(stream.iter_encoded()))) is shown
        stream.close()
