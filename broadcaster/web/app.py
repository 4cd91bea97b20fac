"""Builds the Flask app of the village page over the station that it is given."""

import logging
from functools import partial
from pathlib import Path

from flask import Flask, Response, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from flask_wtf.csrf import CSRFError, CSRFProtect

from broadcaster import __version__
from broadcaster.core import labels
from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError
from broadcaster.core.notice import new_id
from broadcaster.core.project_folders import ENDED_SESSIONS, SESSION_KEY
from broadcaster.settings.schema import Settings
from broadcaster.station.station_contract import StationContract
from broadcaster.web.api import (
    endpoints,
    exports,
    monitor,
    recordings,
    slots,
    sounds,
)
from broadcaster.web.api.problem_details import Json, ProblemOut, problem, refusal, wrong_request
from broadcaster.web.base import (
    access,
    air_bar,
    carried_forms,
    drafts,
    form_errors,
    language,
    post_redirect_get,
    sound_shelf,
    wording,
)
from broadcaster.web.base.ended_sessions import EndedSessions
from broadcaster.web.base.language import N_, _
from broadcaster.web.base.page_context import PageContext, parts
from broadcaster.web.base.phone_cookie import PhoneSessions
from broadcaster.web.base.template_cache import CompiledPages
from broadcaster.web.pages import (
    audit_log,
    compose,
    journal,
    lexicon,
    live_talk,
    login,
    my_account,
    notice_form,
    on_air,
    people,
    recording,
    sound_cards,
    sound_library,
    timetable,
    tokens,
    unfinished,
)
from broadcaster.web.server.compression import compress
from broadcaster.web.server.security_headers import OwnFormsOnly, protect
from broadcaster.web.server.session_key import load_session_key

logger = logging.getLogger(__name__)

LONGEST_BODY = 1024 * 1024
SESSION_SECONDS = 30 * 24 * 3600

AREAS = (
    *(login, on_air, compose, recording, lexicon, timetable, journal),
    *(live_talk, my_account, sound_cards, people, tokens, audit_log, monitor, language),
    unfinished,
    sound_library,
)

# The places at the foot of every page, as far as there are pages there.
NAVIGATION = {
    "/": N_("首页"),
    "/timetable": N_("时间表"),
    "/sounds": N_("节目"),
    "/record": N_("记录"),
    "/more": N_("更多"),
}

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
OTHER_LOGIN = N_("打开这一页以后又登录过，或者换了人，刚才那一下没有算数。请回首页再来一次。")


def create_app(station: StationContract, settings: Settings) -> Flask:
    """The page of one station."""
    app = OpenAPI(
        __name__,
        info=Info(title="broadcaster", version=__version__),
        security_schemes={"token": {"type": "http", "scheme": "bearer"}},
        doc_ui=False,
        validation_error_model=ProblemOut,
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
    app.extensions["broadcaster"] = PageContext(
        station, settings, clock, EndedSessions(settings.paths.state / ENDED_SESSIONS)
    )
    app.json = Json(app)
    app.session_interface = PhoneSessions()
    # Before the form is read for its token: who has not logged in sends nothing long.
    app.before_request(post_redirect_get.show_again)
    app.before_request(partial(access.check_access, login.lead_in))
    app.before_request(recording.allow_recordings)
    # What a token opens no browser sends by itself.
    csrf = CSRFProtect(app)
    app.before_request(post_redirect_get.handle_once)
    app.teardown_request(post_redirect_get.end_turn)
    # What is registered first comes last.
    app.after_request(compress)
    app.after_request(_look_anew)
    app.after_request(post_redirect_get.lead_to_it)
    app.after_request(access.note_in_audit)
    app.after_request(protect)
    for area in AREAS:
        app.register_blueprint(area.pages)
    for programs in (endpoints, slots, recordings, sounds, exports):
        csrf.exempt(programs.pages)
        app.register_api(programs.pages)
    language.teach_languages(app, settings.web.language_of_browser)
    _teach_wording(app, settings, clock)
    _answer_errors(app)
    app.wsgi_app = OwnFormsOnly(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _look_anew(response: Response) -> Response:
    if request.method == "POST":
        parts().live.look_anew()
    return response


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
        more_fields=notice_form.MORE_FIELDS,
        severities=wording.SEVERITIES,
        signals=wording.SIGNALS,
        framed=bool(settings.station.opening or settings.station.closing),
        outcomes=labels.OUTCOMES,
        called=labels.called,
        sound_called=labels.sound_called,
        say_place=labels.say_place,
        why=labels.why,
        may=access.may,
        bar_now=air_bar.on_page,
        sound_shelf=sound_shelf.SoundShelf,
        role_names=people.ROLES,
        paths=paths,
        mistakes=form_errors.mistakes,
        carried=carried_forms.carried,
        new_id=new_id,
        why_login=carried_forms.why_login,
        drafting=drafts,
        navigation={path: label for path, label in NAVIGATION.items() if path in paths},
    )


def _answer_errors(app: Flask) -> None:
    for code in SENTENCES:
        app.register_error_handler(code, partial(_answer_http_error, code))
    app.register_error_handler(CSRFError, _answer_stale_form)
    app.register_error_handler(BroadcasterError, _answer_expected_error)


def _answer_stale_form(error: CSRFError) -> ResponseReturnValue:
    """Answers a form whose page is older than the login; its words are kept."""
    if access.who():
        carried_forms.begin()
        return _error_page(400, _(OTHER_LOGIN))
    return _error_page(400, _(STALE_FORM))


def _answer_http_error(code: int, error: Exception) -> ResponseReturnValue:
    """Also for a fault of our own: Flask logs its traceback and hands it on as a 500. What only forms
    lead to is no page to come back to: its address leads to the one above."""
    if code == 405 and request.method == "GET" and not _asked_by_program():
        return redirect(request.script_root + post_redirect_get.nearest_page(request.path), 303)
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
