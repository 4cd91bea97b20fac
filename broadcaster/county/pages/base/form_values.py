"""Reads single values of the office's forms; an impossible value is a bad request, because no form of
ours sends it.
"""

from dataclasses import replace
from datetime import timedelta

from flask import abort, request
from werkzeug.datastructures import MultiDict

from broadcaster.core.errors import NoticeRefused
from broadcaster.core.notice import SPECS, Notice, Severity, Style, kind_of, kinds, read, typed
from broadcaster.county.notices.notice_columns import WRITTEN
from broadcaster.county.store.officers import OfficeRole

MOST_HOURS = 10_000
# Drawn by its type what has no field of its own in the templates.
FIELDS = [(name, SPECS[name], kind_of(kinds()[name]).__name__) for name in WRITTEN]
Form = MultiDict[str, str]


def severity(field: str = "severity", form: Form | None = None) -> Severity:
    try:
        return Severity(int(_of(form).get(field, 0)))
    except ValueError:
        abort(400)


def role() -> OfficeRole:
    try:
        return OfficeRole(request.form.get("role", ""))
    except ValueError:
        abort(400)


def hours(field: str, default: int, form: Form | None = None) -> timedelta:
    return timedelta(hours=min(_of(form).get(field, default, int), MOST_HOURS))


def text(form: Form | None = None) -> str:
    return _of(form).get("text", "").replace("\r\n", "\n").strip()


def notice(title: str, form: Form | None = None) -> Notice:
    """The words and how they are said; what is no draft is told by who takes it."""
    form = _of(form)
    try:
        more = read(typed(form, WRITTEN))
    except NoticeRefused:
        abort(400)
    return replace(
        more,
        title=title,
        text=text(form),
        severity=severity(form=form),
        repeats=form.get("repeat", type=int),
        style=Style.VERSE if form.get("form") == "verse" else Style.PLAIN,
        voice=form.get("voice") or None,
    )


def _of(form: Form | None) -> Form:
    """One that was kept, or that of this request."""
    return request.form if form is None else form
