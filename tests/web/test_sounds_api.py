"""Sounds by the API: sent, listed, removed and taken back."""

import pytest
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from rig.pages import beep
from web.test_api import Call, assert_problem, caller

from broadcaster.core.people import Scope


@pytest.fixture
def call(client: FlaskClient, station: FakeStation) -> Call:
    return caller(client, station.tokens.make("录音机", Scope.AIR, "王秀英"))


def test_a_sound_is_taken_listed_removed_and_restored(call: Call, station: FakeStation) -> None:
    sent = {"data": beep(2.0), "content_type": "application/octet-stream"}
    taken = call("POST", "/sounds?name=x.wav&title=国歌", **sent)
    assert taken.status_code == 201 and taken.json
    key = taken.json["key"]
    assert (taken.json["title"], taken.json["seconds"]) == ("国歌", 2.0)
    assert call("POST", "/sounds?name=y.wav", **sent).json == taken.json
    listed = call("GET", "/sounds").json
    assert listed and listed["sounds"] == [taken.json] and listed["room"] == station.sounds.room()
    assert call("DELETE", f"/sounds/{key}").status_code == 204
    assert_problem(call("DELETE", f"/sounds/{key}"), 404, "没有这段声音")
    listed = call("GET", "/sounds").json
    assert listed and (listed["in_all"], [one["key"] for one in listed["removed"]]) == (0, [key])
    assert call("POST", f"/sounds/{key}/restore").json == taken.json
    assert_problem(call("POST", f"/sounds/{'0' * 32}/restore"), 404, "没有这段声音")


def test_what_is_no_sound_is_refused(call: Call, station: FakeStation) -> None:
    page = b"<html><body>" * 500
    answer = call("POST", "/sounds?name=x.mp3", data=page, content_type="application/octet-stream")
    assert_problem(answer, 422, "网页")
    assert station.sounds.all() == []
