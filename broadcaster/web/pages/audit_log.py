"""The page 操作记录: the audit log."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from broadcaster.web.base import search_form
from broadcaster.web.base.page_context import parts

SHOWN = 50
LAST_PAGE = 400

pages = Blueprint("deeds", __name__, url_prefix="/more/deeds")


@pages.get("")
def home() -> ResponseReturnValue:
    page = min(max(request.args.get("page", 1, int), 1), LAST_PAGE)
    wanted, record = search_form.wanted_entries(), parts().station.deeds
    deeds = record.recent(SHOWN + 1, (page - 1) * SHOWN, *([wanted] if wanted else ()))
    return render_template(
        "deeds.html",
        deeds=deeds[:SHOWN],
        page=page,
        older=len(deeds) > SHOWN,
        chosen=search_form.chosen(),
        kinds=record.kinds(),
    )
