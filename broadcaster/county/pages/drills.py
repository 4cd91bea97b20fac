"""The pages of drills: all of them, and of each who heard it and how soon."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from broadcaster.bulletin.bulletin import BulletinKind
from broadcaster.county.board.drills import Drills, all_to_csv
from broadcaster.county.notices.approval_desk import DraftRecord
from broadcaster.county.pages.base import access
from broadcaster.county.pages.base.download import CSV, download
from broadcaster.county.pages.board import find_record

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
    table = all_to_csv(records, _drills().reports(records), access.pages().parts.clock.zone)
    return download(table, CSV, "drills.csv")


@pages.get("/<id>")
def one(id: str) -> ResponseReturnValue:
    record = _find(id)
    return render_template("office/drill.html", record=record, report=_drills().reports([record])[id])


@pages.get("/<id>.csv")
def as_csv(id: str) -> ResponseReturnValue:
    record = _find(id)
    table = _drills().reports([record])[id].to_csv(access.pages().parts.clock.zone)
    return download(table, CSV, f"drill-{id}.csv")


def _past(count: int, skip: int = 0) -> list[DraftRecord]:
    """Those that were sent; drafts stand with the notices."""
    found = access.pages().parts.desk.recent(count, skip, (BulletinKind.DRILL,))
    return [record for record in found if record.issued]


def _drills() -> Drills:
    parts = access.pages().parts
    return Drills(parts.database, parts.clock.zone)


def _find(id: str) -> DraftRecord:
    record = find_record(id)
    if not record.draft.is_drill or not record.issued:
        abort(404)
    return record
