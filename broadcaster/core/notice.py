"""The notice and the one definition of its fields: labels, ways, bounds.

Commands, forms, the API, slots and bulletins ask here which fields they take, what they are called and
what may stand in them. Plain values only: the sound process has no room for pydantic.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from enum import Enum, Flag, IntEnum, StrEnum, auto
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from broadcaster.core.errors import NoticeRefused
from broadcaster.core.piece import Piece


class Severity(IntEnum):
    """The national scale of warnings (应急广播消息级别); 0 is everyday."""

    DAILY = 0
    RED = 1
    ORANGE = 2
    YELLOW = 3
    BLUE = 4

    @property
    def rank(self) -> int:
        """Order on the air: 1 red first … 4 blue, then 5 for daily."""
        return self.value or 5


class OfficeLevel(IntEnum):
    """The level of the office that speaks; a higher one goes first among notices of one severity."""

    VILLAGE = 0
    TOWN = 1
    COUNTY = 2
    CITY = 3
    PROVINCE = 4
    NATION = 5


class Signal(StrEnum):
    """The sound before the first word: 钟声, 急钟 (quick, for urgent notices), 警报, 无."""

    CHIME = "chime"
    ALERT = "alert"
    SIREN = "siren"
    NONE = "none"


class Style(StrEnum):
    """The manner of speaking: as prose, verses line by line, or to bamboo clappers (快板)."""

    PLAIN = ""
    VERSE = "verse"
    KUAIBAN = "kuaiban"


class WhenQuiet(StrEnum):
    """The fate of a notice that falls due in quiet hours: left out, or said when they end."""

    SKIP = "skip"
    WAIT = "wait"


# How fast speech may be, 1.0 as trained, and how often a text may be said.
SLOWEST, FASTEST = 0.7, 1.4
MOST_REPEATS = 20
# Beats a minute of 快板: below, it drags; above, two syllables no longer fit on a beat.
SLOWEST_TEMPO, FASTEST_TEMPO = 100, 140
RECORDING_KEY = "[0-9a-f]{32}"


class Way(Flag):
    """By which way somebody may set a field: a command, a form, the API, a slot, a bulletin."""

    CLI = auto()
    FORM = auto()
    API = auto()
    SLOT = auto()
    COUNTY = auto()


NOBODY = Way(0)
PEOPLE = Way.CLI | Way.FORM | Way.API | Way.SLOT


@dataclass(frozen=True)
class Spec:
    """The definition of a field. `label` names it for people, `hint` says what to write.

    `least` and `most` bound a number, or the length of a text or a list. What is `in_sound` is heard,
    and so part of a programme's key. A box that does not know a `critical` one refuses the bulletin.
    """

    label: str
    ways: Way
    hint: str = ""
    least: float | None = None
    most: float | None = None
    unit: str = ""
    pattern: str = ""
    in_sound: bool = False
    critical: bool = False

    @property
    def longest(self) -> int | None:
        """The greatest length of a text or a list."""
        return None if self.most is None else int(self.most)

    @property
    def range(self) -> str:
        """The bounds of a number in words; "" of a field without bounds."""
        if self.least is None or self.most is None:
            return ""
        return f"{self.least:g} 到 {self.most:g} {self.unit}".rstrip()

    def problem(self, value: object) -> str:
        """Checks a value of the right type; a sentence in Chinese, or "" if it is good."""
        if value is None:
            return ""
        if isinstance(value, str | tuple):
            return self._problem_of_length(value)
        if isinstance(value, int | float) and not (
            (self.least is None or self.least <= value) and (self.most is None or value <= self.most)
        ):
            return f"{self.label} {value:g} 不行，请选 {self.range}。"
        return ""

    def _problem_of_length(self, value: str | tuple[object, ...]) -> str:
        for piece in (one for one in value if isinstance(one, Piece) and one.problem):
            return piece.problem
        if self.most is not None and len(value) > self.most:
            unit = "个字" if isinstance(value, str) else "个"
            return f"{self.label}太长：有 {len(value)} {unit}，最多 {self.most} {unit}，请改短一些。"
        if self.pattern and isinstance(value, str) and not re.fullmatch(self.pattern, value):
            return f"{self.label}写法不对：{value[:20]}。{self.hint}"
        return ""


def said(label: str, ways: Way, default: Any = None, **more: Any) -> Any:
    """A field of `Notice`: what it is called, by which ways it is set, and the rest of its `Spec`."""
    return field(default=default, metadata={"spec": Spec(label, ways, **more)})


def new_id() -> str:
    """A short random name for a notice or an airing."""
    return os.urandom(6).hex()


@dataclass(frozen=True)
class Notice:
    """A notice that somebody wants to have said.

    `voice` is `engine:name`, `pace` multiplies the speed of speech (1.0 as trained). None stands for the
    station's default, by severity where it has one; "" as opening or closing means none.
    `beats_per_minute` is the tempo of 快板. `zones` are names of loudspeakers, none means all; `volume`
    is per cent of the usual one. A drill (演练) never passes quiet hours, however severe, and delays no
    real notice. `recording` is the key of a person's own voice, which sounds in place of the text. One
    with `pieces` is a column (栏目): they sound in their order after its text, once. A `talk` is a
    person at a microphone; nothing stores it, so it can be neither rendered nor repeated.
    """

    text: str = said("要说的话", PEOPLE | Way.COUNTY, "", most=50_000, in_sound=True)
    id: str = field(default_factory=new_id, metadata={"spec": Spec("编号", NOBODY)})
    title: str = said("标题", Way.API | Way.COUNTY, "", most=100)
    severity: Severity = said(
        "级别", PEOPLE | Way.COUNTY, Severity.DAILY, hint="0 日常 1 红 2 橙 3 黄 4 蓝"
    )
    issuer: str = said("发布单位", Way.API, "", most=100)
    office: OfficeLevel = said("哪一级", NOBODY, OfficeLevel.VILLAGE)
    opening: str | None = said("开场白", PEOPLE, most=500, in_sound=True)
    closing: str | None = said("结束语", PEOPLE, most=500, in_sound=True)
    repeats: int | None = said(
        "遍数", PEOPLE | Way.COUNTY, least=1, most=MOST_REPEATS, unit="遍", in_sound=True
    )
    pace: float | None = said(
        "语速", PEOPLE, hint="1.0 是原速", least=SLOWEST, most=FASTEST, in_sound=True
    )
    chime: Signal | None = said("信号", PEOPLE, hint="开头响什么", in_sound=True)
    voice: str | None = said(
        "声音", PEOPLE | Way.COUNTY, hint="例如 baker:female", most=100, in_sound=True
    )
    recording: str = said("录音", Way.FORM | Way.API, "", pattern=f"({RECORDING_KEY})?", in_sound=True)
    style: Style = said(
        "念法",
        PEOPLE | Way.COUNTY,
        Style.PLAIN,
        hint="verse 顺口溜一句一句念；kuaiban 打竹板念",
        in_sound=True,
    )
    beats_per_minute: int | None = said(
        "拍数",
        PEOPLE,
        hint="快板每分钟几拍",
        least=SLOWEST_TEMPO,
        most=FASTEST_TEMPO,
        unit="拍",
        in_sound=True,
    )
    contact: str = said(
        "联系人电话",
        PEOPLE | Way.COUNTY,
        "",
        hint="写在明白纸和记录里",
        most=40,
        pattern=r"[^\x00-\x1f\x7f]*",
        in_sound=True,
    )
    say_contact: bool = said("念出联系人电话", PEOPLE | Way.COUNTY, False, in_sound=True)
    zones: tuple[str, ...] = said("分区", Way.API | Way.SLOT, (), hint="不写就是全部", most=20)
    volume: int = said("音量", Way.API | Way.SLOT, 100, hint="平时的百分之几", least=0, most=100)
    drill: bool = said("演练", Way.API | Way.SLOT, False, hint="静音时段从来不播")
    when_quiet: WhenQuiet = said(
        "碰上静音时段", Way.API | Way.SLOT, WhenQuiet.SKIP, hint="skip 不播，wait 过了再播"
    )
    talk: bool = said("现场讲话", NOBODY, False)
    pieces: tuple[Piece, ...] = said(
        "栏目",
        Way.API | Way.SLOT | Way.COUNTY,
        (),
        hint="一段一段的话和声音",
        most=50,
        in_sound=True,
        critical=True,
    )

    @property
    def meant(self) -> Severity:
        """The severity that counts on the air and for the colours of a page: a drill counts as daily."""
        return Severity.DAILY if self.drill else self.severity

    @property
    def comes_in(self) -> bool:
        """True of a column of which a piece is made elsewhere while it is heard."""
        return any(piece.incoming for piece in self.pieces)

    @property
    def rank(self) -> int:
        """Order on the air, 1 first."""
        return self.meant.rank


SPECS: dict[str, Spec] = {one.name: one.metadata["spec"] for one in fields(Notice)}
NUMBERS = tuple(name for name, spec in SPECS.items() if spec.range)
DEFAULTS: dict[str, Any] = {one.name: one.default for one in fields(Notice)}


@cache
def kinds() -> dict[str, Any]:
    """The type of each field."""
    return get_type_hints(Notice)


def settable(way: Way) -> dict[str, tuple[Spec, Any, Any]]:
    """The fields that are set by this way: what is known of each, its type and its default."""
    return {
        name: (spec, kinds()[name], DEFAULTS[name]) for name, spec in SPECS.items() if way & spec.ways
    }


def kind_of(shape: Any) -> Any:
    """The type of a field that may be None without that."""
    return (
        next(one for one in get_args(shape) if one is not type(None)) if _may_be_none(shape) else shape
    )


def _may_be_none(shape: Any) -> bool:
    return isinstance(shape, UnionType)


def plain(notice: Notice, way: Way | None = None) -> dict[str, Any]:
    """Its fields as JSON values, by one way or all of them; those with their default are left out."""
    names = SPECS if way is None else settable(way)
    values = {name: getattr(notice, name) for name in names}
    return {name: plain_value(value) for name, value in values.items() if value != DEFAULTS[name]}


def plain_value(value: Any) -> Any:
    """A value of a field as its JSON value."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Piece):
        values = {one.name: getattr(value, one.name) for one in fields(Piece)}
        usual = {one.name: one.default for one in fields(Piece)}
        return {name: plain_value(given) for name, given in values.items() if given != usual[name]}
    return [plain_value(one) for one in value] if isinstance(value, tuple) else value


def read(values: Mapping[str, object], way: Way | None = None) -> Notice:
    """A notice of JSON values; what somebody sets by a `way` is held against the bounds too.

    Raises `NoticeRefused` with all that is wrong.
    """
    known = SPECS if way is None else settable(way)
    problems = [(name, f"没有这一项：{name}") for name in values if name not in known]
    given: dict[str, Any] = {}
    for name in values.keys() & known.keys():
        try:
            given[name] = value_of(kinds()[name], values[name])
        except ValueError:
            problems.append((name, f"{SPECS[name].label}写法不对：{values[name]!r:.60}"))
    notice = Notice(**given)
    problems += [] if way is None else wrong(notice)
    if problems:
        raise NoticeRefused(problems)
    return notice


def wrong(notice: Notice, names: Iterable[str] = tuple(SPECS)) -> Iterator[tuple[str, str]]:
    """The fields that are out of their bounds, each with a sentence."""
    for name in names:
        if problem := SPECS[name].problem(getattr(notice, name)):
            yield name, problem


def value_of(shape: Any, value: Any) -> Any:
    """One JSON value as a value of a field. Strict: raises `ValueError` for any other type."""
    kind = kind_of(shape)
    if value is None and _may_be_none(shape):
        return None
    if get_origin(kind) is tuple and isinstance(value, list | tuple):
        return tuple(value_of(get_args(kind)[0], one) for one in value)
    if kind is Piece and isinstance(value, dict):
        return _piece_of(value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not written_as(kind):
        raise ValueError(f"no {kind}: {value!r:.60}")
    return kind(value)


def _piece_of(values: Mapping[str, object]) -> Piece:
    try:
        given: dict[str, Any] = {
            name: value_of(piece_fields()[name], value) for name, value in values.items()
        }
        return Piece(**given)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no piece: {values!r:.60}") from error


@cache
def piece_fields() -> dict[str, Any]:
    """The type of each field of a piece."""
    return get_type_hints(Piece)


def written_as(shape: Any) -> Any:
    """The type of a field's JSON values."""
    kind = kind_of(shape)
    closed = isinstance(kind, type) and issubclass(kind, Enum)
    return (int if issubclass(kind, int) else str) if closed else kind


def typed(texts: Mapping[str, str], names: Iterable[str]) -> dict[str, object]:
    """The fields that a form has written, as JSON values; one that is empty is none. What cannot be one
    stays as it is written, to be refused.
    """
    return {name: _typed(name, text) for name in names if (text := texts.get(name))}


def _typed(name: str, text: str) -> object:
    with suppress(ValueError):
        return written_as(kinds()[name])(text.replace("\r\n", "\n").strip())
    return text


def as_texts(notice: Notice, names: Iterable[str]) -> dict[str, str]:
    """The same the other way: what a form carries."""
    return {name: _as_text(getattr(notice, name)) for name in names}


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    return "" if value is None else str(plain_value(value))
