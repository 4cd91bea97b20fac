"""A program airs, cancels and reads by the API, each request once and within its scope."""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rig.fakes import FakeStation, ManualClock
from werkzeug.test import TestResponse

from broadcaster.core.errors import KeptQuiet, StoreUnusable, TextRefused, VoiceUnavailable
from broadcaster.core.model import Outcome
from broadcaster.core.notice import Notice, OfficeLevel, Severity, Signal
from broadcaster.core.people import Scope
from broadcaster.core.piece import Piece, PieceKind
from broadcaster.station.station import OnAirStatus, PiecePlace
from broadcaster.web.app import create_app
from broadcaster.web.base.throttle import EACH_SECONDS

Call = Callable[..., TestResponse]

TEXT = "今天下午停水"
KEY = {"Idempotency-Key": "7f1c2a"}


@pytest.fixture
def call(client: FlaskClient, station: FakeStation) -> Call:
    """Ask as a program whose token may air."""
    token = station.tokens.make("智能开关", Scope.AIR, "王秀英")
    return caller(client, token)


def caller(client: FlaskClient, token: str) -> Call:
    def call(method: str, path: str, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        return client.open(f"/api/v1{path}", method=method, headers=headers, **options)

    return call


def assert_problem(answer: TestResponse, code: int, sentence: str) -> None:
    assert answer.status_code == code
    assert answer.content_type == "application/problem+json"
    told = answer.get_json(force=True)
    assert told["status"] == code and sentence in told["detail"] and told["title"] and told["type"]


def test_a_notice_is_announced_as_it_was_asked_for(call: Call, station: FakeStation) -> None:
    wish = {"text": TEXT, "title": "停水", "severity": 2, "repeats": 3, "chime": "siren"}
    answer = call("POST", "/notices", json=wish | {"zones": ["东村"], "opening": "", "drill": True})
    assert answer.status_code == 202
    ((notice, asked_by),) = station.announced
    assert asked_by == "智能开关"
    assert answer.json and answer.json["id"] == station.accepted[0].id
    assert (notice.severity, notice.repeats, notice.chime) == (Severity.ORANGE, 3, Signal.SIREN)
    assert (notice.zones, notice.opening, notice.closing, notice.drill) == (("东村",), "", None, True)
    assert station.done() == [("令牌 智能开关", "播出", TEXT)]


@pytest.mark.parametrize(
    ("scope", "office"), [(Scope.AIR, OfficeLevel.VILLAGE), (Scope.COUNTY, OfficeLevel.COUNTY)]
)
def test_the_county_speaks_as_the_county(
    client: FlaskClient, station: FakeStation, scope: Scope, office: OfficeLevel
) -> None:
    caller(client, station.tokens.make("x", scope, ""))("POST", "/notices", json={"text": TEXT})
    assert station.announced[0][0].office is office


def test_with_one_key_a_notice_is_aired_once(call: Call, station: FakeStation) -> None:
    first, second = (call("POST", "/notices", json={"text": TEXT}, headers=KEY) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json == second.json
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(station.announced) == 1
    call("POST", "/notices", json={"text": TEXT}, headers={"Idempotency-Key": "other"})
    assert len(station.announced) == 2


def test_a_key_is_remembered_over_a_restart(call: Call, station: FakeStation) -> None:
    token = station.tokens.make("县平台", Scope.COUNTY, "")
    for _ in range(2):
        restarted = create_app(station, station.settings).test_client()
        caller(restarted, token)("POST", "/notices", json={"text": TEXT}, headers=KEY)
    assert len(station.announced) == 1


def test_two_requests_at_once_with_one_key_air_once(app: Flask, station: FakeStation) -> None:
    token = station.tokens.make("x", Scope.AIR, "")

    def send() -> None:
        caller(app.test_client(), token)("POST", "/notices", json={"text": TEXT}, headers=KEY)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(station.announced) == 1


def test_a_key_belongs_to_one_notice_and_one_token(
    call: Call, client: FlaskClient, station: FakeStation
) -> None:
    call("POST", "/notices", json={"text": TEXT}, headers=KEY)
    for other in ({"text": "别的"}, {"text": TEXT, "severity": 1}):
        assert_problem(call("POST", "/notices", json=other, headers=KEY), 422, "换一个新的")
    another = caller(client, station.tokens.make("另一个", Scope.AIR, ""))
    another("POST", "/notices", json={"text": TEXT}, headers=KEY)
    assert len(station.announced) == 2


def test_what_was_refused_may_be_sent_again_with_its_key(call: Call, station: FakeStation) -> None:
    station.fail_next = VoiceUnavailable("声音没有装")
    assert call("POST", "/notices", json={"text": TEXT}, headers=KEY).status_code == 422
    assert call("POST", "/notices", json={"text": TEXT}, headers=KEY).status_code == 202


def test_an_urgent_notice_does_not_wait_for_a_disk_that_fails(call: Call, station: FakeStation) -> None:
    def unusable(notice_id: str) -> None:
        raise StoreUnusable("磁盘坏了")

    station.find_airing = unusable  # type: ignore[method-assign]
    for _ in range(2):
        assert call("POST", "/notices", json={"text": TEXT}, headers=KEY).status_code == 202
    assert len(station.announced) == 1


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (TextRefused("没有汉字"), 422, "urn:broadcaster:text-refused"),
        (KeptQuiet("现在是静音时段"), 409, "urn:broadcaster:kept-quiet"),
        (StoreUnusable("磁盘满了"), 503, "urn:broadcaster:store-unusable"),
    ],
)
def test_a_refusal_is_told_with_its_sentence(
    call: Call, station: FakeStation, error: Any, code: int, kind: str
) -> None:
    station.fail_next = error
    answer = call("POST", "/notices", json={"text": TEXT})
    assert_problem(answer, code, str(error))
    assert answer.get_json(force=True)["type"] == kind
    assert station.done() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b'{"text": ""}',
        b'{"text": 5}',
        b'{"text": "\\ud800"}',
        b'{"text": "a", "severity": 9}',
        b'{"text": "a", "severity": "1"}',
        b'{"text": "a", "repeats": 0}',
        b'{"text": "a", "chime": "gong"}',
        b'{"text": "a", "pace": NaN}',
        b'{"text": "a", "volume": 101}',
        b'{"text": "a", "colour": "red"}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_body_that_is_no_notice_is_told_where(call: Call, station: FakeStation, body: bytes) -> None:
    answer = call("POST", "/notices", data=body, content_type="application/json")
    assert_problem(answer, 422, "广播没有动")
    assert answer.get_json(force=True)["errors"]
    assert station.announced == []


def test_status_tells_what_is_on_the_air_and_what_waits(call: Call, station: FakeStation) -> None:
    airing = station.airing(Notice(TEXT, severity=Severity.RED))
    station.on_air = OnAirStatus(airing, 3.21, 9.9)
    station.waiting, station.fault = [airing], "功放没有响应"
    told = call("GET", "/status").json
    assert told and told["on_air"]["text"] == TEXT and told["on_air"]["seconds_played"] == 3.2
    assert told["on_air"]["severity"] == 1 and told["fault"] == "功放没有响应"
    assert [one["id"] for one in told["waiting"]] == [airing.id]


def test_what_waits_is_cancelled_by_its_id(call: Call, station: FakeStation) -> None:
    station.waiting = [station.airing(Notice(TEXT))]
    path = f"/airings/{station.waiting[0].id}"
    assert call("DELETE", path).status_code == 204
    assert_problem(call("DELETE", path), 404, "没有这一条")


def test_a_column_needs_no_text_beside_its_pieces(call: Call, station: FakeStation) -> None:
    pieces = [{"kind": "audio", "source": "国歌.mp3"}]
    assert call("POST", "/notices", json={"pieces": pieces}).status_code == 202
    ((notice, _asked_by),) = station.announced
    assert notice.text == "" and notice.pieces == (Piece(PieceKind.AUDIO, "国歌.mp3"),)
    answer = call("POST", "/notices", json={"pieces": []})
    assert "请写 text，或者 pieces" in (answer.json or {})["errors"][0]["detail"]


def test_a_skip_needs_a_piece_that_sounds(call: Call, station: FakeStation) -> None:
    assert call("POST", "/skip").status_code == 409
    column = station.airing(Notice("", pieces=(Piece(PieceKind.AUDIO, "k1"),)))
    station.on_air = OnAirStatus(column, 3.0, 9.0, piece=PiecePlace(1, "大登殿", 3.0, 9.0))
    piece = (call("GET", "/status").json or {})["on_air"]["piece"]
    told = {"number": 1, "of": 1, "title": "大登殿", "seconds": 3.0, "of_seconds": 9.0}
    assert piece == told
    assert call("POST", "/skip").status_code == 204
    assert station.skips == [("智能开关", 1)]


def test_stop_silences_the_air(call: Call, station: FakeStation) -> None:
    station.waiting = [station.airing(Notice(TEXT))]
    assert call("POST", "/stop").json == {"ended": 1}
    assert station.stops == ["智能开关"]


def test_upcoming_and_history_go_by_their_limits(call: Call, station: FakeStation) -> None:
    station.coming = [station.airing(Notice(str(number))) for number in range(9)]
    told = call("GET", "/upcoming?count=3").json
    assert told and [one["text"] for one in told["airings"]] == ["0", "1", "2"]
    since = station.now - timedelta(days=1)
    query = {"since": since.isoformat(), "outcome": "PLAYED", "asked_by": "王", "text": "水"}
    assert call("GET", "/history", query_string=query).json == {"lines": []}
    assert (station.wanted.since, station.wanted.outcome) == (since, Outcome.PLAYED)
    assert (station.wanted.asked_by, station.wanted.text) == ("王", "水")
    for wrong in ("count=0", "count=x", "skip=-1", "since=2026-01-01T00:00:00", "outcome=LOST"):
        assert_problem(call("GET", f"/history?{wrong}"), 422, "广播没有动")


def test_a_script_is_shown_and_nothing_aired(call: Call, station: FakeStation) -> None:
    told = call("POST", "/script", json={"text": "停10天"}).json
    assert told and told["lines"][0]["spoken"] == "停十天"
    assert station.announced == []


def test_voices_are_listed(call: Call) -> None:
    told = call("GET", "/voices").json
    assert told and told["voices"][0]["name"] == "baker:female"


def test_words_are_set_listed_and_removed(client: FlaskClient, station: FakeStation) -> None:
    call = caller(client, station.tokens.make("读音", Scope.WORDS, ""))
    assert call("PUT", "/words/places/石盆", json={"said": "shi2 peng4"}).status_code == 200
    entry = {"section": "places", "word": "石盆", "said": "shi2 peng4"}
    assert call("GET", "/words").json == {"words": [entry], "in_all": 1}
    assert call("GET", "/words?skip=1").json == {"words": [], "in_all": 1}
    assert_problem(call("GET", "/words?count=501"), 422, "")
    assert_problem(call("PUT", "/words/places/石盆", json={"said": "xyz9"}), 422, "")
    for far in ("bu4 yao4", "不要"):
        assert_problem(call("PUT", "/words/words/撤离", json={"said": far}), 422, "差得太远了")
    assert call("DELETE", "/words/places/石盆").status_code == 204
    assert_problem(call("DELETE", "/words/places/石盆"), 422, "")
    assert_problem(call("PUT", "/words/towns/石盆", json={"said": "a1"}), 422, "广播没有动")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer x", "Basic dXNlcjpwYXNz", "Bearer laba_\xff"]
)
def test_without_a_token_nothing_is_told(client: FlaskClient, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = client.post("/api/v1/stop", headers=headers)
    assert_problem(answer, 401, "登录")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_session_opens_no_api(secretary: FlaskClient, station: FakeStation) -> None:
    assert secretary.post("/api/v1/stop").status_code == 401
    assert station.stops == []


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [("GET", "/nothing", 404), ("GET", "/stop", 405), ("PUT", "/status", 405)],
)
def test_a_wrong_address_or_method_is_a_problem_too(
    call: Call, method: str, path: str, code: int
) -> None:
    assert_problem(call(method, path), code, "")


def test_a_body_that_is_too_long_is_a_problem_too(call: Call) -> None:
    answer = call("POST", "/notices", data=b"x" * 2_000_000, content_type="application/json")
    assert_problem(answer, 413, "太大")


def test_the_description_is_open_and_3_1(client: FlaskClient) -> None:
    described = client.get("/api/v1/openapi.json").json
    assert described and described["openapi"].startswith("3.1.")
    assert {"/api/v1/notices", "/api/v1/stop", "/api/v1/status"} <= described["paths"].keys()
    announced = described["paths"]["/api/v1/notices"]["post"]
    assert announced["security"] == [{"token": []}]
    assert "application/problem+json" in announced["responses"]["422"]["content"]
    assert {"Idempotency-Key"} == {one["name"] for one in announced["parameters"]}
    schemas = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(described)))
    assert schemas and schemas <= described["components"]["schemas"].keys()


def test_a_notice_may_be_for_a_moment_to_come(call: Call, station: FakeStation) -> None:
    at = station.now + timedelta(hours=1)
    assert call("POST", "/notices", json={"text": TEXT, "at": at.isoformat()}).status_code == 202
    assert station.announced_for == at
    without_offset = at.replace(tzinfo=None).isoformat()
    assert_problem(
        call("POST", "/notices", json={"text": TEXT, "at": without_offset}), 422, "请求的内容不对"
    )


def test_volume_and_loops_are_set(call: Call, station: FakeStation) -> None:
    station.loops_stopped = True
    assert call("POST", "/resume").status_code == 204
    assert not station.loops_stopped
    assert call("PUT", "/volume", json={"volume": 35}).status_code == 200
    assert call("GET", "/volume").json == {"volume": 35}
    assert call("PUT", "/volume", json={"volume": 101}).status_code == 422


def test_wrong_tokens_are_noted_once_in_a_while_for_each_address(
    client: FlaskClient, station: FakeStation, app: Flask
) -> None:
    clock = ManualClock()
    app.extensions["broadcaster"] = replace(app.extensions["broadcaster"], clock=clock)

    def ask(address: str) -> None:
        wrong = {"Authorization": "Bearer laba_no_such"}
        answer = client.get("/api/v1/status", headers=wrong, environ_base={"REMOTE_ADDR": address})
        assert answer.status_code == 401

    for address in ("192.0.2.7", "192.0.2.7", "192.0.2.8"):
        ask(address)
    assert station.done() == [("", "令牌不对", "/api/v1/status")] * 2
    clock.advance(EACH_SECONDS)
    ask("192.0.2.7")
    assert len(station.done()) == 3
