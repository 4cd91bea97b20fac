"""A request that no page of ours made does nothing, and every failure is one clear page."""

import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from werkzeug.test import TestResponse

import broadcaster.web
from broadcaster.core.errors import StoreUnusable
from broadcaster.settings.schema import Settings
from broadcaster.web.server.session_key import load_session_key

Post = Callable[..., TestResponse]

STATIC = Path(broadcaster.web.__file__).parent / "static"
TEXT = {"text": "停水", "severity": "0", "repeats": "1", "notice_id": "0123456789ab"}


@pytest.mark.parametrize(
    "path",
    [
        "/say",
        "/say/edit",
        "/say/air",
        "/stop",
        "/cancel/0123456789ab",
        "/logout",
        "/words/save",
        "/words/remove",
        "/words/listen",
    ],
)
def test_a_form_that_no_page_of_ours_gave_does_nothing(
    secretary: FlaskClient, station: FakeStation, path: str
) -> None:
    for token in ({}, {"csrf_token": "forged"}):
        answer = secretary.post(path, data=TEXT | token)
        assert answer.status_code == 400
        assert "没有算数" in answer.text
    assert (station.announced, station.stops, station.cancelled) == ([], [], [])
    assert secretary.get("/").status_code == 200


def test_a_login_form_from_elsewhere_is_refused(client: FlaskClient) -> None:
    assert client.post("/login", data={"name": "王秀英", "password": "shuiku-2026"}).status_code == 400


@pytest.mark.parametrize(
    "field",
    [
        {"severity": "9"},
        {"severity": "red"},
        {"repeats": "0"},
        {"repeats": "21"},
        {"repeats": "1e3"},
        {"chime": "gong"},
        {"notice_id": "../../etc"},
        {"notice_id": "0123456789ab\n"},
    ],
)
def test_values_that_the_form_does_not_offer_are_refused(
    secretary: FlaskClient, station: FakeStation, post: Post, field: dict[str, str]
) -> None:
    answer = post("/say/air", **(TEXT | field))
    assert answer.status_code == 400
    assert "广播没有动" in answer.text
    assert station.announced == []


@pytest.mark.parametrize(
    ("method", "path", "code", "sentence"),
    [
        ("GET", "/nothing", 404, "没有这个页面"),
        ("GET", "/static/../app.py", 404, "没有这个页面"),
        ("GET", "/cancel/", 404, "没有这个页面"),
        ("DELETE", "/stop", 405, "不能这样打开"),
        ("PUT", "/", 405, "不能这样打开"),
    ],
)
def test_a_wrong_address_or_method_gets_a_clear_page(
    secretary: FlaskClient, method: str, path: str, code: int, sentence: str
) -> None:
    answer = secretary.open(path, method=method)
    assert answer.status_code == code
    assert sentence in answer.text and "回首页" in answer.text


def test_a_body_that_is_too_long_gets_a_clear_page(secretary: FlaskClient) -> None:
    answer = secretary.post("/say", data={"text": "水" * 400_000})
    assert answer.status_code == 413
    assert "太大了" in answer.text


def test_a_fault_of_our_own_shows_no_traceback(app: Flask, client: FlaskClient) -> None:
    @app.get("/static/broken")
    def broken() -> str:
        raise ZeroDivisionError("secret detail")

    app.view_functions["static"] = broken
    answer = client.get("/static/anything")
    assert answer.status_code == 500
    assert "程序内部出了错" in answer.text
    assert "secret detail" not in answer.text and "Traceback" not in answer.text


def test_an_expected_error_is_shown_as_its_own_sentence(
    client: FlaskClient, station: FakeStation
) -> None:
    def unusable() -> bool:
        raise StoreUnusable("数据库用不了，请检查磁盘")

    station.accounts.needs_account = unusable  # type: ignore[method-assign]
    answer = client.get("/")
    assert answer.status_code == 503
    assert "数据库用不了，请检查磁盘" in answer.text


def test_every_answer_forbids_foreign_content_and_frames(secretary: FlaskClient) -> None:
    for path in ("/", "/live", "/nothing", "/static/page.css"):
        with secretary.get(path) as answer:
            headers = answer.headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert secretary.get("/").headers["Cache-Control"] == "no-store"


def test_no_page_needs_inline_code_or_a_foreign_file(secretary: FlaskClient, post: Post) -> None:
    pages = [secretary.get(path).text for path in ("/", "/login", "/bar")]
    for page in [*pages, post("/say", **TEXT).text]:
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=\"/static/)", page)
        assert not re.search(r"(src|href|action)=\"(https?:)?//", page)
    for file in STATIC.iterdir():
        addresses = re.findall(r"https?://[^\"' )]+|@import|url\(", file.read_text(encoding="utf-8"))
        assert set(addresses) <= {"http://www.w3.org/2000/svg"}


def test_the_session_key_is_made_once_and_private(settings: Settings) -> None:
    path = settings.paths.state / "session_key"
    key = load_session_key(path)
    assert len(key) == 32
    assert load_session_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["session_key"]


def test_a_damaged_session_key_is_made_anew(settings: Settings) -> None:
    path = settings.paths.state / "session_key"
    load_session_key(path)
    path.write_bytes(b"half")
    assert len(load_session_key(path)) == 32


def test_a_session_key_that_cannot_be_kept_lasts_as_long_as_the_box_goes(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    path = tmp_path / "state" / "session_key"
    assert len(load_session_key(path)) == 32
    assert load_session_key(path) != load_session_key(path)
