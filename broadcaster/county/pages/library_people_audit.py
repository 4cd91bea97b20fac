"""The pages under 更多: library, recurring notices, people, audit log."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.core.errors import AccountRefused, BroadcasterError
from broadcaster.county.notices.draft import Draft
from broadcaster.county.notices.library import LibraryText
from broadcaster.county.pages.base import access, form_values
from broadcaster.county.pages.recurring_form import read_recurring, read_schedule, read_text, why_not
from broadcaster.county.pages.sound_upload import sent_along
from broadcaster.county.register.area_tree import area_tree
from broadcaster.settings.values import WEEKDAYS
from broadcaster.web.base import search_form
from broadcaster.web.base.paging import paged

pages = Blueprint("more", __name__, template_folder="templates", url_prefix="/more")
PAGE = 50


@pages.get("")
def home() -> ResponseReturnValue:
    return render_template("office/more.html", me=access.me())


@pages.get("/library")
def library() -> ResponseReturnValue:
    return _library()


@pages.post("/library")
def keep_text() -> ResponseReturnValue:
    text = read_text()
    try:
        access.pages().parts.library.keep(text)
    except BroadcasterError as error:
        return _library(str(error), text), 400
    access.about(text.name)
    flash("存好了。")
    return redirect(url_for("more.library"), 303)


@pages.post("/library/remove")
def remove_text() -> ResponseReturnValue:
    name = request.form.get("name", "")
    access.pages().parts.library.remove(name, access.me().name)
    access.about(name)
    return redirect(url_for("more.library"), 303)


@pages.get("/standing")
def recurring() -> ResponseReturnValue:
    return _recurring()


@pages.post("/standing")
def keep_recurring() -> ResponseReturnValue:
    name, draft = request.form.get("name", ""), read_recurring(None)
    try:
        draft = read_recurring(sent_along(name))
        access.pages().spoken(draft)
        access.pages().parts.recurring.keep(access.me(), name, draft, read_schedule())
    except BroadcasterError as error:
        return _recurring(str(error), draft), 400
    access.about(name)
    flash("排好了，到时候自动发。")
    return redirect(url_for("more.recurring"), 303)


@pages.post("/standing/pause")
def pause_recurring() -> ResponseReturnValue:
    name, paused = request.form.get("name", ""), request.form.get("paused") == "1"
    access.pages().parts.recurring.pause(name, paused, access.me().name)
    access.about(f"{name} {'停' if paused else '恢复'}")
    return redirect(url_for("more.recurring"), 303)


@pages.post("/standing/remove")
def remove_recurring() -> ResponseReturnValue:
    name = request.form.get("name", "")
    access.pages().parts.recurring.remove(name, access.me().name)
    access.about(name)
    return redirect(url_for("more.recurring"), 303)


@pages.get("/audit")
def audit() -> ResponseReturnValue:
    skip = max(request.args.get("skip", 0, int), 0)
    record = access.pages().parts.audit
    deeds = record.recent(PAGE + 1, skip, search_form.wanted_entries())
    return render_template(
        "office/audit.html",
        deeds=deeds[:PAGE],
        older=skip + PAGE if len(deeds) > PAGE else None,
        chosen=search_form.chosen(),
        kinds=record.kinds(),
    )


@pages.get("/people")
def people() -> ResponseReturnValue:
    return _people()


@pages.post("/people")
def add_person() -> ResponseReturnValue:
    form = request.form
    try:
        role, cap = form_values.role(), form_values.severity("cap")
        password = access.pages().parts.officers.let_in(form.get("name", ""), role, cap)
    except AccountRefused as error:
        return _people(str(error)), 400
    access.about(form.get("name", ""))
    return render_template("office/given.html", name=form.get("name", "").strip(), password=password)


@pages.post("/people/change")
def change_person() -> ResponseReturnValue:
    form = request.form
    try:
        role, cap = form_values.role(), form_values.severity("cap")
        access.pages().parts.officers.change(_other_officer(), role, cap)
    except AccountRefused as error:
        return _people(str(error)), 400
    access.about(f"{form.get('name', '')} {role} {int(cap)}")
    return redirect(url_for("more.people"), 303)


@pages.post("/people/reset")
def reset_person() -> ResponseReturnValue:
    try:
        name = _other_officer()
        password = access.pages().parts.officers.set_password(name)
    except AccountRefused as error:
        return _people(str(error)), 400
    access.about(name)
    return render_template("office/given.html", name=name, password=password)


@pages.post("/people/remove")
def remove_person() -> ResponseReturnValue:
    try:
        name = _other_officer()
        access.pages().parts.officers.remove(name)
    except AccountRefused as error:
        return _people(str(error)), 400
    access.about(name)
    return redirect(url_for("more.people"), 303)


def _other_officer() -> str:
    """Somebody else: nobody gives himself another role or cap."""
    name = request.form.get("name", "")
    if name == access.me().name:
        raise AccountRefused("自己的账号要由另一个管理员改。")
    return name


def _people(problem: str = "") -> str:
    officers = paged(access.pages().parts.officers.all())
    return render_template("office/people.html", officers=officers, me=access.me(), problem=problem)


def _library(problem: str = "", text: LibraryText | None = None) -> str:
    found = access.pages()
    texts, voices = paged(found.parts.library.all()), found.previews.voices()
    return render_template("office/library.html", texts=texts, problem=problem, text=text, voices=voices)


def _recurring(problem: str = "", draft: Draft | None = None) -> str:
    parts = access.pages().parts
    notices = paged(parts.recurring.all())
    return render_template(
        "office/standing.html",
        notices=notices,
        dates={one.name: parts.recurring.dates(one, 3) for one in notices.rows},
        hindrances={one.name: why_not(one) for one in notices.rows},
        missed={one.name: parts.recurring.missed(one) for one in notices.rows},
        sent_ahead={one.name: parts.recurring.sent_ahead(one) for one in notices.rows},
        voices=access.pages().previews.voices(),
        draft=draft,
        tree=area_tree(parts.register.names(), parts.register.boxes()),
        county=parts.county,
        days=WEEKDAYS,
        problem=problem,
    )
