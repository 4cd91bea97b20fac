"""The phone page: a Flask app over the station it is given."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from flask_wtf.csrf import CSRFError, CSRFProtect

from broadcaster import __version__, labels
from broadcaster.clock import Clock
from broadcaster.errors import BroadcasterError
from broadcaster.folders import ENDED_SESSIONS, SESSION_KEY
from broadcaster.model import new_id
from broadcaster.settings import Settings
from broadcaster.web import (
    access,
    account_pages,
    air_pages,
    api,
    bar,
    card_pages,
    carrying,
    copies_api,
    deed_pages,
    drafting,
    language,
    me_pages,
    mistakes,
    monitor,
    notice_form,
    own_address,
    people_pages,
    record_pages,
    recordings_api,
    say_pages,
    slots_api,
    talk_pages,
    timetable_pages,
    token_pages,
    unfinished_pages,
    voice_pages,
    wording,
    words_pages,
)
from broadcaster.web.compiled_pages import CompiledPages
from broadcaster.web.ended_sessions import EndedSessions
from broadcaster.web.language import N_, _
from broadcaster.web.parts import Parts
from broadcaster.web.phone_cookie import Sessions
from broadcaster.web.problems import Json, Problem, problem, refusal, wrong_request
from broadcaster.web.protection import OwnFormsOnly, protect
from broadcaster.web.session_key import load_session_key

if TYPE_CHECKING:
    from broadcaster.station import Station

logger = logging.getLogger(__name__)

LONGEST_BODY = 1024 * 1024
SESSION_SECONDS = 30 * 24 * 3600

AREAS = (
    *(account_pages, air_pages, say_pages, voice_pages, words_pages, timetable_pages, record_pages),
    *(talk_pages, me_pages, card_pages, people_pages, token_pages, deed_pages, monitor, language),
    unfinished_pages,
)

# The places at the foot of every page, as far as there are pages there.
NAVIGATION = {"/": N_("首页"), "/timetable": N_("时间表"), "/record": N_("记录"), "/more": N_("更多")}

SENTENCES = {
    400: N_("这次提交的内容不对，广播没有动。请回首页再试一次。"),
    401: N_("请先登录。"),
    403: N_("你的账号不能做这件事，请找书记。"),
    404: N_("没有这个页面，请回首页。"),
    405: N_("这个地址不能这样打开，请回首页。"),
    413: N_("提交的内容太大了，请删短一些再试。"),
    429: N_("试得太频繁了，请等一会儿再试。"),
    500: N_("程序内部出了错，已经记在日志里。请回首页再试一次；还不行就重新启动广播站。"),
}
STALE_FORM = N_("页面放得太久，这次提交没有算数。请回首页再来一次。")


def create_app(station: Station, settings: Settings) -> Flask:
    """The page of one station."""
    app = OpenAPI(
        __name__,
        info=Info(title="broadcaster", version=__version__),
        security_schemes={"token": {"type": "http", "scheme": "bearer"}},
        doc_ui=False,
        validation_error_model=Problem,
        validation_error_callback=wrong_request,
    )
    app.config.update(
        SECRET_KEY=load_session_key(settings.paths.state / SESSION_KEY),
        SESSION_COOKIE_NAME="broadcaster",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=SESSION_SECONDS,
        MAX_CONTENT_LENGTH=LONGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LONGEST_BODY,
        WTF_CSRF_TIME_LIMIT=None,
    )
    # It would lead to whatever host the request names.
    app.url_map.merge_slashes = False
    clock = Clock(settings.station.zone)
    app.extensions["broadcaster"] = Parts(
        station, settings, clock, EndedSessions(settings.paths.state / ENDED_SESSIONS)
    )
    app.json = Json(app)
    app.session_interface = Sessions()
    # Before the form is read for its token: who has not logged in sends nothing long.
    app.before_request(own_address.show_again)
    app.before_request(partial(access.check_access, account_pages.lead_in))
    app.before_request(voice_pages.allow_recordings)
    # What a token opens no browser sends by itself.
    csrf = CSRFProtect(app)
    app.before_request(own_address.once)
    app.teardown_request(own_address.end_turn)
    app.after_request(own_address.lead_to_it)
    app.after_request(access.note_deed)
    app.after_request(protect)
    for area in AREAS:
        app.register_blueprint(area.pages)
    for programs in (api, slots_api, recordings_api, copies_api):
        csrf.exempt(programs.pages)
        app.register_api(programs.pages)
    language.teach_languages(app, settings.web.language_of_browser)
    _teach_wording(app, settings, clock)
    _answer_errors(app)
    app.wsgi_app = OwnFormsOnly(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _teach_wording(app: Flask, settings: Settings, clock: Clock) -> None:
    app.jinja_env.bytecode_cache = CompiledPages(Path(app.root_path) / "__pycache__")
    paths = {rule.rule.rstrip("/") or "/" for rule in app.url_map.iter_rules()}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        seconds=wording.say_seconds, moment=lambda moment: wording.say_moment(moment, clock.now())
    )
    app.jinja_env.globals.update(
        station_name=settings.station.name,
        longest_text=settings.station.longest_text,
        longest_frame=notice_form.LONGEST_FRAME,
        severities=wording.SEVERITIES,
        signals=wording.SIGNALS,
        framed=bool(settings.station.opening or settings.station.closing),
        outcomes=labels.OUTCOMES,
        called=labels.called,
        why=labels.why,
        may=access.may,
        bar_now=bar.on_page,
        role_names=people_pages.ROLES,
        paths=paths,
        mistakes=mistakes.found,
        carried=carrying.carried,
        new_id=new_id,
        why_login=carrying.told,
        drafting=drafting,
        navigation={path: label for path, label in NAVIGATION.items() if path in paths},
    )


def _answer_errors(app: Flask) -> None:
    for code in SENTENCES:
        app.register_error_handler(code, partial(_answer_http_error, code))
    app.register_error_handler(CSRFError, _answer_stale_form)
    app.register_error_handler(BroadcasterError, _answer_expected_error)


def _answer_stale_form(error: CSRFError) -> ResponseReturnValue:
    """What it said is there, for who has logged in anew since the page was made."""
    if access.who():
        carrying.begin()
    return _error_page(400, _(STALE_FORM))


def _answer_http_error(code: int, error: Exception) -> ResponseReturnValue:
    """Also for a fault of our own: Flask logs its traceback and hands it on as a 500. What only forms
    lead to is no page to come back to: its address leads to the one above."""
    if code == 405 and request.method == "GET" and not _asked_by_program():
        return redirect(request.script_root + own_address.nearest_page(request.path), 303)
    return _error_page(code, _(SENTENCES[code]))


def _answer_expected_error(error: BroadcasterError) -> ResponseReturnValue:
    logger.warning("网页上的 %s %s 没有做成：%s", request.method, request.path, error)
    if _asked_by_program():
        return refusal(error)
    return _error_page(503, str(error))


def _error_page(code: int, sentence: str) -> ResponseReturnValue:
    if _asked_by_program():
        return problem(code, sentence)
    # Not read from a form that may be what was wrong.
    g.setdefault("carried", {})
    return render_template("error.html", code=code, sentence=sentence), code


def _asked_by_program() -> bool:
    return request.path.startswith(("/api/", "/metrics"))
