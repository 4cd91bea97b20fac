"""A page over a fake station, and the ways into it."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from web.logins import NAME, PASSWORD, Post
from werkzeug.test import TestResponse

from broadcaster.settings.schema import PathSettings, Settings
from broadcaster.web.app import create_app

OWN_ADDRESS = re.compile("[?&]answer=|^/say/[0-9a-f]{12}|^/timetable/draft/[0-9a-f]{12}|[?&]notice_id=")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(paths=PathSettings(state=tmp_path / "state", audio_cache=tmp_path / "cache"))


@pytest.fixture
def station(settings: Settings) -> Iterator[FakeStation]:
    with closing(FakeStation(settings, account=(NAME, PASSWORD))) as station:
        yield station


class Browser(FlaskClient):
    """Goes on to the page that a form was answered with; where it leads elsewhere, a test says so."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        answer = super().open(*args, **kwargs)
        if answer.status_code == 303 and OWN_ADDRESS.search(answer.location):
            return super().open(answer.location.partition("#")[0])
        return answer


@pytest.fixture
def app(station: FakeStation, settings: Settings) -> Flask:
    app = create_app(station, settings)
    app.test_client_class = Browser
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def post(client: FlaskClient) -> Post:
    """Post a form as a page of ours would: with the token that a page gave."""

    def post(path: str, seen_on: str = "/", **fields: str) -> TestResponse:
        page = client.get(seen_on, follow_redirects=True).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token, page
        return client.post(path, data=fields | {"csrf_token": token[1]})

    return post


@pytest.fixture
def secretary(client: FlaskClient, post: Post) -> FlaskClient:
    """A client that has logged in."""
    assert post("/login", name=NAME, password=PASSWORD).status_code == 303
    return client
