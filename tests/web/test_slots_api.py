"""The timetable by the API, over the real slotbook and its database."""

from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from rig.fakes import FakeStation
from web.test_api import Call, assert_problem, caller

from broadcaster.core.people import Scope

MARKET = {"text": "明天赶集。", "at": "06:30", "lunar": ["初三", "十三"]}


@pytest.fixture
def call(client: FlaskClient, station: FakeStation) -> Call:
    return caller(client, station.tokens.make("县平台", Scope.AIR, "王秀英"))


def test_a_slot_is_kept_shown_changed_and_removed(call: Call, station: FakeStation) -> None:
    made = call("PUT", "/slots/赶集", json={"written": MARKET})
    assert made.status_code == 200 and made.json
    assert (made.json["texts"], made.json["made_by"]) == (["明天赶集。"], "县平台")
    call("PUT", "/slots/赶集", json={"written": MARKET | {"text": "后天赶集。"}})
    shown = call("GET", "/slots").json
    assert shown and [slot["written"]["text"] for slot in shown["slots"]] == ["后天赶集。"]
    assert call("DELETE", "/slots/赶集").status_code == 204
    assert station.slots.entries() == []
    assert [deed[1] for deed in station.done()] == ["排节目", "排节目", "删节目"]


def test_what_a_slot_will_do_is_told_and_nothing_is_kept(call: Call, station: FakeStation) -> None:
    told = call("POST", "/slots/preview", json={"written": MARKET | {"name": "赶集"}})
    assert told.json and len(told.json["occurrences"]) == 5
    assert station.slots.entries() == []


def test_everything_wrong_is_told_by_its_field(call: Call, station: FakeStation) -> None:
    answer = call("PUT", "/slots/赶集", json={"written": MARKET | {"at": "25:70", "repeats": 99}})
    assert answer.status_code == 422
    wrong = answer.get_json(force=True)["errors"]
    assert {one["place"] for one in wrong} == {"at", "repeats"}
    assert station.slots.entries() == []


def test_a_slot_is_held_up_and_goes_on(call: Call) -> None:
    call("PUT", "/slots/赶集", json={"written": MARKET})
    held = call("PUT", "/slots/赶集/pause", json={"until": "2099-01-02"}).json
    assert held and (held["paused"], held["paused_until"]) == (True, date(2099, 1, 2).isoformat())
    for_good = call("PUT", "/slots/赶集/pause", json={}).json
    assert for_good and (for_good["paused"], for_good["paused_until"]) == (True, None)
    gone_on = call("DELETE", "/slots/赶集/pause").json
    assert gone_on and not gone_on["paused"]


@pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("PUT", "/pause"), ("DELETE", "/pause")])
def test_a_slot_that_there_is_not_is_not_found(call: Call, method: str, path: str) -> None:
    body: dict[str, Any] = {"json": {}} if method == "PUT" else {}
    assert_problem(call(method, f"/slots/没有{path}", **body), 404, "没有这个名字")
