"""Write a bulletin, see how it will be said and who must agree, send it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.bulletin.bulletin import BulletinKind, new_bulletin_id
from broadcaster.county import access, form_values
from broadcaster.county.area_tree import area_tree
from broadcaster.county.desk import again
from broadcaster.county.draft import Draft, DraftRefused, State
from broadcaster.county.listen_pages import listening
from broadcaster.county.sounds import NO_ADDRESS
from broadcaster.errors import BroadcasterError
from broadcaster.model import Severity

pages = Blueprint("compose", __name__, template_folder="templates", url_prefix="/compose")
HOURS = {1: "1 小时", 3: "3 小时", 6: "6 小时", 12: "12 小时", 24: "1 天", 72: "3 天"}
PIECE_BYTES = 256 * 1024
NO_TIME = "选了“定个时间”，请写几号几点播。"
USED = "刚才这张表已经用来交过“{title}”了。下面是你这次写的，还没有发：请再看一遍，作为另一则发。"


@pages.get("")
def write() -> ResponseReturnValue:
    """An empty form, or one filled in from the library, from a draft, or from what was sent before."""
    # Made for this form alone: by its id a second tap is known, and no other notice is taken for it.
    parts, draft = access.pages().parts, Draft("", "", (), Severity.DAILY)
    access.pages().booth.warm()
    if text := parts.library.find(request.args.get("text", "")):
        draft = Draft(text.name, text.text, (), text.severity, verse=text.verse, voice=text.voice)
    if id := request.args.get("again", ""):
        paper = parts.desk.get(id)
        draft = paper.draft if paper.state is State.DRAFT else again(paper.draft)
    return _form(draft)


@pages.post("/edit")
def edit() -> ResponseReturnValue:
    """Back from the preview."""
    return _form(read_draft())


@pages.post("/check")
def check() -> ResponseReturnValue:
    draft = read_draft()
    try:
        _check_time()
        return _check(_with_recording(draft))
    except BroadcasterError as error:
        return _form(draft, str(error)), 400


@pages.post("/keep")
def keep() -> ResponseReturnValue:
    draft = read_draft()
    try:
        _check_time()
        paper = access.pages().parts.desk.write(access.me(), draft)
    except BroadcasterError as error:
        return _used(draft) or (_form(draft, str(error)), 400)
    access.about(paper.draft.title)
    flash("草稿存好了，还没有发。")
    return redirect(url_for("board.one", id=paper.id), 303)


@pages.post("/send")
def send() -> ResponseReturnValue:
    """A second tap finds what the first one did: a bulletin has its id from the form."""
    draft, desk = read_draft(), access.pages().parts.desk
    try:
        _check_time()
        settled, _ = desk.preview(access.me(), draft)
        if request.form.get("seen", settled.version) != settled.version:
            return _check(draft, "内容和刚才给你看的不一样了，还没有发。请看过这一版再发。"), 409
        paper = desk.send(access.me(), draft)
    except DraftRefused as error:
        return _used(draft) or (_form(draft, str(error)), 400)
    access.about(paper.draft.title)
    waits = paper.state is State.AWAITING
    flash("交上去了，等另一个人审批。" if waits else "正在发，下面是各村的情况。")
    return redirect(url_for("board.one", id=paper.id), 303)


def read_draft() -> Draft:
    """What the form says; what is no draft is told by who takes it."""
    form = request.form
    at = form.get("at", "") if form.get("when") == "at" else ""
    recorded = form.get("form") == "sound"
    return Draft(
        title=form.get("title", ""),
        text="" if recorded else form_values.text(),
        areas=tuple(form.getlist("areas")),
        severity=form_values.severity(),
        kind=BulletinKind.DRILL if form.get("drill") else BulletinKind.NOTICE,
        repeat=form.get("repeat", type=int),
        night_ok=bool(form.get("night_ok")),
        not_before=_moment(at) if at else None,
        life=form_values.hours("hours", 6),
        id=form.get("id") or new_bulletin_id(),
        verse=form.get("form") == "verse",
        voice="" if recorded else form.get("voice", ""),
        sound=access.sounds().find(form.get("sound", "")) if recorded else None,
    )


def _with_recording(draft: Draft) -> Draft:
    """With the one that was sent along, if there is one. Raises `RecordingRefused`, `DraftRefused`."""
    sent = request.files.get("recording")
    if request.form.get("form") != "sound":
        return draft
    if not access.pages().settings.fetched_from:
        raise DraftRefused(NO_ADDRESS)
    if sent and sent.filename:
        pieces: Iterator[bytes] = iter(partial(sent.stream.read, PIECE_BYTES), b"")
        return replace(draft, sound=access.sounds().take(pieces, draft.title))
    if draft.sound is None:
        raise DraftRefused("还没有选录音文件，请选一个。")
    return draft


def fields_of(draft: Draft) -> list[tuple[str, str]]:
    """The same as a form carries it on."""
    fields = [("title", draft.title), ("text", draft.text), ("id", draft.id)]
    fields += [("areas", code) for code in draft.areas]
    fields += [("severity", str(int(draft.severity))), ("hours", str(_hours(draft)))]
    fields += [("voice", draft.voice), ("form", form_of(draft))]
    if draft.sound:
        fields.append(("sound", draft.sound.sha256))
    if draft.repeat:
        fields.append(("repeat", str(draft.repeat)))
    if draft.kind is BulletinKind.DRILL:
        fields.append(("drill", "1"))
    if draft.night_ok:
        fields.append(("night_ok", "1"))
    if draft.not_before:
        fields += [("when", "at"), ("at", f"{draft.not_before:%Y-%m-%dT%H:%M}")]
    return fields


def form_of(draft: Draft) -> str:
    """What it is: text, verse or sound."""
    return "sound" if draft.sound else "verse" if draft.verse else "text"


def _check(draft: Draft, problem: str = "") -> str:
    """How it will be said and sound, whom it will reach, who must agree. Raises `BroadcasterError`."""
    found = access.pages()
    settled, why = found.parts.desk.preview(access.me(), draft)
    names = found.parts.register.names() | {found.parts.county: "全县"}
    return render_template(
        "office/check.html",
        draft=settled,
        fields=[*fields_of(settled), ("seen", settled.version)],
        why=why,
        listeners=found.parts.listeners(settled.areas),
        areas=[names.get(code, code) for code in settled.areas],
        problem=problem,
        **listening(settled),
    )


def _form(draft: Draft, problem: str = "") -> str:
    parts = access.pages().parts
    tree = area_tree(parts.register.names(), parts.register.boxes())
    return render_template(
        "office/compose.html",
        draft=draft,
        tree=tree,
        county=parts.county,
        listeners=parts.listeners([parts.county]),
        hours=HOURS,
        chosen_hours=_hours(draft),
        texts=parts.library.all(),
        form=request.form.get("form") or form_of(draft),
        at_set_time=bool(draft.not_before) or request.form.get("when") == "at",
        voices=access.pages().booth.voices(),
        allowed=[one for one in Severity if access.me().may_send(one)],
        problem=problem,
    )


def _hours(draft: Draft) -> int:
    return int(draft.life.total_seconds() // 3600)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=access.pages().parts.clock.zone)
    except ValueError:
        raise DraftRefused("开始的时间写得不对，请重新选。") from None


def _check_time() -> None:
    """Raises `DraftRefused` where a time was wanted and none is given: it would be aired at once."""
    if request.form.get("when") == "at" and not request.form.get("at"):
        raise DraftRefused(NO_TIME)


def _used(draft: Draft) -> ResponseReturnValue | None:
    """Where a bulletin has come of this form already: it, for the same words; other words come back,
    to be sent as another one."""
    try:
        paper = access.pages().parts.desk.get(draft.id)
    except DraftRefused:
        return None
    if paper.state is State.DRAFT:
        return None
    access.nothing_done()
    if _words(draft) == _words(paper.draft):
        return redirect(url_for("board.one", id=draft.id), 303)
    other = replace(draft, id=new_bulletin_id())
    return _form(other, USED.format(title=paper.draft.title)), 409


def _words(draft: Draft) -> tuple[object, ...]:
    """What makes it another one for who hears it."""
    return (draft.text.split(), draft.severity, draft.kind, draft.verse, draft.sound)
