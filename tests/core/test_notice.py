"""The one definition of a notice says what commands, the API and slots have always taken."""

import argparse
from typing import Any

import pytest

from broadcaster.commands.notice_options import add_notice
from broadcaster.core.errors import NoticeRefused
from broadcaster.core.notice import SPECS, Notice, Severity, Signal, Way, plain, read, settable
from broadcaster.schedule.slot_settings import SlotSettings
from broadcaster.web.api.schemas import NoticeIn

EVERYWHERE = {"text", "severity", "opening", "closing", "repeats", "pace", "chime", "voice", "style"}
EVERYWHERE |= {"beats_per_minute"}
BY_PROGRAM = {"zones", "volume", "drill", "when_quiet"}
WAYS = {
    Way.CLI: EVERYWHERE,
    Way.FORM: EVERYWHERE | {"recording"},
    Way.API: EVERYWHERE | BY_PROGRAM | {"title", "issuer", "recording"},
    Way.SLOT: EVERYWHERE | BY_PROGRAM,
    Way.COUNTY: {"text", "title", "severity", "repeats", "voice", "style"},
}
BOUNDS: dict[str, tuple[float | None, float | None]] = {
    "text": (None, 50_000),
    "title": (None, 100),
    "issuer": (None, 100),
    "opening": (None, 500),
    "closing": (None, 500),
    "repeats": (1, 20),
    "pace": (0.7, 1.4),
    "voice": (None, 100),
    "beats_per_minute": (100, 140),
    "zones": (None, 20),
    "volume": (0, 100),
}


@pytest.mark.parametrize("way", list(Way), ids=lambda way: str(way.name))
def test_each_way_takes_the_fields_it_has_always_taken(way: Way) -> None:
    assert settable(way).keys() >= WAYS[way]


def test_the_bounds_are_those_that_have_always_held() -> None:
    for name, bounds in BOUNDS.items():
        assert (SPECS[name].least, SPECS[name].most) == bounds, name


def test_commands_the_api_and_slots_take_just_these() -> None:
    parser = argparse.ArgumentParser()
    add_notice(parser)
    options = {one.dest for one in parser._actions}
    assert options - {"help", "file", "no_chime"} == settable(Way.CLI).keys()
    assert NoticeIn.model_fields.keys() == settable(Way.API).keys()
    assert settable(Way.SLOT).keys() - {"pieces"} <= SlotSettings.model_fields.keys()


def test_what_is_left_out_has_its_default() -> None:
    notice = read({"text": "停水"}, Way.API)
    assert notice == Notice("停水", notice.id)
    assert plain(notice, Way.API) == {"text": "停水"}


def test_a_notice_is_read_from_json_values() -> None:
    values = {
        "text": "停水",
        "severity": 1,
        "chime": "siren",
        "zones": ["东街"],
        "pace": 1,
        "volume": 80,
    }
    notice = read(values, Way.API)
    assert (notice.severity, notice.chime, notice.zones) == (Severity.RED, Signal.SIREN, ("东街",))
    assert plain(notice, Way.API) == values


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("severity", 9), ("severity", True), ("severity", "1"), ("repeats", True), ("repeats", 0)),
        *(("pace", "0.9"), ("pace", 3), ("pace", float("nan")), ("text", ["停水"]), ("zones", "东街")),
        *(("zones", [7]), ("zones", ["东街"] * 21), ("chime", "gong"), ("opening", "请" * 501)),
        *(("recording", "../../etc"), ("office", 2), ("talk", True), ("zone", "东街"), ("volume", 101)),
    ],
)
def test_anything_else_is_refused_by_its_field(field: str, value: Any) -> None:
    with pytest.raises(NoticeRefused) as refused:
        read({"text": "停水", field: value}, Way.API)
    assert [name for name, _ in refused.value.problems] == [field]


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(NoticeRefused, match="遍数 99 不行，请选 1 到 20 遍。") as refused:
        read({"repeats": 99, "pace": 9, "sing": True}, Way.CLI)
    assert {name for name, _ in refused.value.problems} == {"repeats", "pace", "sing"}
