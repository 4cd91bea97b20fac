"""Reads a library text and a recurring notice from the forms of the pages."""

from flask import request

from broadcaster.county.notices.draft import Draft
from broadcaster.county.notices.library import LibraryText
from broadcaster.county.notices.recurring import LIFE, RecurringNotice, Schedule
from broadcaster.county.pages.base import access, form_values


def read_text() -> LibraryText:
    return LibraryText(request.form.get("name", ""), form_values.notice(""), access.me().name)


def read_recurring() -> Draft:
    form = request.form
    return Draft(form_values.notice(form.get("name", "")), tuple(form.getlist("areas")), life=LIFE)


def read_schedule() -> Schedule:
    """Raises `DraftRefused`."""
    form = request.form
    return Schedule.read(f"{''.join(sorted(form.getlist('days')))} {form.get('time', '')}")


def why_not(one: RecurringNotice) -> str:
    """The reason for which nobody would hear it when it is due next; "" if it will go out."""
    parts = access.pages().parts
    nobody = "" if parts.listeners(one.draft.areas) else "这些地方还没有登记好的广播站"
    return parts.recurring.hindrance(one) or nobody
