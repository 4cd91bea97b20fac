"""Database changes on which the air depends, described as values, so that they can be applied
later too.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, String, bindparam, delete, exists, select
from sqlalchemy.dialects.sqlite import insert

from broadcaster.store.database import tables

logger = logging.getLogger(__name__)

queue, journal = tables.queue, tables.journal

# Written out once: SQLAlchemy takes longer to put a statement together than SQLite to run it.
ID, TEXT = bindparam("of_airing", type_=String), bindparam("text", type_=String)
ACCEPT = (
    insert(queue)
    .from_select(
        ("airing_id", "airing"),
        select(ID, TEXT).where(~exists().where(journal.c.airing_id == ID)),
    )
    .on_conflict_do_nothing()
)
APPEND = insert(journal).on_conflict_do_nothing()
REMOVE = delete(queue).where(queue.c.airing_id == ID)


@dataclass(frozen=True)
class DeferredChange:
    """One change; done twice it comes to the same. `rows` are plain values."""

    what: str
    rows: Sequence[dict[str, Any]]

    def __call__(self, connection: Connection) -> object:
        return DONE_BY[self.what](connection, self.rows)

    def record(self) -> dict[str, Any]:
        return asdict(self)


def accept(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    connection.execute(ACCEPT, list(rows))


def end(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if connection.execute(APPEND, list(rows)).rowcount < len(rows):
        ids = "、".join(row["airing_id"] for row in rows)
        logger.error("这几条里有一条以前记过结果，不记第二次：%s", ids)
    connection.execute(REMOVE, [{"of_airing": row["airing_id"]} for row in rows])


DONE_BY: dict[str, Callable[[Connection, Sequence[dict[str, Any]]], object]] = {
    "accept": accept,
    "end": end,
}
