"""MP3s by the API: ordered of what was aired or of a slot, asked after, fetched."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from web.test_api import Call, assert_problem, caller
from web.test_record_pages import FLOOD, station, store

from broadcaster.core.people import Scope
from broadcaster.studio.export_jobs import Copy

__all__ = ["station", "store"]


@pytest.fixture
def call(client: FlaskClient, station: Any) -> Call:
    return caller(client, station.tokens.make("巡逻车", Scope.READ, "王秀英"))


def test_what_was_aired_and_what_is_in_the_timetable_become_mp3s(
    call: Call, station: Any, tmp_path: Path
) -> None:
    answer = call("POST", "/copies", json={"airing": "a1"})
    assert answer.status_code == 202
    assert answer.json == {"id": "c0ffee", "file_name": "泄洪.mp3", "ready": False, "problem": ""}
    assert call("POST", "/copies", json={"slot": "防火", "minutes": 10}).status_code == 202
    (one, zipped), (slot, _) = station.copies.orders
    assert [track.notices[0].text for track in one] == [FLOOD.text] and not zipped
    assert [(track.name, track.minutes) for track in slot] == [("防火", 10)]
    assert_problem(call("GET", "/copies/c0ffee/file"), 404, "再要一次")
    path = tmp_path / "c0ffee.mp3"
    path.write_bytes(b"ID3 of sound")
    station.copies.copy = Copy("c0ffee", "泄洪.mp3", 1, 1, path)
    told = call("GET", "/copies/c0ffee").json
    assert told and told["ready"]
    with call("GET", "/copies/c0ffee/file") as file:
        assert file.data == b"ID3 of sound" and file.content_type == "audio/mpeg"


@pytest.mark.parametrize("wanted", [{}, {"airing": "x"}, {"slot": "没有的"}])
def test_what_is_not_there_is_told(call: Call, wanted: dict[str, str]) -> None:
    assert_problem(call("POST", "/copies", json=wanted), 404, "没有找到")


def test_a_copy_that_is_gone_is_told(call: Call) -> None:
    assert_problem(call("GET", "/copies/dead"), 404, "再要一次")


def test_what_cannot_be_made_now_is_told(call: Call, station: Any) -> None:
    station.copies.fail_next = "前面还有几份在做，请过几分钟再试。"
    assert_problem(call("POST", "/copies", json={"slot": "防火"}), 422, "过几分钟再试")
    station.copies.copy = Copy("c0ffee", "泄洪.mp3", 1, problem="没有装 ffmpeg。")
    told = call("GET", "/copies/c0ffee").json
    assert told and told["problem"] == "没有装 ffmpeg。" and not told["ready"]


def test_a_token_for_something_else_gets_none(client: FlaskClient, station: FakeStation) -> None:
    metrics = caller(client, station.tokens.make("监控", Scope.METRICS, "王秀英"))
    assert metrics("POST", "/copies", json={"airing": "a1"}).status_code == 403
