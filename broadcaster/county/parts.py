"""The office built, in data order: what pages, commands and the office's own thread work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from broadcaster.clock import Clock
from broadcaster.county.audit import Audit
from broadcaster.county.board import Board
from broadcaster.county.counties import Counties, CountyDoor
from broadcaster.county.county_board import CountyBoard
from broadcaster.county.database import OfficeDatabase
from broadcaster.county.desk import Desk
from broadcaster.county.foreign_book import ForeignBook
from broadcaster.county.library import Library
from broadcaster.county.officers import Officers
from broadcaster.county.register import Door, Register
from broadcaster.county.standing import StandingNotices
from broadcaster.store.passwords import Passwords


@dataclass(frozen=True)
class Parts:
    """One of each, over one database."""

    database: OfficeDatabase
    clock: Clock
    county: str
    officers: Officers
    register: Register
    desk: Desk
    board: Board
    counties: Counties
    county_board: CountyBoard
    standing: StandingNotices
    library: Library
    foreign: ForeignBook
    audit: Audit


class BoxAndCountyDoor(Door, CountyDoor, Protocol):
    """Who may connect to the office's broker."""


def make_parts(
    database: OfficeDatabase,
    clock: Clock,
    county: str,
    door: BoxAndCountyDoor | None = None,
    wake: Callable[[], None] = lambda: None,
    passwords: Passwords | None = None,
) -> Parts:
    """`county` is the trimmed code of the office's area."""
    officers = Officers(database, clock, passwords)
    counties = Counties(database, clock, county, door)
    desk = Desk(database, clock, county, wake)
    return Parts(
        database=database,
        clock=clock,
        county=county,
        officers=officers,
        register=Register(database, clock, county, door),
        desk=desk,
        board=Board(database),
        counties=counties,
        county_board=CountyBoard(database, clock, counties),
        standing=StandingNotices(database, clock, desk, officers),
        library=Library(database),
        foreign=ForeignBook(database, clock),
        audit=Audit(database, clock),
    )
