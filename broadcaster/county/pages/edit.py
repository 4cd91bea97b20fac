"""The pages to change a library text or a recurring notice, with its earlier versions."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.core.errors import BroadcasterError
from broadcaster.county.notices.draft import Draft
from broadcaster.county.notices.library import LibraryText
from broadcaster.county.notices.revisions import LIBRARY, STANDING
from broadcaster.county.pages.base import access
from broadcaster.county.pages.recurring_form import read_recurring, read_schedule, read_text, why_not
from broadcaster.county.pages.sound_upload import sent_along
from broadcaster.county.register.area_tree import area_tree
from broadcaster.settings.values import WEEKDAYS

pages = Blueprint("edit", __name__, template_folder="templates", url_prefix="/more")


@pages.get("/library/edit")
def text() -> ResponseReturnValue:
    found = access.pages().parts.library.find(request.args.get("name", ""))
    return _text(found or abort(404))


@pages.post("/library/edit")
def change_text() -> ResponseReturnValue:
    text = read_text()
    try:
        access.pages().parts.library.keep(text, _revision_seen())
    except BroadcasterError as error:
        return _text(text, str(error)), 400
    access.about(text.name)
    flash("改好了。")
    return redirect(url_for("more.library"), 303)


@pages.get("/standing/edit")
def recurring() -> ResponseReturnValue:
    found = access.pages().parts.recurring.find(request.args.get("name", "")) or abort(404)
    days, at, *last = str(found.schedule).split()
    return _recurring(found.name, found.draft, days, at, "".join(last))


@pages.post("/standing/edit")
def change_recurring() -> ResponseReturnValue:
    name, draft = request.form.get("name", ""), read_recurring(None)
    try:
        draft = read_recurring(sent_along(name))
        access.pages().previews.script(draft)
        access.pages().parts.recurring.keep(access.me(), name, draft, read_schedule(), _revision_seen())
    except BroadcasterError as error:
        days, at = "".join(request.form.getlist("days")), request.form.get("time", "")
        return _recurring(name, draft, days, at, request.form.get("last", ""), str(error)), 400
    access.about(name)
    flash("改好了，以后照新的发。")
    return redirect(url_for("more.recurring"), 303)


def _revision_seen() -> int | None:
    return request.form.get("seen", type=int)


def _text(text: LibraryText, problem: str = "") -> str:
    history = access.pages().parts.revisions.of(LIBRARY, text.name)
    return render_template(
        "office/library_edit.html",
        text=text,
        history=history,
        problem=problem,
        voices=access.pages().previews.voices(),
    )


def _recurring(name: str, draft: Draft, days: str, at: str, last: str, problem: str = "") -> str:
    parts = access.pages().parts
    one = parts.recurring.find(name)
    return render_template(
        "office/standing_edit.html",
        name=name,
        draft=draft,
        chosen_days=days,
        at=at,
        last=last,
        dates=parts.recurring.dates(one) if one else (),
        hindrance=why_not(one) if one else "",
        missed=parts.recurring.missed(one) if one else "",
        sent_ahead=parts.recurring.sent_ahead(one) if one else None,
        history=parts.revisions.of(STANDING, name),
        tree=area_tree(parts.register.names(), parts.register.boxes()),
        county=parts.county,
        days=WEEKDAYS,
        voices=access.pages().previews.voices(),
        problem=problem,
    )
