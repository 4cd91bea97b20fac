"""The pages of drills: all of them, and of each who heard it and how soon."""

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from broadcaster.bulletin.bulletin import BulletinKind
from broadcaster.county.board.drills import Drills, all_to_csv
from broadcaster.county.notices.approval_desk import DraftRecord
from broadcaster.county.notices.draft import DraftRefused
from broadcaster.county.pages.base import access

pages = Blueprint("drills", __name__, template_folder="templates", url_prefix="/drills")
PAGE, MOST = 20, 500


@pages.get("")
def home() -> ResponseReturnValue:
    skip = max(request.args.get("skip", 0, int), 0)
    records = _past(PAGE + 1, skip)
    return render_template(
        "office/drills.html",
        records=records[:PAGE],
        reports=_drills().reports(records[:PAGE]),
        older=skip + PAGE if len(records) > PAGE else None,
    )


@pages.get("/all.csv")
def all_as_csv() -> ResponseReturnValue:
    records = _past(MOST)
    return _csv(
        all_to_csv(records, _drills().reports(records), access.pages().parts.clock.zone), "drills.csv"
    )


@pages.get("/<id>")
def one(id: str) -> ResponseReturnValue:
    record = _find(id)
    return render_template("office/drill.html", record=record, report=_drills().reports([record])[id])


@pages.get("/<id>.csv")
def as_csv(id: str) -> ResponseReturnValue:
    record = _find(id)
    table = _drills().reports([record])[id].to_csv(access.pages().parts.clock.zone)
    return _csv(table, f"drill-{id}.csv")


def _csv(table: str, name: str) -> Response:
    answer = Response(table, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _past(count: int, skip: int = 0) -> list[DraftRecord]:
    """Those that were sent; drafts stand with the notices."""
    found = access.pages().parts.desk.recent(count, skip, (BulletinKind.DRILL,))
    return [record for record in found if record.issued]


def _drills() -> Drills:
    parts = access.pages().parts
    return Drills(parts.database, parts.clock.zone)


def _find(id: str) -> DraftRecord:
    try:
        record = access.pages().parts.desk.get(id)
    except DraftRefused:
        abort(404)
    if not record.draft.is_drill or not record.issued:
        abort(404)
    return record
