"""Earlier versions of library texts and recurring notices, with author and time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from broadcaster.core.clock import Clock
from broadcaster.county.notices.draft import DraftRefused
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import revision

LIBRARY, STANDING = "library", "standing"
# Who looks back wants the last ones.
SHOWN = 20


@dataclass(frozen=True)
class Revision:
    """One change; `content` is what it said from then on."""

    number: int
    at: datetime
    who: str
    what: str
    content: str


class Revisions:
    """Any thread; only ever added to."""

    def __init__(self, database: OfficeDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def note(
        self, connection: Connection, kind: str, name: str, who: str, what: str, content: str = ""
    ) -> None:
        """In the transaction of the change itself."""
        values = {"kind": kind, "name": name, "at": self._clock.now(), "who": who}
        connection.execute(insert(revision).values(values | {"what": what, "content": content}))

    def of(self, kind: str, name: str) -> list[Revision]:
        """The newest first."""
        query = select(revision).where(revision.c.kind == kind, revision.c.name == name)
        rows = self._database.read(query.order_by(revision.c.number.desc()).limit(SHOWN))
        return [Revision(row.number, row.at, row.who, row.what, row.content) for row in rows]

    def check_last(self, connection: Connection, kind: str, name: str, seen: int | None) -> None:
        """Raise `DraftRefused` where somebody has changed it since that number was seen."""
        ours = select(func.max(revision.c.number))
        last = connection.execute(ours.where(revision.c.kind == kind, revision.c.name == name)).scalar()
        if seen is not None and (last or 0) != seen:
            raise DraftRefused(f"“{name}”刚才有人改过，请重新打开，看过再改。")
