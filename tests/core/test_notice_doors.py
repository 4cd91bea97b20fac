"""Each field of a notice goes through every door that it has, and comes back as it went in."""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, insert, select
from sqlalchemy.pool import StaticPool

from broadcaster.bulletin.bulletin import (
    VERSION,
    Bulletin,
    BulletinKind,
    new_bulletin_id,
    read_bulletin,
    wire_of,
)
from broadcaster.commands.notice_options import NAMES, add_notice, notice_of
from broadcaster.core.labels import SIGNALS
from broadcaster.core.model import Airing
from broadcaster.core.notice import (
    NOBODY,
    SPECS,
    Notice,
    OfficeLevel,
    Severity,
    Signal,
    Style,
    Way,
    as_texts,
    kind_of,
    kinds,
    plain,
    read,
    settable,
    typed,
)
from broadcaster.core.piece import ENDLESS, Order, Piece, PieceKind
from broadcaster.county.notices import notice_columns
from broadcaster.county.notices.draft import Draft, title_from_text
from broadcaster.county.pages.compose_form import fields_of, form_of, read_draft
from broadcaster.county.store.tables import standing
from broadcaster.schedule.slot_settings import SlotSettings
from broadcaster.station import remote_values
from broadcaster.store.database.airing_json import (
    read_airing,
    read_overrides,
    write_airing,
    write_overrides,
)
from broadcaster.web.api.schemas import NoticeIn

NOW = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)
WORDS = st.text("停水通知，请互相转告138 .-", min_size=1, max_size=12).map(lambda text: f"水{text}。")
# What has a form of its own.
SHAPED = {"recording": st.sampled_from(["", "0123456789abcdef" * 2]), "voice": st.just("baker:female")}


@st.composite
def some_pieces(draw: st.DrawFn) -> Piece:
    """One of all that a piece may be."""
    kind, words = draw(st.sampled_from(PieceKind)), draw(WORDS)
    if kind is PieceKind.TEXT:
        return Piece(kind, words)
    limits = st.floats(0.5, 720)
    return Piece(
        kind,
        f"https://{words}" if kind is PieceKind.RELAY else words,
        draw(limits if kind in ENDLESS else st.none() | limits),
        draw(st.sampled_from(Order)) if kind is PieceKind.FOLDER else Order.IN_ORDER,
        draw(st.just("") | WORDS),
    )


def values(name: str) -> st.SearchStrategy[Any]:
    """All that a field may be."""
    spec, shape = SPECS[name], kinds()[name]
    kind = kind_of(shape)
    found: st.SearchStrategy[Any] = SHAPED.get(name, WORDS)
    if issubclass(kind, Enum) if isinstance(kind, type) else False:
        found = st.sampled_from(kind)
    elif kind is bool:
        found = st.booleans()
    elif kind in (int, float):
        bounds = {"min_value": spec.least, "max_value": spec.most}
        found = st.integers(**bounds) if kind is int else st.floats(**bounds)  # type: ignore[arg-type]
    elif kind == tuple[str, ...]:
        found = st.lists(WORDS, max_size=3).map(tuple)
    elif kind == tuple[Piece, ...]:
        found = st.lists(some_pieces(), max_size=3).map(tuple)
    return found if kind is shape else st.none() | found


@st.composite
def notices(draw: st.DrawFn, names: frozenset[str]) -> Notice:
    return Notice(**{name: draw(values(name)) for name in SPECS if name in names | {"text"}})


def by_command(notice: Notice) -> Notice:
    parser = argparse.ArgumentParser()
    add_notice(parser)
    given_ = plain(notice, Way.CLI)
    given_.pop("text")
    if notice.chime:
        given_["chime"] = next(name for name, one in SIGNALS.items() if one is notice.chime)
    arguments = []
    for name, value in given_.items():
        option = f"--{NAMES.get(name, name).replace('_', '-')}"
        arguments.append(option if value is True else f"{option}={value}")
    return notice_of(parser.parse_args([*arguments, "--", notice.text]))


def by_form(notice: Notice) -> Notice:
    fields = settable(Way.FORM)
    return read(typed(as_texts(notice, fields), fields), Way.FORM)


def by_api(notice: Notice) -> Notice:
    return NoticeIn.model_validate(json.loads(json.dumps(plain(notice, Way.API)))).notice(notice.office)


def by_slot(notice: Notice) -> Notice:
    written = plain(notice, Way.SLOT)
    if notice.chime:
        written["chime"] = next(name for name, one in SIGNALS.items() if one is notice.chime)
    written["column"] = [as_in_the_file(piece) for piece in written.pop("pieces", ())]
    slot = SlotSettings.model_validate({"name": "通知", "at": "07:30", **written})
    return replace(slot.notice, text=slot.text or "")


def as_in_the_file(piece: dict[str, Any]) -> dict[str, Any]:
    """The source of a piece stands under the name of its kind."""
    return {piece["kind"]: piece["source"]} | {
        name: value for name, value in piece.items() if name not in ("kind", "source")
    }


def by_socket(notice: Notice) -> Notice:
    return read(json.loads(json.dumps(plain(notice))))


def by_queue(notice: Notice) -> Notice:
    return read_airing(write_airing(Airing(notice, NOW, NOW))).notice


def by_journal(notice: Notice) -> Notice:
    known = Notice(notice.text, title=notice.title, severity=notice.severity)
    return read_overrides(known, write_overrides(notice))


def by_far_page(notice: Notice) -> Notice:
    written = json.loads(json.dumps(remote_values.write(notice, lambda pieces: "")))
    got: Notice = remote_values.read(Notice, written, lambda shape, key: iter(()))
    return got


def office_tables() -> Engine:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    standing.create(engine)
    return engine


ENGINE = office_tables()


def by_office_table(notice: Notice) -> Notice:
    row = {"name": notice.id, "areas": "", "schedule": "", "made_by": "", "next_due": NOW}
    with ENGINE.begin() as connection:
        connection.execute(insert(standing).values(row | notice_columns.columns(notice)))
        return notice_columns.notice_of(
            connection.execute(select(standing).where(standing.c.name == notice.id)).one()
        )


def by_office_form(notice: Notice) -> Notice:
    """A title that is made of the words is made again."""
    back = read_draft(form_of(fields_of(Draft(notice)))).notice
    return replace(back, title=back.title or title_from_text(back.text))


def by_bulletin(notice: Notice) -> Notice:
    bulletin = Bulletin(
        id=new_bulletin_id(),
        seq=1,
        issued=NOW,
        not_before=NOW,
        expires=NOW + timedelta(hours=1),
        kind=BulletinKind.NOTICE,
        areas=("331121",),
        **wire_of(notice, VERSION),
    )
    return read_bulletin(bulletin.to_bytes()).to_notice("", OfficeLevel.VILLAGE)


@dataclass(frozen=True)
class Door:
    """A way in and back, and the fields that go by it."""

    through: Callable[[Notice], Notice]
    fields: frozenset[str]


EVERY = frozenset(SPECS) - {"id"}
OFFICE = frozenset(settable(Way.COUNTY))
# A column of an office is its one sound: `county/test_programmes` has it.
WRITTEN = OFFICE - {"pieces"}
DOORS = {
    "command": Door(by_command, frozenset(settable(Way.CLI))),
    "form": Door(by_form, frozenset(settable(Way.FORM))),
    "api": Door(by_api, frozenset(settable(Way.API))),
    "slot": Door(by_slot, frozenset(settable(Way.SLOT))),
    "socket": Door(by_socket, EVERY),
    "queue": Door(by_queue, EVERY),
    "journal": Door(by_journal, EVERY),
    "far page": Door(by_far_page, EVERY),
    "office table": Door(by_office_table, OFFICE),
    "office form": Door(by_office_form, WRITTEN),
    "bulletin": Door(by_bulletin, WRITTEN),
}
# An office says prose or verse, at most ten times, and every notice of it has a title.
OF_OFFICE = {"office table", "office form", "bulletin"}


@pytest.mark.parametrize("name", DOORS)
@settings(max_examples=30, deadline=None, database=None)
@given(data=st.data())
def test_every_field_comes_back_as_it_went_in(name: str, data: st.DataObject) -> None:
    door = DOORS[name]
    notice = data.draw(notices(door.fields))
    if name in OF_OFFICE:
        style = Style.PLAIN if notice.style is Style.KUAIBAN else notice.style
        repeats = notice.repeats and min(notice.repeats, 10)
        notice = replace(notice, title=notice.title or "停水", style=style, repeats=repeats)
    back = door.through(notice)
    for field in door.fields:
        assert getattr(back, field) == getattr(notice, field), field


def test_no_field_is_without_a_door() -> None:
    doors = frozenset().union(*(DOORS[name].fields for name in ("command", "form", "api", "slot")))
    assert doors | OFFICE == {name for name, spec in SPECS.items() if spec.ways != NOBODY}
    assert {Severity, Signal, Style} <= {kind_of(kind) for kind in kinds().values()}
