"""Builds the Flask app of the office's site, in the look of the box's page."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from flask import Flask, g, render_template
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect

from broadcaster.core.errors import BroadcasterError
from broadcaster.county.notices import bulletin_wording
from broadcaster.county.notices.approval_desk import DraftRecord
from broadcaster.county.notices.recordings import RecordingStore
from broadcaster.county.pages import (
    after_login,
    answered_forms,
    board,
    compose,
    counties,
    drills,
    edit,
    enrol,
    foreign,
    library_people_audit,
    login,
    preview,
    receipt_upload,
    recordings,
    register,
    retention,
    villages,
)
from broadcaster.county.pages.base import access, form_values
from broadcaster.county.pages.base.page_context import OfficeContext
from broadcaster.county.register.counties import LONGEST_COUNTY
from broadcaster.county.store import office_sessions
from broadcaster.county.store.delivery_state import REACHES
from broadcaster.county.store.officers import OfficeRole
from broadcaster.web.base import wording
from broadcaster.web.base.answered_forms import AnsweredForms
from broadcaster.web.base.language import CHINESE, LANGUAGES, teach_languages
from broadcaster.web.base.phone_cookie import PhoneSessions
from broadcaster.web.base.template_cache import CompiledPages
from broadcaster.web.server.compression import compress
from broadcaster.web.server.security_headers import (
    HTTP_PORT,
    HTTPS_PORT,
    OwnFormsOnly,
    protect,
    stay_with_https,
)
from broadcaster.web.server.session_key import load_session_key

logger = logging.getLogger(__name__)

AREAS = (
    *(login, board, compose, preview, drills, register),
    *(library_people_audit, edit, receipt_upload, retention, enrol, recordings),
    *(foreign, counties, villages, answered_forms),
)
LONGEST_BODY = 1024 * 1024
# Of answers: a page of 2,000 villages is 400 kB, and 30 kB there; what holds a password goes by itself.
MOST_BYTES, KEPT_SECONDS = 8 * 1024 * 1024, 3600.0
LOOK = Path(wording.__file__).parents[1]
NAVIGATION = {"/": "通知", "/compose": "写通知", "/register": "登记簿", "/more": "更多"}
ROLES = {
    OfficeRole.VIEWER: ("只看", "只能看，不能发"),
    OfficeRole.CLERK: ("经办", "能写、能发，红色橙色和夜里的要人批"),
    OfficeRole.APPROVER: ("审批", "还能批别人写的，排定时通知"),
    OfficeRole.KEEPER: ("管理", "还能管登记簿和人员"),
}
SENTENCES = {
    400: "这次提交的内容不对，什么也没有发。请回首页再试一次。",
    403: "你的账号不能做这件事，请找管理员。",
    404: "没有这个页面，请回首页。",
    405: "这个地址不能这样打开，请回首页。",
    413: "提交的内容太大了，请分几次。",
    500: "程序内部出了错，已经记在日志里。请回首页看看刚才的事做成没有。",
}


def create_app(pages: OfficeContext, folder: Path) -> Flask:
    """The site of one office; the key of its sessions is kept in `folder`."""
    app = Flask(__name__, template_folder=str(LOOK / "templates"), static_folder=str(LOOK / "static"))
    app.config.update(
        SECRET_KEY=load_session_key(folder / "session_key"),
        SESSION_COOKIE_NAME="broadcaster-office",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=office_sessions.LONGEST,
        MAX_CONTENT_LENGTH=LONGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LONGEST_BODY,
        WTF_CSRF_TIME_LIMIT=None,
    )
    # As on a station's page.
    app.url_map.merge_slashes = False
    app.extensions["office"] = pages
    app.extensions["office_sounds"] = RecordingStore(folder)
    app.extensions["office_answers"] = AnsweredForms(MOST_BYTES, KEPT_SECONDS)
    app.session_interface = PhoneSessions()
    app.before_request(access.allow_uploads)
    app.before_request(access.check_access)
    csrf = CSRFProtect(app)
    # What is registered first comes last: what the others see is what was really done.
    app.after_request(compress)
    app.after_request(answered_forms.give_address)
    app.after_request(access.note_in_audit)
    app.after_request(protect)
    if (pages.settings.web.port, pages.settings.web.https_port) == (HTTP_PORT, HTTPS_PORT):
        app.after_request(stay_with_https)
    for area in AREAS:
        app.register_blueprint(area.pages)
    # A box has no session, and its code is its proof.
    csrf.exempt(enrol.pages)
    # A village's form has its own proof, and is told here only why it could not be sent on.
    csrf.exempt(villages.away)
    teach_languages(app, offered={CHINESE: LANGUAGES[CHINESE]})
    _teach_wording(app, pages)
    _answer_errors(app)
    app.wsgi_app = OwnFormsOnly(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _teach_wording(app: Flask, pages: OfficeContext) -> None:
    app.jinja_env.bytecode_cache = CompiledPages(Path(app.root_path) / "__pycache__")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    clock = pages.parts.clock
    app.jinja_env.filters.update(
        moment=lambda moment: wording.say_moment(moment, clock.now()), seconds=wording.say_seconds
    )
    app.jinja_env.globals.update(_record_words(pages))
    app.jinja_env.globals.update(
        station_name=pages.settings.name,
        # An office has no air of its own.
        bar_now=lambda: None,
        navigation=NAVIGATION,
        severities=wording.SEVERITIES,
        fields_of_notice=form_values.FIELDS,
        stages=REACHES,
        roles=ROLES,
        may=access.may,
        warnings=pages.warnings,
        who=access.who,
        # Below a county there is none.
        above_counties=len(pages.parts.county) < LONGEST_COUNTY,
        counties_below=pages.parts.counties.in_use,
    )


def _record_words(pages: OfficeContext) -> dict[str, Callable[..., object]]:
    """Template functions for the words about a bulletin, the same on every page."""
    clock, desk = pages.parts.clock, pages.parts.desk

    def state_wording(record: DraftRecord) -> str:
        if "cancels" not in g:
            g.cancels = desk.unsent_cancels()
        return bulletin_wording.state_wording(record, record.id in g.cancels)

    return {
        "state_wording": state_wording,
        "why_waits": lambda record: bulletin_wording.why_waits(record, clock.now()),
        "age_warnings": lambda record: bulletin_wording.age_warnings(record, clock.now()),
        "today": lambda: f"{clock.now():%Y-%m-%d}",
        "cut_note": lambda: bulletin_wording.cut_note(pages.cut_since(), clock.now(), desk.unsent),
    }


def _answer_errors(app: Flask) -> None:
    for code, sentence in SENTENCES.items():
        app.register_error_handler(code, partial(_error_page, code, sentence))
    app.register_error_handler(CSRFError, after_login.answer_stale_form)
    app.register_error_handler(BroadcasterError, lambda error: _error_page(409, str(error), error))


def _error_page(code: int, sentence: str, error: Exception) -> ResponseReturnValue:
    return render_template("error.html", code=code, sentence=sentence), code
