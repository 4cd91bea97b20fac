"""What a form of ours can only hold; anything else was not sent by one."""

from datetime import timedelta

from flask import abort, request

from broadcaster.county.officers import OfficeRole
from broadcaster.model import Severity

MOST_HOURS = 10_000


def severity(field: str = "severity") -> Severity:
    try:
        return Severity(int(request.form.get(field, 0)))
    except ValueError:
        abort(400)


def role() -> OfficeRole:
    try:
        return OfficeRole(request.form.get("role", ""))
    except ValueError:
        abort(400)


def hours(field: str, default: int) -> timedelta:
    return timedelta(hours=min(request.form.get(field, default, int), MOST_HOURS))


def text() -> str:
    return request.form.get("text", "").replace("\r\n", "\n").strip()
