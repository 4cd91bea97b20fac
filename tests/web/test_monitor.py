"""Health is told to everybody, and figures only to this machine or to a token."""

import pytest
from flask.testing import FlaskClient
from rig.fakes import FakeStation

from broadcaster.core.errors import StoreUnusable
from broadcaster.core.notice import Notice, Severity
from broadcaster.core.people import Scope
from broadcaster.station.station import OnAirStatus

ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}


def figures(text: str) -> dict[str, float]:
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def test_health_is_told_to_everybody_and_no_more(client: FlaskClient, station: FakeStation) -> None:
    answer = client.get("/healthz", environ_base=ELSEWHERE)
    assert (answer.status_code, answer.get_json(force=True)) == (200, {"status": "pass"})
    station.fault = "功放没有响应"
    answer = client.get("/healthz")
    assert (answer.status_code, answer.get_json(force=True)) == (200, {"status": "warn"})


def test_a_box_without_its_database_is_not_well(client: FlaskClient, station: FakeStation) -> None:
    def unusable() -> bool:
        raise StoreUnusable("磁盘坏了")

    station.accounts.needs_account = unusable  # type: ignore[method-assign]
    answer = client.get("/healthz")
    assert (answer.status_code, answer.get_json(force=True)) == (503, {"status": "fail"})


def test_figures_tell_of_air_queue_device_cache_clock_and_disk(
    client: FlaskClient, station: FakeStation
) -> None:
    airing = station.airing(Notice("停水", severity=Severity.RED))
    station.on_air, station.waiting = OnAirStatus(airing, 1.0, 9.0), [airing, airing]
    station.fault, station.cache_bytes = "声卡掉线", 1234
    station.clock_is_trusted = lambda: False
    answer = client.get("/metrics")
    assert answer.content_type.startswith("text/plain")
    told = figures(answer.text)
    assert told["broadcaster_on_air"] == 1 and told["broadcaster_on_air_severity"] == 1
    assert told["broadcaster_queue_length"] == 2
    assert (told["broadcaster_fault"], told["broadcaster_device_ready"]) == (1, 0)
    assert (told["broadcaster_cache_bytes"], told["broadcaster_clock_trusted"]) == (1234, 0)
    assert told['broadcaster_voice_ready{voice="baker:female"}'] == 1
    assert told['broadcaster_airings{outcome="PLAYED"}'] == 0
    assert told["broadcaster_disk_free_bytes"] > 0


def test_figures_are_for_this_machine_or_a_token(client: FlaskClient, station: FakeStation) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "::1"}).status_code == 200
    stranger = client.get("/metrics", environ_base=ELSEWHERE)
    assert (stranger.status_code, stranger.headers["WWW-Authenticate"]) == (401, "Bearer")
    for scope in Scope:
        bearer = {"Authorization": f"Bearer {station.tokens.make('监控', scope, '')}"}
        answer = client.get("/metrics", headers=bearer, environ_base=ELSEWHERE)
        assert answer.status_code == (200 if scope is Scope.METRICS else 403)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_what_a_proxy_hands_on_is_not_this_machine(client: FlaskClient, header: str) -> None:
    assert client.get("/metrics", headers={header: "192.0.2.7"}).status_code == 401
