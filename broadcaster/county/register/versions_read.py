"""The versions of a bulletin that boxes and counties say they read; no higher one is signed for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from broadcaster.bulletin.bulletin import VERSION
from broadcaster.county.register.counties import concerns
from broadcaster.county.register.register import BoxState
from broadcaster.county.store.office_database import OfficeDatabase
from broadcaster.county.store.tables import box, county


@dataclass(frozen=True)
class VersionsRead:
    """The version of each box in use, and of each county below that has a relay: the lowest there."""

    boxes: tuple[int, ...]
    counties: tuple[int, ...]

    @property
    def lowest(self) -> int:
        """The version that all of them read, and this program; where there is nobody, this program's."""
        return min((VERSION, *self.boxes, *self.counties))

    @property
    def behind(self) -> str:
        """In Chinese, how many do not read what this program signs; "" if all do."""
        older = ((self.boxes, "广播站"), (self.counties, "县"))
        counted = ((sum(one < VERSION for one in versions), name) for versions, name in older)
        return "、".join(f"{number} 个{name}" for number, name in counted if number)


def versions_read(database: OfficeDatabase, areas: Sequence[str]) -> VersionsRead:
    """Of those that a bulletin to these areas is for."""
    boxes = select(box.c.area.label("code"), box.c.reads).where(box.c.state == BoxState.ENROLLED)
    below = select(county.c.code, county.c.reads).where(county.c.state == BoxState.ENROLLED)

    def said(query: Any) -> tuple[int, ...]:
        return tuple(row.reads for row in database.read(query) if concerns(areas, row.code))

    return VersionsRead(said(boxes), said(below))


def note_versions(database: OfficeDatabase, read: Mapping[str, int]) -> None:
    """As boxes say with what they ask; written where it has changed."""
    for version in set(read.values()):
        boxes = [id for id, says in read.items() if says == version]
        its = box.c.id.in_(boxes) & (box.c.reads != version)
        if database.read(select(box.c.id).where(its)):
            with database.transaction() as connection:
                connection.execute(update(box).where(its).values(reads=version))
