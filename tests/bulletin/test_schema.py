"""What stands inside the signed bytes: one reading, or none. The county itself signs throughout."""

from datetime import timedelta
from typing import Any

import pytest
from bulletin.county_rig import NOON, Box, County, cancel_of
from bulletin.county_rig import bulletin as any_bulletin
from pydantic import ValidationError

from broadcaster.bulletin import envelope, strict_json
from broadcaster.bulletin.bulletin import (
    PAYLOAD_TYPE,
    Audio,
    Bulletin,
    BulletinKind,
    read_bulletin,
)
from broadcaster.core.notice import OfficeLevel, Severity, Style, WhenQuiet

AUDIO = Audio("0" * 64, 100, "https://county.example/a.mp3")
ID = "6f1c52a4-7d0e-4c1b-9b7e-2f3a4d5e6f70"


def bulletin(**given: Any) -> Bulletin:
    """Of one id, for the names of the tests must be the same in every process."""
    return any_bulletin(**{"id": ID} | given)


FULL = [
    bulletin(),
    bulletin(text="", verse="秸秆焚烧害处大，\n污染空气人人骂。"),
    bulletin(text="", audio=AUDIO),
    bulletin(severity=Severity.DAILY, repeat=2, voice="baker:female", night_ok=True),
    bulletin(id="6341523100000031401" + "0" * 16, kind=BulletinKind.DRILL),
    cancel_of(bulletin().id),
]


def sealed(payload: bytes, county: County) -> bytes:
    return envelope.sign(PAYLOAD_TYPE, payload, [county.key]).to_bytes()


@pytest.mark.parametrize("told", FULL)
def test_a_bulletin_comes_back_as_it_was_written(told: Bulletin) -> None:
    assert read_bulletin(told.to_bytes()) == told


@pytest.mark.parametrize(
    "change",
    [
        *({"v": 0}, {"v": 1.0}, {"v": True}, {"v": "1"}, {"v": None}),
        *({"id": ""}, {"id": "../../etc"}, {"id": "A" * 35}, {"id": "1" * 34}, {"id": "1" * 35 + "\n"}),
        *({"seq": 0}, {"seq": -1}, {"seq": 1.0}, {"seq": True}, {"seq": "1"}, {"seq": 2**53}),
        *({"issued": 1}, {"issued": "2026-05-01"}, {"issued": "2026-05-01T12:00:00"}),
        *({"issued": "2026-05-01T12:00:00,+08:00"}, {"issued": "2026-02-30T12:00:00Z"}),
        *({"issued": "2026-05-01 12:00:00+08:00"}, {"issued": "2026-05-01T12:00:00+99:00"}),
        *({"issued": "0001-01-01T00:00:00+14:00"}, {"expires": "9999-12-31T23:59:59-12:00"}),
        *({"expires": "2026-05-01T12:00:00+08:00"}, {"not_before": "2026-05-01T11:59:59+08:00"}),
        *({"kind": "command"}, {"kind": "NOTICE"}, {"kind": 1}, {"kind": None}, {"kind": "cancel"}),
        *({"severity": 5}, {"severity": -1}, {"severity": "1"}, {"severity": True}, {"severity": 1.0}),
        *(
            {"areas": []},
            {"areas": "331121"},
            {"areas": [331121]},
            {"areas": ["33112"]},
            {"areas": ["*"]},
        ),
        *({"areas": ["331121", "331121000000"]}, {"areas": ["331121"] * 501}, {"areas": {"331121": 1}}),
        *({"title": ""}, {"title": "长" * 101}, {"title": None}),
        *({"text": "长" * 2001}, {"text": ""}, {"text": " "}, {"text": None}, {"text": "a\x00b"}),
        *({"verse": "也有"}, {"audio": AUDIO.__dict__}, {"cancels": bulletin().id}),
        *(
            {"audio": {**AUDIO.__dict__, "url": "file:///etc/passwd"}, "text": ""},
            {"audio": 1, "text": ""},
        ),
        *({"audio": {**AUDIO.__dict__, "size": 0}, "text": ""}, {"audio": {}, "text": ""}),
        *(
            {"repeat": 0},
            {"repeat": 11},
            {"repeat": True},
            {"voice": "female"},
            {"voice": "a:" + "b" * 60},
        ),
        *({"night_ok": 1}, {"night_ok": "yes"}, {"more": 1}, {"__class__": 1}, {"self": 1}, {"": 1}),
    ],
    ids=str,
)
def test_what_is_written_otherwise_is_refused(county: County, box: Box, change: dict[str, Any]) -> None:
    written = strict_json.parse(bulletin().to_bytes()) | change
    assert box.refusal(sealed(strict_json.write(written), county)) == "BAD_SCHEMA"


@pytest.mark.parametrize("name", ["v", "id", "seq", "issued", "not_before", "expires", "kind", "areas"])
def test_what_must_be_there_is_missed(county: County, box: Box, name: str) -> None:
    written = strict_json.parse(bulletin().to_bytes())
    del written[name]
    assert box.refusal(sealed(strict_json.write(written), county)) == "BAD_SCHEMA"


def with_title(raw: bytes) -> bytes:
    return bulletin(title="标题").to_bytes().replace('"标题"'.encode(), raw)


@pytest.mark.parametrize(
    "payload",
    [
        *(b"", b"null", b"[]", b"1", b'"x"', b"\xef\xbb\xbf{}", b"\xff", b"{}{}"),
        bulletin().to_bytes().replace(b'{"id"', b'{"seq":1,"id"'),
        with_title(b"NaN"),
        with_title(b"Infinity"),
        with_title(b"1e999"),
        with_title(b"9" * 5000),
        with_title(rb'"\ud800"'),
        with_title(b'"\xc0\x80"'),
        with_title(b"[" * 10_000 + b"]" * 10_000),
        with_title(b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
        bulletin().to_bytes()[:-1],
    ],
    ids=lambda payload: payload[:20],
)
def test_what_has_no_one_reading_is_refused(county: County, box: Box, payload: bytes) -> None:
    assert box.refusal(sealed(payload, county)) == "BAD_SCHEMA"


def test_a_bulletin_of_a_newer_program_is_told_as_such(county: County, box: Box) -> None:
    written = strict_json.parse(bulletin().to_bytes()) | {"v": 3, "kind": "command"}
    assert box.refusal(sealed(strict_json.write(written), county)) == "UNKNOWN_VERSION"


def test_the_office_cannot_make_what_a_box_would_refuse() -> None:
    for wrong in (
        {"areas": ("33112",)},
        {"expires": NOON},
        {"text": ""},
        {"issued": NOON.replace(tzinfo=None)},
    ):
        with pytest.raises(ValidationError):
            bulletin(**wrong)


def test_areas_are_kept_trimmed() -> None:
    assert bulletin(areas=("331121104000", "330000")).areas == ("331121104", "33")


def test_a_cancel_lives_as_long_as_anything_that_it_may_cancel() -> None:
    assert cancel_of(bulletin().id, severity=Severity.RED).longest_life == timedelta(days=7)


def test_a_drill_is_a_drill_and_a_verse_a_verse_in_the_station() -> None:
    drill = bulletin(kind=BulletinKind.TEST, repeat=2, voice="baker:female").to_notice(
        "青田县", OfficeLevel.COUNTY
    )
    assert (drill.drill, drill.repeats, drill.voice) == (True, 2, "baker:female")
    assert (drill.office, drill.issuer, drill.when_quiet) == (
        OfficeLevel.COUNTY,
        "青田县",
        WhenQuiet.WAIT,
    )
    verse = bulletin(text="", verse="一句\n两句").to_notice("", OfficeLevel.TOWN)
    assert (verse.style, verse.text) == (Style.VERSE, "一句\n两句")
