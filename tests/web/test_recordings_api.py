"""Recordings by the API: sent, aired by their key, removed."""

import io
import wave

import pytest
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from web.test_api import Call, assert_problem, caller

from broadcaster.core.people import Scope


@pytest.fixture
def call(client: FlaskClient, station: FakeStation) -> Call:
    return caller(client, station.tokens.make("录音笔", Scope.AIR, "王秀英"))


def spoken() -> bytes:
    """Two seconds that are loud enough to be a voice."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes((b"\x00\x20" * 10 + b"\x00\xe0" * 10) * 800)
    return file.getvalue()


def test_a_recording_is_taken_aired_by_its_key_and_removed(call: Call, station: FakeStation) -> None:
    taken = call(
        "POST", "/recordings?title=防火", data=spoken(), content_type="application/octet-stream"
    )
    assert taken.status_code == 201 and taken.json
    assert taken.json["seconds"] == pytest.approx(2, abs=0.3)
    key = taken.json["key"]
    call("POST", "/notices", json={"text": "防火", "recording": key})
    assert station.announced[0][0].recording == key
    listed = call("GET", "/recordings").json
    assert listed and [one["title"] for one in listed["recordings"]] == ["防火"]
    assert call("DELETE", f"/recordings/{key}").status_code == 204
    assert_problem(call("DELETE", f"/recordings/{key}"), 404, "没有这个录音")


def test_what_is_no_sound_is_refused(call: Call, station: FakeStation) -> None:
    answer = call("POST", "/recordings?title=x", data=b"no", content_type="application/octet-stream")
    assert answer.status_code == 422 and not station.recordings.all()
