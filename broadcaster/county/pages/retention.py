"""清理: how long the office keeps what is over, how much there is, what went when."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from broadcaster.county.notices.retention import WHAT, kept
from broadcaster.county.pages.base import access

pages = Blueprint("upkeep", __name__, template_folder="templates", url_prefix="/more/upkeep")
SHOWN = 20


@pages.get("")
def home() -> ResponseReturnValue:
    found = access.pages()
    return render_template(
        "office/upkeep.html",
        keep=found.settings.keep,
        counts=kept(found.parts.database),
        done=found.parts.audit.of(WHAT, SHOWN),
    )
