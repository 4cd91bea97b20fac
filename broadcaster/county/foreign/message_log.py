"""Log of the messages of other systems, and the bulletins that were made of them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, select

from broadcaster.core.clock import Clock
from broadcaster.county.foreign.base.proposal import ForeignDraft
from broadcaster.county.foreign.base.safe_xml import UNSEEN
from broadcaster.county.foreign.message_reader import original, read_foreign
from broadcaster.county.notices.draft import DraftRefused
from broadcaster.county.store.office_database import OfficeDatabase, put
from broadcaster.county.store.tables import bulletin, foreign_bulletin, foreign_message

Drafts = tuple[ForeignDraft, ...]
# The newest: a platform that sends the same again and again makes no page of thousands.
MOST_RELATED = 20


@dataclass(frozen=True)
class MessageEntry:
    """That a message came, for a list."""

    id: str
    at: datetime
    taken_by: str
    title: str
    sender: str


@dataclass(frozen=True)
class ForeignMessage:
    """One of them: what was read of it, never authority, and its own words beside."""

    id: str
    taken_by: str
    drafts: Drafts
    original: str


class MessageLog:
    """Any thread."""

    def __init__(self, database: OfficeDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def take(self, who: str, data: bytes, name: str = "") -> str:
        """Keep what a file called `name` says; its id. Raises `NotImported`; then nothing is kept."""
        now = self._clock.now()
        drafts = read_foreign(data, now, name)
        first, id = drafts[0], hashlib.sha256(data).hexdigest()
        values = {"id": id, "came_at": now, "taken_by": who, "title": first.title}
        values |= {"standard": first.standard, "sender": first.sender, "source_id": first.source_id}
        values |= {"drafts": _written(drafts), "original": UNSEEN.sub("", original(data))}
        with self._database.transaction() as connection:
            put(connection, foreign_message, values, over=("came_at", "taken_by", "drafts"))
        return id

    def find(self, id: str) -> ForeignMessage:
        """Raises `DraftRefused` where there is none."""
        row = self._database.first(select(foreign_message).where(foreign_message.c.id == id))
        if row is None:
            raise DraftRefused("没有这一条外来消息。")
        return _message(row)

    def recent(self, count: int) -> list[MessageEntry]:
        table = foreign_message.c
        columns = table.id, table.came_at, table.taken_by, table.title, table.sender
        query = select(*columns).order_by(table.came_at.desc()).limit(count)
        rows = self._database.read(query)
        return [MessageEntry(row.id, row.came_at, row.taken_by, row.title, row.sender) for row in rows]

    def note(self, bulletin_id: str, message: str) -> None:
        """That this bulletin was made of that message."""
        with self._database.transaction() as connection:
            put(connection, foreign_bulletin, {"bulletin": bulletin_id, "message": message})

    def origin(self, bulletin_id: str) -> ForeignMessage | None:
        """The message that a bulletin was made of."""
        made = foreign_bulletin.c
        query = select(foreign_message).join(foreign_bulletin, made.message == foreign_message.c.id)
        row = self._database.first(query.where(made.bulletin == bulletin_id))
        return row and _message(row)

    def made_of(self, message: str) -> list[str]:
        """Ids of the bulletins that were made of it, drafts too; the newest first."""
        return self._bulletins(foreign_bulletin.c.message == message)

    def referred(self, draft: ForeignDraft) -> list[str]:
        """Ids of the bulletins that were made of what a draft cancels or stands in for."""
        found: dict[str, None] = {}
        for one in (*draft.cancels, *draft.replaces)[:MOST_RELATED]:
            named = foreign_message.c.standard == draft.standard
            named &= (foreign_message.c.sender == one.sender) & (foreign_message.c.source_id == one.id)
            messages = select(foreign_message.c.id).where(named)
            found |= dict.fromkeys(self._bulletins(foreign_bulletin.c.message.in_(messages)))
        return list(found)

    def _bulletins(self, where: Any) -> list[str]:
        made = foreign_bulletin.c.bulletin == bulletin.c.id
        query = select(bulletin.c.id).join(foreign_bulletin, made).where(where)
        query = query.order_by(bulletin.c.written_at.desc()).limit(MOST_RELATED)
        return [row.id for row in self._database.read(query)]


def _message(row: Row[Any]) -> ForeignMessage:
    return ForeignMessage(row.id, row.taken_by, _read(row.drafts), row.original)


def _written(drafts: Sequence[ForeignDraft]) -> str:
    return TypeAdapter(Drafts).dump_json(tuple(drafts)).decode("utf-8")


def _read(text: str) -> Drafts:
    return TypeAdapter(Drafts).validate_json(text)
