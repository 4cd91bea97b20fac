"""What a phone may send while somebody speaks live, and what it is answered."""

import re

import pytest
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from web.logins import NAME, PASSWORD, Post
from werkzeug.test import TestResponse

from broadcaster.core.errors import KeptQuiet
from broadcaster.core.notice import Severity
from broadcaster.core.people import Role
from broadcaster.station.station import TalkStage, TalkState

BLOCK = b"\x01\x02" * 1600


def send(
    client: FlaskClient, path: str, block: bytes, kind: str = "application/octet-stream"
) -> TestResponse:
    page = client.get("/talk").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    headers = {"X-CSRFToken": token[1]}
    return client.post(path, data=block, content_type=kind, headers=headers)


@pytest.fixture
def speaker(secretary: FlaskClient, post: Post) -> FlaskClient:
    """A phone whose button is held."""
    assert post("/talk/begin", "/talk", severity="4").json == {"id": "talk"}
    return secretary


def test_a_talk_is_begun_noted_taken_block_by_block_and_ended(
    speaker: FlaskClient, station: FakeStation
) -> None:
    assert station.talks.begun == [(NAME, Severity.BLUE)]
    assert send(speaker, "/talk/talk/0", BLOCK).json == {
        "stage": "speak",
        "sentence": "请讲",
        "seconds": 600.0,
    }
    station.talks.now = TalkState(TalkStage.OVER, "讲完了。", 12.34)
    assert send(speaker, "/talk/talk/end", b"").json == {
        "stage": "over",
        "sentence": "讲完了。",
        "seconds": 12.3,
    }
    assert (station.talks.taken, station.talks.ended) == ([(0, BLOCK)], [NAME])
    assert station.done()[-1] == (NAME, "现场讲话", "蓝色 一般")


@pytest.mark.parametrize(
    ("block", "kind", "code"),
    [
        (b"", "application/octet-stream", 400),
        (b"\x01\x02\x03", "application/octet-stream", 400),
        (b'{"a":1}!', "application/json", 400),
        (bytes(2 * 8_000), "application/octet-stream", 200),
        (bytes(2 * 8_000 + 2), "application/octet-stream", 413),
    ],
)
def test_what_is_no_block_of_sound_is_refused(
    speaker: FlaskClient, station: FakeStation, block: bytes, kind: str, code: int
) -> None:
    assert send(speaker, "/talk/talk/0", block, kind).status_code == code
    assert len(station.talks.taken) == (code == 200)


def test_a_talk_that_is_not_his_is_not_there(speaker: FlaskClient) -> None:
    assert send(speaker, "/talk/other/0", BLOCK).status_code == 404
    assert send(speaker, "/talk/other/end", b"").status_code == 404
    assert send(speaker, "/talk/talk/-1", BLOCK).status_code == 404


def test_a_block_without_the_token_of_a_page_is_refused(
    speaker: FlaskClient, station: FakeStation
) -> None:
    answer = speaker.post("/talk/talk/0", data=BLOCK, content_type="application/octet-stream")
    assert (answer.status_code, station.talks.taken) == (400, [])


def test_a_wrong_severity_begins_nothing(
    secretary: FlaskClient, post: Post, station: FakeStation
) -> None:
    assert post("/talk/begin", "/talk", severity="9").status_code == 400
    assert station.talks.begun == []


def test_quiet_hours_are_told_in_their_own_words(
    secretary: FlaskClient, post: Post, station: FakeStation
) -> None:
    station.fail_next = KeptQuiet("现在是静音时段。")
    answer = post("/talk/begin", "/talk", severity="4")
    assert (answer.status_code, answer.json) == (409, {"sentence": "现在是静音时段。"})
    assert station.done()[-1][1] != "现场讲话"


def test_logging_out_ends_the_talk(speaker: FlaskClient, post: Post, station: FakeStation) -> None:
    post("/logout")
    assert station.talks.left == ["talk"]
    assert speaker.post("/talk/talk/0", data=BLOCK).status_code in (400, 401)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
def test_who_may_not_air_finds_no_button_and_begins_nothing(
    client: FlaskClient, post: Post, station: FakeStation, role: Role
) -> None:
    password = station.accounts.add("李建国", role)
    post("/login", name="李建国", password=password)
    assert "现场讲话" not in client.get("/").text
    assert client.get("/talk").status_code == 403
    assert post("/talk/begin", severity="4").status_code == 403
    assert station.talks.begun == []


def test_where_there_is_no_microphone_the_page_leads_to_the_secure_address(
    secretary: FlaskClient, station: FakeStation
) -> None:
    assert "现场讲话" in secretary.get("/").text
    page = secretary.get("/talk").text
    assert 'href="https://localhost:8443/talk"' in page
    assert 'href="https://localhost:8443/voice"' in secretary.get("/voice").text
    assert PASSWORD not in page
