"""Searches the audit log, and finds wrong logins in it; over the tables of box and office."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, func, or_, select

from broadcaster.core.people import AuditEntry, AuditFilter, WrongLogins

FAILED = ("登录失败", "PIN 登录失败")
# A person who has forgotten his own does not come so far in a day.
WORRYING = 10
LATELY = timedelta(days=1)
# As many as are looked through: they cost a start page half a millisecond.
NEWEST = 2_000


def matching(
    table: Table, wanted: AuditFilter, zone: tzinfo, written: Callable[[datetime], object]
) -> list[ColumnElement[bool]]:
    """`written` is how the table has a moment."""
    columns = table.c
    found = [columns.what == wanted.what] if wanted.what else []
    if wanted.who:
        found.append(columns.who.contains(wanted.who, autoescape=True))
    if wanted.words:
        inside = (columns.about, columns.address, columns.who, columns.what)
        found.append(or_(*(column.contains(wanted.words, autoescape=True) for column in inside)))
    if wanted.day:
        begins = datetime.combine(wanted.day, time(), zone)
        ends = datetime.combine(wanted.day + timedelta(days=1), time(), zone)
        found += [columns.at >= written(begins), columns.at < written(ends)]
    return found


def failed_since(table: Table, moment: object) -> Select[Any]:
    """The wrong logins since then among the newest deeds."""
    newest = select(func.max(table.c.number) - NEWEST).scalar_subquery()
    query = select(table).where(table.c.number > newest, table.c.what.in_(FAILED))
    return query.where(table.c.at >= moment)


def worrying(deeds: Iterable[AuditEntry], names: Collection[str]) -> list[WrongLogins]:
    """Of wrong logins, the newest first: whose there were too many."""
    of: dict[str, list[AuditEntry]] = {}
    for deed in deeds:
        of.setdefault(deed.who if deed.who in names else "", []).append(deed)
    return [_summed(name, those) for name, those in of.items() if len(those) >= WORRYING]


def _summed(name: str, those: list[AuditEntry]) -> WrongLogins:
    addresses = len({deed.address for deed in those})
    return WrongLogins(name, len(those), addresses, those[0].address, those[-1].at)
