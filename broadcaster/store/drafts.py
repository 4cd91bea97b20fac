"""Unsent forms of the page: each form that was looked at, by its id."""

import json
import logging
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select

from broadcaster.core.clock import Clock
from broadcaster.core.errors import StoreUnusable
from broadcaster.store.database.sqlite_connection import readable
from broadcaster.store.database.station_database import Database
from broadcaster.store.database.tables import draft

logger = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=7)
# No airing and no slot has two lines for a name.
DROPPED = "dropped\n"
MOST_OF_ONE = 20
# Above what any form has, and below what would fill a card.
MOST_FIELDS, LONGEST_VALUE = 300, 100_000

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FormDraft:
    """One form as it was filled in; `became` is what came of it, "" while nothing did.

    `revision` counts how often it was looked at.
    """

    id: str
    form: str
    fields: Fields
    revision: int
    kept_at: datetime
    became: str = ""

    def get(self, name: str) -> str:
        return next((value for key, value in self.fields if key == name), "")


class Drafts:
    """Each person's own, by his number; any thread. Nothing here fails: what the disk does not take is
    known from memory, for an urgent notice waits for no disk."""

    def __init__(self, database: Database, clock: Clock, remembered: int = 50) -> None:
        self._database = database
        self._clock = clock
        self._remembered = remembered
        self._unwritten: OrderedDict[tuple[int, str], FormDraft] = OrderedDict()

    def find(self, owner: int, draft_id: str) -> FormDraft | None:
        """None too for one that he dropped."""
        found = self._find(owner, draft_id)
        return None if found and found.became == DROPPED else found

    def _find(self, owner: int, draft_id: str) -> FormDraft | None:
        if unwritten := self._unwritten.get((owner, draft_id)):
            return unwritten
        return next((one for one in self._read(owner) if one.id == draft_id), None)

    def of(self, owner: int) -> list[FormDraft]:
        """Those of which nothing has come yet, the last first."""
        left = (one for one in self._all(owner) if not one.became)
        return sorted(left, key=lambda one: one.kept_at.timestamp(), reverse=True)

    def sent(self, owner: int) -> dict[str, int]:
        """The revisions of those that were sent, by their ids; below 0 of those that he dropped."""
        ended = (one for one in self._all(owner) if one.became)
        return {one.id: one.revision * (-1 if one.became == DROPPED else 1) for one in ended}

    def _all(self, owner: int) -> Iterable[FormDraft]:
        # A copy: another thread may add to it meanwhile.
        unwritten = {key[1]: one for key, one in tuple(self._unwritten.items()) if key[0] == owner}
        return ({one.id: one for one in self._read(owner)} | unwritten).values()

    def keep(self, owner: int, draft_id: str, form: str, fields: Fields) -> FormDraft:
        """In the place of what it was before."""
        before = self.find(owner, draft_id)
        revision = before.revision + 1 if before else 1
        bounded = tuple((name[:100], value[:LONGEST_VALUE]) for name, value in fields[:MOST_FIELDS])
        kept = FormDraft(draft_id, form, bounded, revision, self._clock.now())
        self._write(owner, kept)
        return kept

    def finish(self, owner: int, draft_id: str, became: str) -> None:
        """It was sent; until it goes it says what it became."""
        if found := self.find(owner, draft_id):
            self._write(owner, replace(found, became=became))

    def drop(self, owner: int, draft_id: str) -> None:
        """He does not want it any more; until it goes he can have it back."""
        self.finish(owner, draft_id, DROPPED)

    def take_back(self, owner: int, draft_id: str) -> None:
        """He wants it after all."""
        found = self._find(owner, draft_id)
        if found and found.became == DROPPED:
            self._write(owner, replace(found, became=""))

    def _read(self, owner: int) -> list[FormDraft]:
        try:
            of_owner = select(draft).where(draft.c.person == owner)
            rows = self._database.read(of_owner.order_by(draft.c.number.desc()))
            found = readable(self._database, rows, _draft, "没写完的")
        except StoreUnusable as error:
            logger.warning("没写完的读不出来：%s", error)
            return []
        forgotten = self._clock.now() - KEPT_FOR
        return [one for one in found if one.kept_at > forgotten]

    def _write(self, owner: int, kept: FormDraft) -> None:
        values = {
            "draft_id": kept.id,
            "person": owner,
            "form": kept.form,
            "fields": json.dumps(kept.fields),
            "revision": kept.revision,
            "kept_at": kept.kept_at.isoformat(),
            "kept_epoch": int(kept.kept_at.timestamp()),
            "became": kept.became,
        }
        forgotten = int((self._clock.now() - KEPT_FOR).timestamp())
        newest = select(draft.c.number).where(draft.c.person == owner)
        newest = newest.order_by(draft.c.number.desc()).limit(MOST_OF_ONE)
        of_owner = draft.c.person == owner
        try:
            with self._database.transaction() as connection:
                connection.execute(delete(draft).where(_is(owner, kept.id)))
                connection.execute(delete(draft).where(draft.c.kept_epoch < forgotten))
                connection.execute(insert(draft).values(values))
                connection.execute(delete(draft).where(of_owner, draft.c.number.not_in(newest)))
            self._unwritten.pop((owner, kept.id), None)
        except StoreUnusable as error:
            logger.warning("没写完的一条只在内存里，停电就没有了：%s", error)
            self._unwritten[owner, kept.id] = kept
            while len(self._unwritten) > self._remembered:
                self._unwritten.popitem(last=False)


def _is(owner: int, draft_id: str) -> Any:
    return (draft.c.person == owner) & (draft.c.draft_id == draft_id)


def _draft(row: Row[Any]) -> FormDraft:
    fields = tuple((str(key), str(value)) for key, value in json.loads(row.fields))
    kept_at = datetime.fromisoformat(row.kept_at)
    return FormDraft(row.draft_id, row.form, fields, row.revision, kept_at, row.became)
