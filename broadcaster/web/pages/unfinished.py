"""The page 没写完的: unsent forms, at the box and, by its script, on the phone."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.web.base import drafts
from broadcaster.web.base.language import _

pages = Blueprint("unfinished", __name__, url_prefix="/unfinished")


@pages.get("")
def home() -> ResponseReturnValue:
    dropped = request.args.get("dropped", "")
    gone = bool(drafts.ID.fullmatch(dropped)) and drafts.find(dropped) is None
    return render_template(
        "unfinished.html", unfinished=drafts.unfinished(), dropped=dropped if gone else ""
    )


@pages.post("/<draft_id>/drop")
def drop(draft_id: str) -> ResponseReturnValue:
    drafts.drop(draft_id)
    return redirect(url_for("unfinished.home", dropped=draft_id), 303)


@pages.post("/<draft_id>/take-back")
def take_back(draft_id: str) -> ResponseReturnValue:
    drafts.take_back(draft_id)
    flash(_("取回来了。"))
    return redirect(url_for("unfinished.home"), 303)
