"""The pages to write a bulletin: form, preview, who must agree, and sending."""

from dataclasses import replace

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.bulletin.bulletin import new_bulletin_id
from broadcaster.core.errors import BroadcasterError
from broadcaster.core.notice import SPECS, Notice, plain
from broadcaster.county.notices.approval_desk import HANDED_IN, DraftChanged, DraftRecord, as_new_draft
from broadcaster.county.notices.draft import (
    Draft,
    DraftRefused,
    DraftState,
    check_filled,
    check_id,
    is_id,
)
from broadcaster.county.notices.notice_columns import MORE
from broadcaster.county.notices.unsent_forms import Fields
from broadcaster.county.pages.base import access
from broadcaster.county.pages.base.form_values import Form
from broadcaster.county.pages.compose_form import (
    check_time,
    fields_of,
    form_of,
    posted,
    read_draft,
    show_form,
)
from broadcaster.county.pages.preview import listening
from broadcaster.county.pages.sound_upload import sent_along
from broadcaster.county.register.versions_read import versions_read

pages = Blueprint("compose", __name__, template_folder="templates", url_prefix="/compose")
FORMS = ("compose.check", "compose.edit", "compose.keep", "compose.send")
USED = "刚才这张表已经用来交过“{title}”了。下面是你这次写的，还没有发：请再看一遍，作为另一则发。"
CHANGED = "内容和刚才给你看的不一样了，还没有发。请看过这一版再发。"
ALREADY = "这一则已经交过了，下面是它现在的情况。"


@pages.get("")
def write() -> ResponseReturnValue:
    """Each form has its address from the start, by which back and reload find its words."""
    given = request.args.get("again", "")
    record = access.pages().parts.desk.find(given)
    id = given if record and record.state is DraftState.DRAFT else new_bulletin_id()
    text = request.args.get("text")
    return redirect(url_for("compose.one", id=id, text=text, again=given or None), 303)


@pages.get("/<id>")
def one(id: str) -> ResponseReturnValue:
    """The form with his unsent words; else with the draft, a library text, or an earlier bulletin."""
    parts = access.pages().parts
    access.pages().previews.warm()
    record = parts.desk.find(id) if is_id(id) else abort(404)
    if record and record.state is not DraftState.DRAFT:
        flash(ALREADY)
        return redirect(url_for("board.one", id=id), 303)
    if kept := parts.unsent_forms.find(access.me().number, id):
        form = form_of(kept)
        if (
            record
            and record.version != form.get("opened")
            and _content(read_draft(form)) != _content(record.draft)
        ):
            return _conflict_page(form, record, "keep")
        return show_form(form)
    draft = record.draft if record else replace(_initial_draft(), id=id)
    return show_form(form_of(fields_of(draft, record.version if record else "")))


@pages.post("/edit")
def edit() -> ResponseReturnValue:
    """Back from the preview."""
    return reopen_form(posted())


@pages.post("/check")
def check() -> ResponseReturnValue:
    """Checks the form; a mistake is shown where the words are seen again."""
    fields, problem = _with_uploaded_sound(posted())
    form = _store_form(fields)
    if problem:
        return show_form(form, problem), 400
    return redirect(url_for("compose.look", id=form["id"]), 303)


@pages.get("/<id>/check")
def look(id: str) -> ResponseReturnValue:
    kept = access.pages().parts.unsent_forms.find(access.me().number, id)
    if kept is None:
        return redirect(url_for("compose.one", id=id), 303)
    form = form_of(kept)
    try:
        check_time(form)
        return _preview_page(read_draft(form), form.get("opened", ""))
    except BroadcasterError as error:
        return show_form(form, error), 400


@pages.post("/keep")
def keep() -> ResponseReturnValue:
    form, parts = _store_form(posted()), access.pages().parts
    draft = read_draft(form)
    try:
        check_time(form)
        record = parts.desk.write(access.me(), draft, form.get("opened"))
    except DraftChanged as changed:
        return _conflict_page(form, changed.theirs, "keep"), 409
    except BroadcasterError as error:
        return _already_sent(draft) or (show_form(form, error), 400)
    parts.unsent_forms.drop(access.me().number, record.id)
    access.about(record.draft.title)
    flash("草稿存好了，还没有发。")
    return redirect(url_for("board.one", id=record.id), 303)


@pages.post("/send")
def send() -> ResponseReturnValue:
    """A second tap finds what the first one did: a bulletin has its id from the form."""
    form, parts = _store_form(posted()), access.pages().parts
    draft = read_draft(form)
    try:
        check_time(form)
        settled, _ = parts.desk.preview(access.me(), draft)
        if request.form.get("seen", settled.version) != settled.version:
            return _preview_page(draft, form.get("opened", ""), CHANGED), 409
        record = parts.desk.send(access.me(), draft, form.get("opened"))
    except DraftChanged as changed:
        return _conflict_page(form, changed.theirs, "send"), 409
    except DraftRefused as error:
        return _already_sent(draft) or (show_form(form, error), 400)
    parts.unsent_forms.drop(access.me().number, record.id)
    waits = record.state is DraftState.AWAITING
    access.about(record.draft.title + (HANDED_IN if waits else ""))
    flash("交上去了，等另一个人审批。" if waits else "正在发，下面是各村的情况。")
    return redirect(url_for("board.one", id=record.id), 303)


@pages.post("/theirs")
def theirs() -> ResponseReturnValue:
    """The draft as somebody else has kept it, in the place of what he wrote himself."""
    id = request.form.get("id", "")
    check_id(id)
    access.pages().parts.unsent_forms.drop(access.me().number, id)
    return redirect(url_for("compose.one", id=id), 303)


def reopen_form(fields: Fields) -> ResponseReturnValue:
    """To the form with these words, which are kept."""
    return redirect(url_for("compose.one", id=_store_form(fields)["id"]), 303)


def _store_form(fields: Fields) -> Form:
    """As this person's own, by the id of their form, until it is used. Raises `DraftRefused` for one
    that no form of ours has."""
    id = form_of(fields).get("id") or new_bulletin_id()
    check_id(id)
    mine = [("id", id), *((name, value) for name, value in fields if name not in ("id", "seen"))]
    known = access.pages().parts.desk.find(id)
    if not known or known.state is DraftState.DRAFT:
        access.pages().parts.unsent_forms.keep(access.me().number, id, mine)
    return form_of(mine)


def _initial_draft() -> Draft:
    """As the address of the form names them."""
    parts = access.pages().parts
    if text := parts.library.find(request.args.get("text", "")):
        return Draft(replace(text.notice, title=text.name))
    record = parts.desk.find(request.args.get("again", ""))
    return as_new_draft(record.draft) if record else Draft(Notice())


def _with_uploaded_sound(fields: Fields) -> tuple[Fields, BroadcasterError | None]:
    """With the one that was sent along, if there is one; it stays also where a title is missing."""
    try:
        sound = sent_along(request.form.get("title", ""))
    except BroadcasterError as error:
        return fields, error
    rest = [(name, value) for name, value in fields if name != "sound" or not sound]
    return [*rest, *([("sound", sound.sha256)] if sound else ())], None


def _conflict_page(form: Form, theirs: DraftRecord, way: str) -> str:
    """The page with two officers' versions of one draft; `way` is what was to be done with his."""
    names = access.pages().parts.register.names() | {access.pages().parts.county: "全县"}
    mine, rest = read_draft(form), [field for field in form.items(True) if field[0] != "opened"]
    return render_template(
        "office/two_drafts.html",
        mine=mine,
        theirs=theirs,
        told=str(DraftChanged(theirs)),
        fields=[*rest, ("opened", theirs.version)],
        action=url_for(f"compose.{way}"),
        button="用我的，接着发" if way == "send" else "用我的，存成草稿",
        names=names,
    )


def _preview_page(draft: Draft, opened: str, problem: str = "") -> str:
    """The preview page: script, sound, reach, and who must agree. Raises `BroadcasterError`."""
    found = access.pages()
    settled, why = found.parts.desk.preview(access.me(), draft)
    check_filled(settled)
    names = found.parts.register.names() | {found.parts.county: "全县"}
    return render_template(
        "office/check.html",
        draft=settled,
        fields=[*fields_of(settled, opened), ("seen", settled.version)],
        why=why,
        rests=found.parts.quiet_villages.warning(settled),
        unread=_unread_fields(settled),
        listeners=found.parts.listeners(settled.areas),
        areas=[names.get(code, code) for code in settled.areas],
        problem=problem,
        **listening(settled),
    )


def _unread_fields(draft: Draft) -> str:
    """A sentence on the fields that boxes of the areas do not read, and how many boxes or counties: they
    are not sent, or those boxes refuse the bulletin for them.
    """
    later = [name for name in MORE if name in plain(draft.notice)]
    behind = versions_read(access.pages().parts.database, draft.areas).behind if later else ""
    if not behind:
        return ""
    refused = "、".join(SPECS[name].label for name in later if SPECS[name].critical)
    left_out = "、".join(SPECS[name].label for name in later if not SPECS[name].critical)
    told = [f"所以{left_out}这次不发，其他的照常发"] if left_out else []
    told += [f"它们不认识{refused}，会拒收这一则"] if refused else []
    return f"这些地方还有 {behind}没升级，{'；'.join(told)}。"


def _already_sent(draft: Draft) -> ResponseReturnValue | None:
    """The bulletin that was already made of this form, if its words are the same; other words come back,
    to be sent as another one.
    """
    record = access.pages().parts.desk.find(draft.id)
    if record is None or record.state is DraftState.DRAFT:
        return None
    access.nothing_done()
    if _content(draft) == _content(record.draft):
        return redirect(url_for("board.one", id=draft.id), 303)
    return _as_new_bulletin(draft, record)


def _as_new_bulletin(draft: Draft, record: DraftRecord) -> ResponseReturnValue:
    form = _store_form(fields_of(replace(draft, id=new_bulletin_id())))
    return show_form(form, DraftRefused(USED.format(title=record.draft.title))), 409


def _content(draft: Draft) -> tuple[object, ...]:
    """The fields that make it another bulletin for whoever hears it."""
    return (draft.text.split(), draft.severity, draft.kind, draft.notice.style, draft.sound)
