"""Reads the filter of a record's page from its address."""

from __future__ import annotations

from datetime import date

from flask import request

from broadcaster.core.people import AuditFilter


def read_day(text: str) -> date | None:
    """None for what is no day that a record can hold."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 < day.year < 2100 else None


def chosen() -> dict[str, str]:
    """All of it, to be said again in the address of another page."""
    given = {name: request.args.get(name, "").strip() for name in ("what", "who", "words", "day")}
    return {name: value for name, value in given.items() if value}


def wanted_entries() -> AuditFilter | None:
    """None where all are wanted."""
    given = chosen()
    day = read_day(given.pop("day", ""))
    return AuditFilter(**given, day=day) if given or day else None
