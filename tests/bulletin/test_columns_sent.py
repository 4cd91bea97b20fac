"""A column of an office is the one sound that is signed, daily, and nothing else that a box can play."""

from typing import Any

import pytest
from bulletin.county_rig import NOON, bulletin

from broadcaster.bulletin import strict_json
from broadcaster.bulletin.bulletin import Audio, Bulletin, read_bulletin, sound_of_library, wire_of
from broadcaster.bulletin.refusals import NotAccepted
from broadcaster.core.notice import Notice, OfficeLevel, Severity, plain_value
from broadcaster.core.piece import Piece, PieceKind

KEY = "0123456789abcdef" * 2
PIECE = sound_of_library(KEY)
AUDIO = Audio("ab" * 32, 9, "https://county.example/1.sound")


def column(**given: Any) -> Bulletin:
    notice = Notice("", title="县台节目", pieces=(PIECE,))
    fields = {"audio": AUDIO, "issued": NOON, **wire_of(notice, 2)}
    return bulletin(**fields | given)


def test_it_goes_and_comes_back_as_a_notice_without_words() -> None:
    back = read_bulletin(column().to_bytes())
    assert (back.v, back.crit, back.library_key) == (2, ("pieces",), KEY)
    notice = back.to_notice("县里", OfficeLevel.COUNTY)
    assert (notice.text, notice.title, notice.pieces) == ("", "县台节目", (PIECE,))
    assert not notice.recording


def test_it_is_signed_also_where_a_box_reads_only_the_first_version() -> None:
    assert wire_of(Notice("", title="县台节目", pieces=(PIECE,)), 1)["crit"] == ("pieces",)


def test_a_recording_is_no_column() -> None:
    recording = bulletin(text="", audio=AUDIO)
    assert recording.library_key == ""
    assert recording.to_notice("县里", OfficeLevel.COUNTY).text == recording.title


@pytest.mark.parametrize(
    "pieces",
    [
        (PIECE, PIECE),
        (sound_of_library("戏曲/大登殿"),),
        (sound_of_library(f"{KEY}\n"),),
        (Piece(PieceKind.AUDIO, KEY, minutes=5),),
        (Piece(PieceKind.AUDIO, KEY, stand_in="大登殿"),),
        (Piece(PieceKind.AUDIO, KEY, out_of="戏曲"),),
        (Piece(PieceKind.FOLDER, KEY),),
        (Piece(PieceKind.RELAY, "http://192.168.1.1/", 30),),
        (Piece(PieceKind.INPUT, "line", 30),),
        (Piece(PieceKind.TEXT, "停水了。"),),
    ],
)
def test_no_other_piece_is_taken(pieces: tuple[Piece, ...]) -> None:
    with pytest.raises(NotAccepted):
        read(pieces=pieces)


@pytest.mark.parametrize(
    "other",
    [{"severity": int(severity)} for severity in Severity if severity]
    + [{"kind": "drill"}, {"audio": None, "text": "停水了。"}],
)
def test_it_is_daily_and_has_its_sound(other: dict[str, Any]) -> None:
    with pytest.raises(NotAccepted):
        read(**other)


def read(pieces: tuple[Piece, ...] = (PIECE,), **other: Any) -> Bulletin:
    """As somebody else may have written it."""
    fields: dict[str, Any] = strict_json.parse(column().to_bytes())
    fields |= {"more": {"pieces": [plain_value(piece) for piece in pieces]}, **other}
    return read_bulletin(strict_json.write({name: value for name, value in fields.items() if value}))
