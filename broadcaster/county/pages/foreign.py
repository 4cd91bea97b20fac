"""The pages for messages of other systems: taken in, shown beside their own words, saved as drafts; and
CAP export.
"""

from contextlib import closing
from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.bulletin import areas as area_codes
from broadcaster.bulletin.bulletin import LONGEST_LIFE, BulletinKind
from broadcaster.core.errors import BroadcasterError
from broadcaster.core.notice import Notice, Severity
from broadcaster.county.foreign.base.proposal import ADVICE, ForeignDraft, NotImported, in_beijing
from broadcaster.county.foreign.message_areas import called, target_areas
from broadcaster.county.foreign.message_log import ForeignMessage
from broadcaster.county.notices.draft import Draft, DraftRefused
from broadcaster.county.pages.base import access
from broadcaster.county.pages.base.download import download
from broadcaster.county.pages.cap_download import export_cap
from broadcaster.county.pages.compose_form import HOURS, check_time, hours_of, read_draft
from broadcaster.county.register.area_tree import TownAreas, area_tree

# What a form carries beside the file.
LISTED = 30
# An outline of a country is 800 kB of figures; the whole is there to be downloaded.
SHOWN = 20_000
HOUR = timedelta(hours=1)

pages = Blueprint("foreign", __name__, template_folder="templates", url_prefix="/foreign")


@pages.get("")
def home() -> ResponseReturnValue:
    return _list_page()


@pages.post("")
def take() -> ResponseReturnValue:
    """A file, or what was pasted."""
    (name, data), pasted = _uploaded(), request.form.get("pasted", "")
    if not data and not pasted.strip():
        return _list_page(["还没有选文件，也没有粘贴内容。"]), 400
    try:
        id = access.pages().parts.foreign.take(access.me().name, data or _encoded(pasted), name)
    except NotImported as refused:
        return _list_page([*refused.problems, ADVICE], pasted), 400
    access.about(name or "粘贴的内容")
    return redirect(url_for("foreign.one", id=id), 303)


@pages.get("/<id>")
def one(id: str) -> ResponseReturnValue:
    """The drafts of a message; the only one at once."""
    message = _find(id)
    if len(message.drafts) == 1:
        return redirect(url_for("foreign.draft", id=id, number="1"))
    return render_template("office/foreign_one.html", message=message, tell=in_beijing)


@pages.get("/<id>/original")
def original(id: str) -> ResponseReturnValue:
    return download(_find(id).original, "text/plain; charset=utf-8", f"{id[:16]}.txt")


@pages.get("/<id>/<number>")
def draft(id: str, number: str) -> ResponseReturnValue:
    message, proposal = _find_draft(id, number)
    return _draft_page(message, proposal, _proposed(proposal))


@pages.post("/<id>/<number>")
def keep(id: str, number: str) -> ResponseReturnValue:
    """Only a draft of ours; from there on all rules of the office hold."""
    message, proposal = _find_draft(id, number)
    parts, draft = access.pages().parts, read_draft(request.form)
    try:
        check_time(request.form)
        if "severity" not in request.form:
            raise DraftRefused("还没有选级别，请选一个。")
        record = parts.desk.write(access.me(), draft)
    except BroadcasterError as error:
        return _draft_page(message, proposal, draft, str(error)), 400
    parts.foreign.note(record.id, message.id)
    access.about(record.draft.title)
    flash("草稿存好了，还没有发。")
    return redirect(url_for("board.one", id=record.id), 303)


@pages.get("/export/<id>.xml")
def export(id: str) -> ResponseReturnValue:
    found = access.pages()
    written = export_cap(found.parts, found.settings, id)
    return download(written, "application/cap+xml; charset=utf-8", f"cap-{id[:36]}.xml")


def _list_page(problems: list[str] | None = None, pasted: str = "") -> str:
    came = access.pages().parts.foreign.recent(LISTED)
    return render_template("office/foreign.html", came=came, problems=problems or [], pasted=pasted)


def _draft_page(message: ForeignMessage, proposal: ForeignDraft, draft: Draft, problem: str = "") -> str:
    parts = access.pages().parts
    names = parts.register.names() | {parts.county: "全县"}
    tree = area_tree(parts.register.names(), parts.register.boxes())
    meant = target_areas(proposal.areas, parts.county)
    allowed = [one for one in Severity if access.me().may_send(one)]
    now = parts.clock.now()
    return render_template(
        "office/foreign_draft.html",
        message=message,
        proposal=proposal,
        tell=in_beijing,
        draft=draft,
        tree=tree,
        county=parts.county,
        beyond=_unregistered_areas(proposal, tree),
        places=[called(code, names) for code in meant.ours],
        wider=[called(code, names) for code in meant.wider],
        outside=[called(code, names) for code in meant.elsewhere],
        allowed=allowed,
        chosen=_chosen_severity(draft, proposal, allowed),
        hours=HOURS | {hours_of(draft): f"{hours_of(draft)} 小时"},
        chosen_hours=hours_of(draft),
        over=proposal.expires is not None and proposal.expires <= now,
        related=[parts.desk.get(one) for one in parts.foreign.referred(proposal)],
        made=[parts.desk.get(one) for one in parts.foreign.made_of(message.id)],
        shown=message.original[:SHOWN],
        left_out=max(len(message.original) - SHOWN, 0),
        problem=problem,
    )


def _proposed(proposal: ForeignDraft) -> Draft:
    """The draft that the message proposes; never longer than it says, from an hour on."""
    parts = access.pages().parts
    now = parts.clock.now()
    later = proposal.not_before if proposal.not_before and proposal.not_before > now else None
    longest = LONGEST_LIFE[proposal.severity]
    life = min(proposal.expires - (later or now), longest) if proposal.expires else 6 * HOUR
    return Draft(
        Notice(proposal.text, title=proposal.title, severity=proposal.severity),
        target_areas(proposal.areas, parts.county).ours,
        kind=BulletinKind.NOTICE if proposal.kind is BulletinKind.NOTICE else BulletinKind.DRILL,
        not_before=later and later.astimezone(parts.clock.zone),
        life=max(life // HOUR, 1) * HOUR,
    )


def _chosen_severity(draft: Draft, proposal: ForeignDraft, allowed: list[Severity]) -> Severity | None:
    """None where the clerk must say: it did not, or he may not send what it says."""
    unsaid = proposal.severity is Severity.DAILY and draft.severity is Severity.DAILY
    return None if unsaid or draft.severity not in allowed else draft.severity


def _unregistered_areas(proposal: ForeignDraft, tree: list[TownAreas]) -> list[str]:
    """Areas of ours that it names and that are not in the register."""
    county = access.pages().parts.county
    known = {county, *(town.code for town in tree)}
    known |= {village.code for town in tree for village in town.villages}
    return [code for code in proposal.areas if area_codes.contains(county, code) and code not in known]


def _uploaded() -> tuple[str, bytes]:
    """The uploaded file's name and bytes."""
    file = request.files.get("file")
    if file is None:
        return "", b""
    with closing(file):
        return file.filename or "", file.read()


def _encoded(pasted: str) -> bytes:
    """As what it declares to be: a text that was copied has lost its bytes, and is UTF-8 now."""
    text = pasted.strip()
    if text.startswith("<?xml"):
        text = text.partition("?>")[2].lstrip()
    return text.encode("utf-8", "replace")


def _find_draft(id: str, number: str) -> tuple[ForeignMessage, ForeignDraft]:
    message = _find(id)
    if not number.isascii() or not number.isdecimal() or not 1 <= int(number) <= len(message.drafts):
        abort(404)
    return message, message.drafts[int(number) - 1]


def _find(id: str) -> ForeignMessage:
    try:
        return access.pages().parts.foreign.find(id)
    except DraftRefused:
        abort(404)
