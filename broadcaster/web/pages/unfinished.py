"""The page 没写完的: unsent forms, at the box and, by its script, on the phone."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from broadcaster.web.base import drafts
from broadcaster.web.base.language import _

pages = Blueprint("unfinished", __name__, url_prefix="/unfinished")


@pages.get("")
def home() -> ResponseReturnValue:
    return render_template("unfinished.html", unfinished=drafts.unfinished())


@pages.post("/<draft_id>/drop")
def drop(draft_id: str) -> ResponseReturnValue:
    drafts.drop(draft_id)
    flash(_("不要了，已经拿掉。"))
    return redirect(url_for("unfinished.home"), 303)
