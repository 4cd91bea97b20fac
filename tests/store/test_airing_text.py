"""An airing comes back from the database with every field, also from older and stranger texts."""

import json
from dataclasses import fields, replace
from datetime import UTC

import pytest
from rig.stored import DUE, airing

from broadcaster.core.model import Airing
from broadcaster.core.notice import Notice, OfficeLevel, Severity, Signal, Style, WhenQuiet
from broadcaster.store.database.airing_json import read_airing, write_airing

FULL = Notice(
    "上游放水\n请转移",
    title="放水",
    severity=Severity.RED,
    issuer="水利站",
    office=OfficeLevel.COUNTY,
    voice="baker:female",
    pace=0.9,
    repeats=3,
    opening="",
    closing="完毕",
    chime=Signal.SIREN,
    style=Style.KUAIBAN,
    beats_per_minute=120,
    zones=("东街", "西街"),
    volume=80,
    drill=True,
    when_quiet=WhenQuiet.WAIT,
    recording="0123abcd",
    talk=True,
)


def test_every_field_of_an_airing_survives() -> None:
    one = replace(airing(asked_by="王秀英"), notice=FULL, window_from=DUE)
    assert read_airing(write_airing(one)) == one


def test_what_is_left_to_the_station_stays_left_to_it() -> None:
    one = replace(airing(), notice=Notice("开会"))
    again = read_airing(write_airing(one))
    assert again == one
    notice = again.notice
    assert (notice.repeats, notice.opening, notice.chime) == (None, None, None)


def test_the_zone_of_the_due_time_is_kept() -> None:
    assert read_airing(write_airing(airing())).due_at.utcoffset() == DUE.utcoffset()
    assert read_airing(write_airing(airing(due_at=DUE.astimezone(UTC)))).due_at == DUE


def test_a_text_from_a_terminal_that_is_not_utf_8_survives() -> None:
    one = airing(text="停水\udcff")
    assert write_airing(one).isascii()
    assert read_airing(write_airing(one)) == one


def test_a_field_that_was_not_there_yet_has_its_default() -> None:
    content = json.loads(write_airing(airing()))
    del content["sum"], content["asked_by"]
    assert "chime" not in content["notice"]
    again = read_airing(json.dumps(content))
    assert (again.asked_by, again.notice.chime) == ("", None)


def test_a_field_of_a_newer_program_is_left_out_and_told(caplog: pytest.LogCaptureFixture) -> None:
    one = airing()
    content = json.loads(write_airing(one))
    del content["sum"]
    content["notice"]["sung"] = content["echo"] = True
    assert read_airing(json.dumps(content)) == one
    assert "echo" in caplog.text and "sung" in caplog.text


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("id",), 7),
        (("id",), None),
        (("kind",), "sometimes"),
        (("due_at",), "2026-11-20T07:30:00"),
        (("due_at",), 1_763_595_000),
        (("expires_at",), "tomorrow"),
        (("notice",), "停水"),
        (("notice", "severity"), 9),
        (("notice", "repeats"), True),
        (("notice", "repeats"), "3"),
        (("notice", "pace"), "0.9"),
        (("notice", "text"), ["停水"]),
    ],
)
def test_anything_else_is_refused(place: tuple[str, ...], value: object) -> None:
    content = json.loads(write_airing(airing()))
    del content["sum"]
    target = content["notice"] if len(place) == 2 else content
    target[place[-1]] = value
    with pytest.raises(ValueError):
        read_airing(json.dumps(content))


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "{}", "7", '{"id": "a1"}', "[" * 100_000])
def test_what_is_no_airing_at_all_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_airing(text)


def test_the_reader_knows_every_type_of_the_fields() -> None:
    written = json.loads(write_airing(airing())).keys()
    assert {field.name for field in fields(Airing)} == written - {"sum"}


def test_another_letter_anywhere_is_refused() -> None:
    whole = airing()
    text = write_airing(whole)
    assert read_airing(text) == whole
    for place in range(len(text) - len('"sum": 1234567890}')):
        with pytest.raises(ValueError):
            read_airing(text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :])
