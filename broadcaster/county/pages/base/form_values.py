"""Reads single values of the office's forms; an impossible value is a bad request, because no form of
ours sends it.
"""

from datetime import timedelta

from flask import abort, request
from werkzeug.datastructures import MultiDict

from broadcaster.core.model import Severity
from broadcaster.county.store.officers import OfficeRole

MOST_HOURS = 10_000
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


def _of(form: Form | None) -> Form:
    """One that was kept, or that of this request."""
    return request.form if form is None else form
