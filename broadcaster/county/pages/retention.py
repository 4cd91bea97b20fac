"""The page 清理: retention times of the office, the numbers of rows, the last deletions."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from broadcaster.county.notices.retention import WHAT, row_counts
from broadcaster.county.pages.base import access

pages = Blueprint("upkeep", __name__, template_folder="templates", url_prefix="/more/upkeep")
SHOWN = 20


@pages.get("")
def home() -> ResponseReturnValue:
    found = access.pages()
    return render_template(
        "office/upkeep.html",
        keep=found.settings.keep,
        counts=row_counts(found.parts.database),
        done=found.parts.audit.of(WHAT, SHOWN),
    )
