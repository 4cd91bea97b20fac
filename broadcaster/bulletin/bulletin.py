"""A bulletin, the county's message to its boxes, as it is written inside the signed bytes: a notice, a
drill, a test, or the cancellation of another.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import asdict, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from broadcaster.bulletin import areas as area_codes
from broadcaster.bulletin import strict_json
from broadcaster.bulletin.message_fields import (
    AS_TUPLE,
    HIGHEST_SEQUENCE,
    STRICT,
    BulletinId,
    FieldName,
    Moment,
    Sha256,
    by_value,
    part,
    where,
)
from broadcaster.bulletin.refusals import NotAccepted, Refusal
from broadcaster.core.errors import NoticeRefused
from broadcaster.core.notice import (
    RECORDING_KEY,
    SPECS,
    Notice,
    OfficeLevel,
    Severity,
    Style,
    Way,
    WhenQuiet,
    plain,
    read,
    settable,
)
from broadcaster.core.piece import Piece, PieceKind

PAYLOAD_TYPE = "application/vnd.broadcaster.bulletin+json"
# Version 2 has `more` and `crit` (as RFC 7515, 4.1.11): a box passes over a field of `more` that it does
# not know, unless `crit` names it. It is written only where every box that it is for reads it.
VERSION = 2
LONGEST_TEXT = 2000
# From its issue to its end. What should be said for longer is issued again, so that no bulletin
# outlives the memory of who sent it; a flood is over or told anew within a day.
LONGEST_LIFE = {
    Severity.RED: timedelta(hours=24),
    Severity.ORANGE: timedelta(hours=48),
    Severity.YELLOW: timedelta(hours=72),
    Severity.BLUE: timedelta(days=7),
    Severity.DAILY: timedelta(days=7),
}

# What fields of a notice are called in version 1.
WIRE_NAMES = {name: name for name in ("id", "title", "severity", "voice")} | {"repeats": "repeat"}
# The fields of a notice that came later.
LATER = tuple(name for name in settable(Way.COUNTY) if name not in {*WIRE_NAMES, "text", "style"})


class BulletinKind(StrEnum):
    """The kind of a bulletin: 通知, 取消, 演练, 测试."""

    NOTICE = "notice"
    CANCEL = "cancel"
    DRILL = "drill"
    TEST = "test"


def _read_areas(value: object) -> object:
    if not isinstance(value, list | tuple) or not all(isinstance(code, str) for code in value):
        raise ValueError("要写区划代码")
    try:
        trimmed = tuple(area_codes.trim(code) for code in value)
    except area_codes.AreaUnknown as error:
        raise ValueError(str(error)) from None
    if len(set(trimmed)) != len(trimmed):
        raise ValueError("同一个地方写了两次")
    return trimmed


UNSET: tuple[object, ...] = (None, "", (), {})
SoundText = Annotated[str, Field(max_length=LONGEST_TEXT, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*\z")]


@dataclass(frozen=True, config=STRICT)
class Audio:
    """A sound that is fetched by its address, and is what it says by its digest alone."""

    sha256: Sha256
    size: Annotated[int, Field(gt=0, le=30_000_000)]
    url: Annotated[str, Field(max_length=500, pattern=r"^https?://[\x21-\x7e]+\z")]


@dataclass(frozen=True, config=STRICT)
class Bulletin:
    """Built by the office as it is read by the box: what breaks a rule cannot be made.

    `areas` are trimmed codes. `seq` counts what one key has issued. One of `text`, `verse` and `audio`
    is given, none for a cancel, which names in `cancels` what it cancels. `voice` is a wish. `pieces` in
    `more` say that the `audio` is aired as a column: its one piece names that sound as libraries do.
    Raises pydantic's ValidationError.
    """

    id: BulletinId
    seq: Annotated[int, Field(ge=1, le=HIGHEST_SEQUENCE)]
    issued: Moment
    not_before: Moment
    expires: Moment
    kind: Annotated[BulletinKind, by_value(BulletinKind)]
    severity: Annotated[Severity, by_value(Severity)]
    areas: Annotated[tuple[str, ...], BeforeValidator(_read_areas), Field(min_length=1, max_length=500)]
    title: Annotated[SoundText, Field(min_length=1, max_length=100)]
    text: SoundText = ""
    verse: SoundText = ""
    audio: Annotated[Audio | None, part(Audio)] = None
    cancels: BulletinId | None = None
    repeat: Annotated[int, Field(ge=1, le=10)] | None = None
    voice: Annotated[str, Field(pattern=r"^[a-z0-9_-]+:[\w./-]+\z", max_length=60)] | None = None
    night_ok: bool = False
    more: Annotated[dict[FieldName, Any], Field(max_length=20)] = field(default_factory=dict, hash=False)
    crit: Annotated[tuple[FieldName, ...], AS_TUPLE] = ()
    v: Literal[1, 2] = 1

    @model_validator(mode="after")
    def _agrees(self) -> Bulletin:
        said = sum(bool(what) for what in (self.text.strip(), self.verse.strip(), self.audio))
        if self.kind is BulletinKind.CANCEL:
            if said or not self.cancels or self.cancels == self.id:
                raise ValueError("取消要写明取消哪一则，不能带内容")
        elif said != 1 or self.cancels:
            raise ValueError("文字、顺口溜和录音要有一样，也只能有一样")
        if self.v == 1 and (self.more or self.crit):
            raise ValueError("第 1 版没有 more 和 crit")
        if not set(self.crit) <= self.more.keys() or (self.crit and self.kind is BulletinKind.CANCEL):
            raise ValueError("crit 里的要在 more 里，取消的没有 crit")
        if not self.issued <= self.not_before < self.expires:
            raise ValueError("时间的先后不对")
        if self.more.get("pieces") and not self._is_column():
            raise ValueError("栏目是日常的通知，只有它自己的那一段声音")
        return self

    def _is_column(self) -> bool:
        """Nothing else of a village's library, no stream, and nothing that passes quiet hours."""
        pieces = self.later().pieces
        own = all(one == sound_of_library(one.source) for one in pieces)
        named = all(re.fullmatch(RECORDING_KEY, one.source) for one in pieces)
        daily = self.kind is BulletinKind.NOTICE and self.severity is Severity.DAILY
        return len(pieces) == 1 and own and named and daily and self.audio is not None

    @property
    def longest_life(self) -> timedelta:
        """A cancel outlives whatever it cancels."""
        whole = self.kind is BulletinKind.CANCEL
        return max(LONGEST_LIFE.values()) if whole else LONGEST_LIFE[self.severity]

    def meant_for(self, village: str) -> bool:
        """True if the box of this trimmed code lies in one of the areas."""
        return any(area_codes.contains(area, village) for area in self.areas)

    def passes_quiet(self, office: OfficeLevel) -> bool:
        """True if it may sound in quiet hours as well: an orange alert to which two people of a county,
        or of an office above, have agreed. A less severe one and a drill never may.
        """
        alert = self.kind is BulletinKind.NOTICE and self.severity is Severity.ORANGE
        return self.night_ok and alert and office >= OfficeLevel.COUNTY

    def to_bytes(self) -> bytes:
        """The bytes to sign; unset fields are left out."""
        fields = asdict(self).items()
        return strict_json.write({name: value for name, value in fields if value not in UNSET})

    @property
    def ignored(self) -> tuple[str, ...]:
        """The fields of `more` that this program does not know."""
        return tuple(sorted(self.more.keys() - set(LATER)))

    def later(self) -> Notice:
        """A notice with the fields of `more` that are known. Raises `NoticeRefused`."""
        return read({name: self.more[name] for name in LATER if name in self.more}, Way.COUNTY)

    @property
    def library_key(self) -> str:
        """The key of the sound that is aired as a column; "" where the audio is a recording, or none."""
        return next((piece.source for piece in self.later().pieces), "")

    def to_notice(self, issuer: str, office: OfficeLevel) -> Notice:
        """For the station; a bulletin of `audio` still wants its `recording`, or the sound of its column
        in the library. Not for a cancel.
        """
        given = {field: getattr(self, name) for field, name in WIRE_NAMES.items()}
        later = self.later()
        return replace(
            later,
            **given,
            # A column has no words of its own.
            text=self.text or self.verse or ("" if later.pieces else self.title),
            style=Style.VERSE if self.verse else Style.PLAIN,
            drill=self.kind in (BulletinKind.DRILL, BulletinKind.TEST),
            when_quiet=WhenQuiet.WAIT,
            issuer=issuer,
            office=office,
        )


def sound_of_library(key: str) -> Piece:
    """The piece of a column of an office: a sound by the digest that libraries name it by."""
    return Piece(PieceKind.AUDIO, key)


def wire_of(notice: Notice, reads: int = 1) -> dict[str, Any]:
    """A notice as the fields of a bulletin, which has an id of its own; boxes that read only version 1
    get of the later fields just those that must not be passed over.
    """
    given = {name: getattr(notice, field) for field, name in WIRE_NAMES.items() if field != "id"}
    given["verse" if notice.style is Style.VERSE else "text"] = notice.text
    told = plain(notice, Way.COUNTY)
    more = {name: told[name] for name in LATER if name in told and (reads > 1 or SPECS[name].critical)}
    crit = tuple(name for name in more if SPECS[name].critical)
    return given | ({"more": more, "crit": crit, "v": VERSION} if more else {})


def new_bulletin_id() -> str:
    return str(uuid.uuid4())


def read_bulletin(payload: bytes) -> Bulletin:
    """Strictly, from bytes whose signature is verified. Raises `NotAccepted`."""
    try:
        written: Any = strict_json.parse(payload)
    except ValueError as error:
        raise NotAccepted(Refusal.BAD_SCHEMA, "JSON") from error
    if not isinstance(written, dict):
        raise NotAccepted(Refusal.BAD_SCHEMA, "JSON")
    version = written.get("v")
    if type(version) is int and version > VERSION:
        raise NotAccepted(Refusal.UNKNOWN_VERSION, str(version)[:20])
    if type(version) is not int:
        raise NotAccepted(Refusal.BAD_SCHEMA, "v")
    try:
        made = Bulletin(**written)
        made.later()
    except ValidationError as error:
        raise NotAccepted(Refusal.BAD_SCHEMA, where(error)) from error
    except NoticeRefused as error:
        raise NotAccepted(Refusal.BAD_SCHEMA, " ".join(name for name, _ in error.problems)) from error
    if unknown := set(made.crit) - set(LATER):
        raise NotAccepted(Refusal.UNKNOWN_FIELD, " ".join(sorted(unknown)))
    return made
