"""Unsent forms of officers, stored as they were filled in, so no reload, restart or logout loses one."""

import json
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select

from broadcaster.core.clock import Clock
from broadcaster.county.store.office_database import OfficeDatabase, put
from broadcaster.county.store.tables import writing

KEPT = timedelta(days=7)
MOST = 50
Fields = Sequence[tuple[str, str]]


class UnsentForms:
    """Any thread. Each is one person's own, of one bulletin; nothing here is sent by itself."""

    def __init__(self, database: OfficeDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def keep(self, officer: int, bulletin: str, fields: Fields) -> None:
        """In the place of what he had there; his oldest go beyond `MOST`, anybody's after `KEPT`."""
        values = {"officer": officer, "bulletin": bulletin, "at": self._clock.now()}
        values["fields"] = json.dumps([list(field) for field in fields], ensure_ascii=False)
        ours = select(writing.c.bulletin).where(writing.c.officer == officer)
        last = ours.order_by(writing.c.at.desc()).limit(MOST)
        with self._database.transaction() as connection:
            put(connection, writing, values, over=("fields", "at"))
            connection.execute(delete(writing).where(writing.c.at <= self._clock.now() - KEPT))
            older = writing.c.bulletin.not_in([row.bulletin for row in connection.execute(last)])
            connection.execute(delete(writing).where(writing.c.officer == officer, older))

    def find(self, officer: int, bulletin: str) -> list[tuple[str, str]] | None:
        this = (writing.c.officer == officer) & (writing.c.bulletin == bulletin[:36])
        row = self._database.first(select(writing.c.fields).where(this))
        return [(str(name), str(value)) for name, value in json.loads(row.fields)] if row else None

    def drop(self, officer: int, bulletin: str) -> None:
        """It has become a draft, or was sent."""
        this = (writing.c.officer == officer) & (writing.c.bulletin == bulletin[:36])
        self._database.write(delete(writing).where(this))
