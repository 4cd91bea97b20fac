"""The library of the office: texts that it needs again and again."""

from dataclasses import dataclass

from sqlalchemy import delete, select

from broadcaster.bulletin.bulletin import LONGEST_TEXT
from broadcaster.core.clock import Clock
from broadcaster.core.notice import Notice, wrong
from broadcaster.county.notices.draft import DraftRefused
from broadcaster.county.notices.notice_columns import MORE, columns, notice_of
from broadcaster.county.notices.revisions import LIBRARY, Revisions
from broadcaster.county.store.office_database import OfficeDatabase, put
from broadcaster.county.store.tables import library


@dataclass(frozen=True)
class LibraryText:
    """One of them, by its name."""

    name: str
    notice: Notice
    changed_by: str


class Library:
    """Any thread."""

    def __init__(self, database: OfficeDatabase, clock: Clock) -> None:
        self._database = database
        self._revisions = Revisions(database, clock)

    def all(self) -> list[LibraryText]:
        rows = self._database.read(select(library).order_by(library.c.name))
        return [LibraryText(row.name, notice_of(row), row.changed_by) for row in rows]

    def find(self, name: str) -> LibraryText | None:
        return next((one for one in self.all() if one.name == name), None)

    def keep(self, text: LibraryText, seen: int | None = None) -> None:
        """New, or in the place of one of that name, of which the revision `seen` is the last.

        Raises `DraftRefused`.
        """
        name, content = " ".join(text.name.split()), text.notice.text.strip()
        if not 1 <= len(name) <= 60 or not 1 <= len(content) <= LONGEST_TEXT:
            raise DraftRefused(f"名字和内容都要写；名字不超过 60 个字，内容不超过 {LONGEST_TEXT} 个字。")
        for _, problem in wrong(text.notice, MORE):
            raise DraftRefused(problem)
        values = {name: value for name, value in columns(text.notice).items() if name in library.c}
        values |= {"name": name, "text": content, "changed_by": text.changed_by}
        what = "改" if self.find(name) else "新写"
        with self._database.transaction() as connection:
            self._revisions.check_last(connection, LIBRARY, name, seen)
            put(connection, library, values, over=tuple(values.keys() - {"name"}))
            self._revisions.note(connection, LIBRARY, name, text.changed_by, what, content)

    def remove(self, name: str, who: str = "") -> None:
        with self._database.transaction() as connection:
            gone = connection.execute(delete(library).where(library.c.name == name)).rowcount
            if gone:
                self._revisions.note(connection, LIBRARY, name, who, "删")
