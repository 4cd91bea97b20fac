"""Access rules of the office's pages: one table, checked before each request, logged after it."""

import logging
from dataclasses import dataclass
from typing import cast

from flask import (
    Response,
    abort,
    current_app,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from broadcaster.county.notices.recordings import RecordingStore
from broadcaster.county.pages.base import carried_forms
from broadcaster.county.pages.base.page_context import OfficeContext
from broadcaster.county.store.officers import Officer, OfficeRole
from broadcaster.web.base.answered_forms import AnsweredForms

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class OfficeAccessRule:
    """The least role, or open to all; `deed` is what the record calls it, when it is done."""

    role: OfficeRole | None = None
    deed: str = ""


OPEN = OfficeAccessRule()
LOOK, WRITE = OfficeAccessRule(OfficeRole.VIEWER), OfficeAccessRule(OfficeRole.CLERK)
KEEP = OfficeAccessRule(OfficeRole.KEEPER)

RULES = {
    "static": OPEN,
    "board.static": OPEN,
    "account.start": OPEN,
    "account.make_account": OPEN,
    "account.login": OPEN,
    "account.check_password": OPEN,
    "account.logout": OPEN,
    "account.me": LOOK,
    "account.change_password": OfficeAccessRule(OfficeRole.VIEWER, "改自己的密码"),
    # It is asked there whose it is.
    "answer.one": OPEN,
    "enrol.explain": OPEN,
    "enrol.explain_to_county": OPEN,
    "enrol.enrol": OPEN,
    "enrol.admit": OPEN,
    "counties.home": LOOK,
    "counties.one": LOOK,
    "counties.add": OfficeAccessRule(OfficeRole.KEEPER, "加县"),
    "counties.replace": OfficeAccessRule(OfficeRole.KEEPER, "给县发登记码"),
    "counties.retire": OfficeAccessRule(OfficeRole.KEEPER, "停用县"),
    "counties.file": OfficeAccessRule(OfficeRole.KEEPER, "给县发接入文件"),
    "counties.set_key": OfficeAccessRule(OfficeRole.KEEPER, "登记县的公钥"),
    "counties.delivery": LOOK,
    "counties.as_csv": LOOK,
    "board.home": LOOK,
    "board.one": LOOK,
    "board.town": LOOK,
    "board.as_csv": LOOK,
    "board.ask_cancel": WRITE,
    "board.cancel": OfficeAccessRule(OfficeRole.CLERK, "取消通知"),
    "board.approve": OfficeAccessRule(OfficeRole.APPROVER, "批准通知"),
    "board.send_back": OfficeAccessRule(OfficeRole.CLERK, "退回通知"),
    "board.discard": OfficeAccessRule(OfficeRole.CLERK, "删草稿"),
    "listen.one": LOOK,
    "listen.sound": LOOK,
    "listen.record": LOOK,
    "sounds.give": OPEN,
    "drills.home": LOOK,
    "drills.one": LOOK,
    "drills.as_csv": LOOK,
    "drills.all_as_csv": LOOK,
    "receipts.home": WRITE,
    "receipts.stick": WRITE,
    "receipts.take": OfficeAccessRule(OfficeRole.CLERK, "导入回执"),
    "upkeep.home": LOOK,
    "edit.text": WRITE,
    "edit.change_text": OfficeAccessRule(OfficeRole.CLERK, "改范文"),
    "edit.recurring": OfficeAccessRule(OfficeRole.APPROVER),
    "edit.change_recurring": OfficeAccessRule(OfficeRole.APPROVER, "改定时通知"),
    "compose.write": WRITE,
    "compose.one": WRITE,
    "compose.edit": WRITE,
    "compose.check": WRITE,
    "compose.look": WRITE,
    "compose.theirs": WRITE,
    "compose.keep": OfficeAccessRule(OfficeRole.CLERK, "存草稿"),
    "compose.send": OfficeAccessRule(OfficeRole.CLERK, "发通知"),
    "register.home": LOOK,
    "register.box": LOOK,
    "register.add": OfficeAccessRule(OfficeRole.KEEPER, "加广播站"),
    "register.replace": OfficeAccessRule(OfficeRole.KEEPER, "发登记码"),
    "register.retire": OfficeAccessRule(OfficeRole.KEEPER, "停用广播站"),
    "register.rename": OfficeAccessRule(OfficeRole.KEEPER, "改广播站的名称"),
    "register.file": OfficeAccessRule(OfficeRole.KEEPER, "发登记文件"),
    "register.set_key": OfficeAccessRule(OfficeRole.KEEPER, "登记公钥"),
    "register.export_areas": LOOK,
    "register.import_areas": OfficeAccessRule(OfficeRole.KEEPER, "导入区划"),
    "foreign.home": LOOK,
    "foreign.one": LOOK,
    "foreign.original": LOOK,
    "foreign.draft": LOOK,
    "foreign.export": LOOK,
    "foreign.take": OfficeAccessRule(OfficeRole.CLERK, "收外来消息"),
    "foreign.keep": OfficeAccessRule(OfficeRole.CLERK, "存外来消息的草稿"),
    "village.card": LOOK,
    "village.carry": OfficeAccessRule(OfficeRole.KEEPER, "开通村里的网页"),
    "village.close": OfficeAccessRule(OfficeRole.KEEPER, "关掉村里的网页"),
    "village.into": OPEN,
    "village.away": OPEN,
    "more.home": LOOK,
    "more.library": LOOK,
    "more.keep_text": OfficeAccessRule(OfficeRole.CLERK, "改范文"),
    "more.remove_text": OfficeAccessRule(OfficeRole.CLERK, "删范文"),
    "more.recurring": LOOK,
    "more.keep_recurring": OfficeAccessRule(OfficeRole.APPROVER, "排定时通知"),
    "more.pause_recurring": OfficeAccessRule(OfficeRole.CLERK, "停定时通知"),
    "more.remove_recurring": OfficeAccessRule(OfficeRole.APPROVER, "删定时通知"),
    "more.audit": KEEP,
    "more.people": KEEP,
    "more.add_person": OfficeAccessRule(OfficeRole.KEEPER, "加人员"),
    "more.change_person": OfficeAccessRule(OfficeRole.KEEPER, "改身份"),
    "more.reset_person": OfficeAccessRule(OfficeRole.KEEPER, "重设密码"),
    "more.remove_person": OfficeAccessRule(OfficeRole.KEEPER, "删人员"),
}


# A recording, and what a form carries beside it.
LARGEST_UPLOAD = 31 * 1024 * 1024
UPLOADS = (
    *("compose.check", "more.keep_recurring", "edit.change_recurring"),
    *("receipts.take", "foreign.take"),
)


def pages() -> OfficeContext:
    """The context of the app that answers this request."""
    return cast(OfficeContext, current_app.extensions["office"])


def sounds() -> RecordingStore:
    """The recordings of the office that this app is of."""
    return cast(RecordingStore, current_app.extensions["office_sounds"])


def answers() -> AnsweredForms:
    """The stored answers to forms of this app."""
    return cast(AnsweredForms, current_app.extensions["office_answers"])


def allow_uploads() -> None:
    """Before each request: only there a body may be that long; whose it is, is known after it was read,
    for the words beside a recording are not to be lost with a session.
    """
    if request.endpoint in UPLOADS:
        request.max_content_length = LARGEST_UPLOAD


def check_access() -> ResponseReturnValue | None:
    """Before each request; an endpoint that is not in the table is open to nobody."""
    if request.endpoint is None:
        return None
    rule = RULES.get(request.endpoint)
    if rule is None:
        logger.error("%s 没有写谁能打开，谁也打不开：程序有错，请告诉开发的人", request.endpoint)
        abort(403)
    if rule.role is None:
        return None
    # A script that asks by itself sets no cookie: another tab may be at its login.
    g.silent = "X-Requested-With" in request.headers
    found = who()
    if found is None:
        return Response(status=401) if g.silent else _lead_to_login()
    if not found.role.covers(rule.role):
        abort(403)
    return None


def _lead_to_login() -> ResponseReturnValue:
    """Leads to the login; a posted form is carried through it, and a page that was wanted is shown after
    it.
    """
    if pages().parts.officers.one_time_code():
        return redirect(url_for("account.start"), 303)
    if request.method == "POST":
        return render_template("office/login.html", carried=carried_forms.of_request()), 401
    wanted = request.full_path if request.query_string else request.path
    return redirect(url_for("account.login", to=wanted if wanted != "/" else None), 303)


def who() -> Officer | None:
    """The officer of this session."""
    if "officer" not in g:
        key = str(session.get("key", ""))
        g.officer = pages().parts.sessions.find(key) if key else None
    officer: Officer | None = g.officer
    return officer


def me() -> Officer:
    found = who()
    if found is None:
        abort(403)
    return found


def may(endpoint: str) -> bool:
    """True if the officer may use the endpoint: pages leave out links that he may not."""
    role, found = RULES[endpoint].role, who()
    return bool(role and found and found.role.covers(role))


def let_in(officer: Officer) -> None:
    """From now on this browser is his."""
    end_session()
    session["key"] = pages().parts.sessions.begin(officer)
    g.officer = officer


def end_session() -> None:
    if key := str(session.get("key", "")):
        pages().parts.sessions.end(key)
    session.clear()
    g.officer = None


def about(text: str) -> None:
    """Adds a text to this request's entry in the audit log."""
    g.about = text


def nothing_done() -> None:
    """This request only led to what an earlier one did."""
    g.nothing_done = True


def note_in_audit(response: Response) -> Response:
    """After each request: what was done is written down."""
    rule = RULES.get(request.endpoint or "")
    done = response.status_code < 400 and "nothing_done" not in g
    if rule and rule.deed and done and (found := who()):
        pages().parts.audit.note(found.name, rule.deed, str(g.get("about", "")), address())
    return response


def address() -> str:
    return request.remote_addr or ""
