"""The page 操作记录: the audit log."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from broadcaster.web.base.page_context import parts

SHOWN = 50
LAST_PAGE = 400

pages = Blueprint("deeds", __name__, url_prefix="/more/deeds")


@pages.get("")
def home() -> ResponseReturnValue:
    page = min(max(request.args.get("page", 1, int), 1), LAST_PAGE)
    deeds = parts().station.deeds.recent(SHOWN + 1, (page - 1) * SHOWN)
    return render_template("deeds.html", deeds=deeds[:SHOWN], page=page, older=len(deeds) > SHOWN)
