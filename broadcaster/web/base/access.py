"""Access rules of the village page: one table of all endpoints, checked before each request and logged
after it.

An endpoint that is not in the table is open to nobody.
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, abort, g, request, session
from flask.typing import ResponseReturnValue

from broadcaster.core.people import Person, Role, Scope, Token
from broadcaster.web.base.language import N_
from broadcaster.web.base.page_context import parts
from broadcaster.web.server.tls import is_loopback

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class AccessRule:
    """The right that an endpoint needs: a role, or for programs a token's scope, or `open` to everybody.

    `deed` is its name in the audit log, and `about` the field or part of the address that says more. A
    `silent` address is requested by a script, which gets 401 instead of being led to the login.
    """

    role: Role | None = None
    scope: Scope | None = None
    open: bool = False
    silent: bool = False
    deed: str = ""
    about: str = ""


OPEN = AccessRule(open=True)
LOOK = AccessRule(Role.VIEWER)
WRITE = AccessRule(Role.EDITOR)
DO = AccessRule(Role.SECRETARY)
READ = AccessRule(scope=Scope.READ)

RULES = {
    "static": OPEN,
    "language.choose": OPEN,
    "account.start": OPEN,
    "account.make_account": OPEN,
    "account.login": OPEN,
    "account.check_password": OPEN,
    "account.check_pin": OPEN,
    "account.choose_way": OPEN,
    "account.write_on": LOOK,
    "account.logout": LOOK,
    "air.home": LOOK,
    "air.live": AccessRule(Role.VIEWER, silent=True),
    "air.stream": AccessRule(Role.VIEWER, silent=True),
    "air.seen": LOOK,
    "say.write": WRITE,
    "say.fill": WRITE,
    "say.look": WRITE,
    "say.change": WRITE,
    "say.preview": WRITE,
    "say.edit": WRITE,
    "say.fix": AccessRule(Role.EDITOR, deed=N_("改读音"), about="word"),
    "say.sound": LOOK,
    "say.air": AccessRule(Role.SECRETARY, deed=N_("播出"), about="text"),
    "voice.home": WRITE,
    "voice.take": AccessRule(Role.EDITOR, deed=N_("录音")),
    "voice.use": WRITE,
    "voice.remove": AccessRule(Role.EDITOR, deed=N_("删录音"), about="key"),
    "sounds.home": LOOK,
    "sounds.one": LOOK,
    "sounds.file": LOOK,
    "sounds.take": AccessRule(Role.EDITOR, deed=N_("传声音"), about="about"),
    "sounds.begin": AccessRule(Role.EDITOR, silent=True),
    "sounds.append": AccessRule(Role.EDITOR, silent=True),
    "sounds.finish": AccessRule(Role.EDITOR, silent=True, deed=N_("传声音"), about="about"),
    "sounds.drop": WRITE,
    "sounds.rename": AccessRule(Role.EDITOR, deed=N_("给声音改名"), about="about"),
    "sounds.replace": AccessRule(Role.EDITOR, deed=N_("换声音"), about="about"),
    "sounds.ask_remove": WRITE,
    "sounds.remove": AccessRule(Role.EDITOR, deed=N_("删声音"), about="about"),
    "sounds.restore": AccessRule(Role.EDITOR, deed=N_("恢复声音"), about="about"),
    "talk.home": DO,
    "talk.begin": AccessRule(Role.SECRETARY, silent=True, deed=N_("现场讲话"), about="about"),
    "talk.take": AccessRule(Role.SECRETARY, silent=True),
    "talk.end": AccessRule(Role.SECRETARY, silent=True),
    "air.resume_loops": AccessRule(Role.SECRETARY, deed=N_("恢复循环")),
    "air.confirm_clock": AccessRule(Role.SECRETARY, deed=N_("说钟是对的")),
    "air.set_volume": AccessRule(Role.SECRETARY, deed=N_("调音量"), about="volume"),
    "air.bar": OPEN,
    "air.stop": AccessRule(Role.SECRETARY, deed=N_("停播")),
    "air.skip": AccessRule(Role.SECRETARY, deed=N_("跳过一段")),
    "air.go_on": AccessRule(Role.SECRETARY, deed=N_("接着播")),
    "air.ask_cancel": DO,
    "air.cancel": AccessRule(Role.SECRETARY, deed=N_("取消播出"), about="airing_id"),
    "words.home": LOOK,
    "words.sound": LOOK,
    "words.edit": WRITE,
    "words.listen": WRITE,
    "words.save": AccessRule(Role.EDITOR, deed=N_("改读音"), about="word"),
    "words.remove": AccessRule(Role.EDITOR, deed=N_("删读音"), about="word"),
    "timetable.home": LOOK,
    "timetable.one": LOOK,
    "timetable.new": WRITE,
    "timetable.change": WRITE,
    "timetable.arrange": WRITE,
    "timetable.check": WRITE,
    "timetable.look": WRITE,
    "timetable.edit": WRITE,
    "unfinished.home": WRITE,
    "unfinished.drop": WRITE,
    "unfinished.take_back": WRITE,
    # What is saved will be aired by itself.
    "timetable.save": AccessRule(Role.SECRETARY, deed=N_("排节目"), about="name"),
    "timetable.pause": AccessRule(Role.SECRETARY, deed=N_("停节目"), about="name"),
    "timetable.remove": AccessRule(Role.SECRETARY, deed=N_("删节目"), about="name"),
    "timetable.restore": AccessRule(Role.SECRETARY, deed=N_("恢复节目"), about="name"),
    "record.home": LOOK,
    "record.journal": LOOK,
    "record.notice": LOOK,
    "record.paper": LOOK,
    "record.ask_again": DO,
    "record.again": AccessRule(Role.SECRETARY, deed=N_("再播"), about="text"),
    "record.usb": LOOK,
    "record.copy": LOOK,
    "record.made": LOOK,
    "record.file": LOOK,
    "me.more": LOOK,
    "me.home": LOOK,
    "me.change_password": AccessRule(Role.VIEWER, deed=N_("改自己的密码")),
    "me.set_pin": AccessRule(Role.VIEWER, deed=N_("给手机设 PIN")),
    "me.forget_phone": AccessRule(Role.VIEWER, deed=N_("取消手机的 PIN")),
    "cards.home": DO,
    "cards.use": AccessRule(Role.SECRETARY, deed=N_("选声卡"), about="card"),
    "people.home": DO,
    "people.person": DO,
    "people.add": AccessRule(Role.SECRETARY, deed=N_("加人员"), about="name"),
    "people.set_role": AccessRule(Role.SECRETARY, deed=N_("改身份"), about="about"),
    "people.reset": AccessRule(Role.SECRETARY, deed=N_("重设密码"), about="about"),
    "people.remove": AccessRule(Role.SECRETARY, deed=N_("删人员"), about="about"),
    "tokens.home": DO,
    "tokens.make": AccessRule(Role.SECRETARY, deed=N_("建令牌"), about="name"),
    "tokens.remove": AccessRule(Role.SECRETARY, deed=N_("删令牌"), about="about"),
    "deeds.home": DO,
    "monitor.healthz": OPEN,
    "monitor.metrics": AccessRule(scope=Scope.METRICS),
    "api.openapi": OPEN,
    "api.status": READ,
    "api.upcoming": READ,
    "api.history": READ,
    "api.voices": READ,
    "api.script": READ,
    "api.words": READ,
    "api.set_word": AccessRule(scope=Scope.WORDS, deed=N_("改读音"), about="word"),
    "api.remove_word": AccessRule(scope=Scope.WORDS, deed=N_("删读音"), about="word"),
    "api.announce": AccessRule(scope=Scope.AIR, deed=N_("播出"), about="text"),
    "api.cancel": AccessRule(scope=Scope.AIR, deed=N_("取消播出"), about="airing_id"),
    "api.stop": AccessRule(scope=Scope.AIR, deed=N_("停播")),
    "api.skip": AccessRule(scope=Scope.AIR, deed=N_("跳过一段")),
    "api.resume_loops": AccessRule(scope=Scope.AIR, deed=N_("恢复循环")),
    "api.volume": READ,
    "api.set_volume": AccessRule(scope=Scope.AIR, deed=N_("调音量")),
    "slots_api.slots": READ,
    "slots_api.preview": READ,
    "slots_api.keep": AccessRule(scope=Scope.AIR, deed=N_("排节目"), about="name"),
    "slots_api.remove": AccessRule(scope=Scope.AIR, deed=N_("删节目"), about="name"),
    "slots_api.pause": AccessRule(scope=Scope.AIR, deed=N_("停节目"), about="name"),
    "slots_api.go_on": AccessRule(scope=Scope.AIR, deed=N_("停节目"), about="name"),
    "copies_api.order": READ,
    "copies_api.copy": READ,
    "copies_api.file": READ,
    "recordings_api.recordings": READ,
    "recordings_api.take": AccessRule(scope=Scope.AIR, deed=N_("录音")),
    "recordings_api.remove": AccessRule(scope=Scope.AIR, deed=N_("删录音"), about="key"),
    "sounds_api.sounds": READ,
    "sounds_api.take": AccessRule(scope=Scope.AIR, deed=N_("传声音"), about="about"),
    "sounds_api.remove": AccessRule(scope=Scope.AIR, deed=N_("删声音"), about="key"),
    "sounds_api.restore": AccessRule(scope=Scope.AIR, deed=N_("恢复声音"), about="key"),
}

FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


def check_access(lead_in: Callable[[], ResponseReturnValue]) -> ResponseReturnValue | None:
    """Before each request; where there is no such page, Flask says so. `lead_in` answers who has not
    logged in."""
    if request.endpoint is None:
        return None
    rule = RULES.get(request.endpoint)
    if rule is None:
        logger.error("%s 没有写谁能打开，谁也打不开：程序有错，请告诉开发的人", request.endpoint)
        abort(403)
    g.silent = rule.silent
    if rule.scope:
        return _check_token(rule.scope)
    if rule.open:
        return None
    person = who()
    if rule.role and person and person.role.covers(rule.role):
        g.by = person.name
        return None
    if person:
        abort(403)
    return Response(status=401) if rule.silent else lead_in()


def who() -> Person | None:
    """The person whose session this is; a session that was logged out, or whose password was
    changed since, has ended."""
    if "person" not in g:
        found = parts().station.accounts.find(str(session["name"])) if "name" in session else None
        if "name" in session and (found is None or not _goes_on(found)):
            session.clear()
            found = None
        g.person = found
    person: Person | None = g.person
    return person


def _goes_on(person: Person) -> bool:
    is_ended = session.get("id") in parts().ended_sessions
    return person.stamp == session.get("stamp") and not is_ended


def me() -> Person:
    """The same behind a rule that lets only people in."""
    person = who()
    if person is None:
        abort(403)
    return person


def token() -> Token:
    """The token of a program that a rule has let in."""
    found: Token = g.token
    return found


def may(endpoint: str) -> bool:
    """True if the person may use the endpoint: pages leave out links that he may not."""
    role, person = RULES[endpoint].role, who()
    return bool(role and person and person.role.covers(role))


def let_in(person: Person) -> None:
    """Begin a session."""
    session.clear()
    session["name"], session["stamp"] = person.name, person.stamp
    session["id"] = secrets.token_urlsafe(12)
    session.permanent = True
    g.person = person


def end_session() -> None:
    """Also for whoever has a copy of its cookie."""
    if session_id := session.get("id"):
        parts().ended_sessions.end(str(session_id))
    session.clear()


def address() -> str:
    return request.remote_addr or ""


def note_in_audit(response: Response) -> Response:
    """After each request: what was done is written down, with whom and from where."""
    rule = RULES.get(request.endpoint or "")
    if rule and rule.deed and "by" in g and response.status_code < 400:
        parts().station.deeds.note(g.by, rule.deed, _about(rule.about), address())
    return response


def _about(field: str) -> str:
    if field == "about":
        return str(g.get("about", ""))
    if field in (request.view_args or {}):
        return str((request.view_args or {})[field])
    body = request.get_json(silent=True) if request.is_json else None
    return str(body.get(field, "") if isinstance(body, dict) else request.form.get(field, ""))


def _check_token(needed: Scope) -> ResponseReturnValue | None:
    if needed is Scope.METRICS and _asked_from_this_machine():
        return None
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    found = parts().station.tokens.find(key.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        if key:
            _note_wrong_token()
        abort(401)
    if not found.scope.covers(needed):
        abort(403)
    g.token, g.by = found, f"令牌 {found.name}"
    return None


def _note_wrong_token() -> None:
    """A program that has a wrong one asks with it again and again."""
    if parts().wrong_tokens.allow(address(), parts().clock.monotonic()):
        parts().station.deeds.note("", N_("令牌不对"), request.path, address())


def _asked_from_this_machine() -> bool:
    """Not for somebody else: what a proxy on this machine hands on comes from there too."""
    return is_loopback(address()) and not any(name in request.headers for name in FORWARDED)
