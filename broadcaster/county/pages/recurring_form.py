"""Reads a library text and a recurring notice from the forms of the pages."""

from flask import request

from broadcaster.county.notices.draft import Draft
from broadcaster.county.notices.library import LibraryText
from broadcaster.county.notices.recordings import SignedRecording
from broadcaster.county.notices.recurring import LIFE, RecurringNotice, Schedule
from broadcaster.county.pages.base import access, form_values
from broadcaster.county.pages.compose_form import as_sound


def read_text() -> LibraryText:
    return LibraryText(request.form.get("name", ""), form_values.notice(""), access.me().name)


def read_recurring(sound: SignedRecording | None) -> Draft:
    """With the sound that was sent along, or None."""
    form = request.form
    notice = as_sound(form_values.notice(form.get("name", "")), form.get("form", ""), sound)
    return Draft(notice, tuple(form.getlist("areas")), life=LIFE, sound=sound)


def read_schedule() -> Schedule:
    """Raises `DraftRefused`."""
    form = request.form
    written = f"{''.join(sorted(form.getlist('days')))} {form.get('time', '')}"
    return Schedule.read(f"{written} {form.get('last', '')}")


def why_not(one: RecurringNotice) -> str:
    """The reason for which nobody would hear it when it is due next; "" if it will go out."""
    parts = access.pages().parts
    nobody = "" if parts.listeners(one.draft.areas) else "这些地方还没有登记好的广播站"
    return parts.recurring.hindrance(one) or nobody
