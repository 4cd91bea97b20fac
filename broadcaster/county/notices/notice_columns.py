"""A notice in the office's tables: some fields have columns of their own, the others go as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from broadcaster.core.notice import SPECS, Notice, Severity, Style, Way, plain, read, settable

if TYPE_CHECKING:
    from sqlalchemy import Row

OF_OWN = {"title", "text", "severity", "repeats", "style", "voice"}
MORE = tuple(name for name in settable(Way.COUNTY) if name not in OF_OWN)
# Those that a person writes; a column is made of the sound that is sent along.
WRITTEN = tuple(name for name in MORE if name != "pieces")


def columns(notice: Notice) -> dict[str, Any]:
    return {
        "title": notice.title,
        "text": notice.text,
        "severity": int(notice.severity),
        "repeat": notice.repeats,
        "verse": int(notice.style is Style.VERSE),
        "voice": notice.voice or "",
        "more": more_of(notice),
    }


def more_of(notice: Notice) -> str:
    """The fields without a column as JSON; "" if none is set."""
    more = {name: value for name, value in plain(notice).items() if name in MORE}
    return json.dumps(more, ensure_ascii=False, sort_keys=True) if more else ""


def notice_of(row: Row[Any]) -> Notice:
    """Reads a notice from its row; leaves out fields that a newer program has stored."""
    more = json.loads(row.more or "{}")
    its = row._mapping
    return replace(
        read({name: value for name, value in more.items() if name in SPECS}),
        title=its.get("title", ""),
        text=row.text,
        severity=Severity(row.severity),
        repeats=its.get("repeat"),
        style=Style.VERSE if row.verse else Style.PLAIN,
        voice=row.voice or None,
    )
