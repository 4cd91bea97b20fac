"""The pages of the first start, of login by password or by the PIN of a known phone, and of logout."""

from flask import (
    Blueprint,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from broadcaster.core.errors import AccountRefused
from broadcaster.core.people import Person
from broadcaster.web.base import access, carried_forms, phone_cookie
from broadcaster.web.base.form_errors import Mistake, about, form_page
from broadcaster.web.base.language import N_, _
from broadcaster.web.base.page_context import parts
from broadcaster.web.pages import asked_here, live_talk

pages = Blueprint("account", __name__)


@pages.get("/start")
def start() -> ResponseReturnValue:
    return _redirect_elsewhere(first=True) or render_template("start.html")


@pages.post("/start")
def make_account() -> ResponseReturnValue:
    if elsewhere := _redirect_elsewhere(first=True):
        return elsewhere
    name = request.form.get("name", "").strip()
    password = request.form.get("password", "")
    try:
        if password != request.form.get("again", ""):
            raise AccountRefused(_("两次写的密码不一样，请再写一遍。"))
        code, address = request.form.get("code", ""), access.address()
        person = parts().station.accounts.create(code, name, password, address)
    except AccountRefused as error:
        code = request.form.get("code", "")
        mistake = about(str(error), "code", 两次="again", 密码="password", 名字="name")
        return form_page("start.html", [mistake], name=name, code=code)
    _note_login(person.name, N_("建第一个账号"))
    access.let_in(person)
    flash(_("账号建好了，以后用这个名字和密码登录。"))
    return redirect(url_for("air.home"), 303)


def lead_in() -> ResponseReturnValue:
    """Leads somebody without a session to the login, with his destination or his words."""
    if "frame" in request.args:
        return redirect(url_for("air.bar"), 303)
    if parts().station.accounts.needs_account():
        return redirect(url_for("account.start"), 303)
    carried_forms.begin()
    if request.method == "GET" or request.headers.get("Accept") == "application/json":
        return redirect(url_for("account.login", back=carried_forms.carried().get("back")), 303)
    return _login_page(), 401


@pages.get("/login")
def login() -> ResponseReturnValue:
    return _redirect_elsewhere(first=False) or _login_page("password" in request.args)


@pages.post("/login/by/<any(pin, password):how>")
def choose_way(how: str) -> ResponseReturnValue:
    """The other page, with what this one carries."""
    return _redirect_elsewhere(first=False) or _login_page(how == "password")


@pages.post("/login")
def check_password() -> ResponseReturnValue:
    if elsewhere := _redirect_elsewhere(first=False):
        return elsewhere
    name = request.form.get("name", "").strip()
    try:
        person = parts().station.accounts.check(name, request.form.get("password", ""), access.address())
    except AccountRefused as error:
        return _refused("login.html", str(error), 429, name=name)
    if person:
        return _let_in(person, asked_here.BY_PASSWORD)
    _note_login(name, N_("登录失败"))
    return _refused("login.html", _("名字或密码不对，请再试一次。"), 401, name=name)


@pages.post("/login/pin")
def check_pin() -> ResponseReturnValue:
    station, key = parts().station, phone_cookie.read()
    phone = station.phones.find(key)
    owner = phone.owner if phone else ""
    try:
        person = station.phones.check(key, request.form.get("pin", ""))
    except AccountRefused as error:
        if owner:
            _note_login(owner, N_("PIN 登录失败"))
        page = _refused("login.html", str(error), 429 if owner else 401, name=owner)
        return phone_cookie.forget(make_response(page))
    if person:
        return _let_in(person, asked_here.BY_PIN)
    _note_login(owner, N_("PIN 登录失败"))
    return _refused("pin.html", _("PIN 不对，请再试一次。"), 401, owner=owner)


@pages.post("/login/on")
def write_on() -> ResponseReturnValue:
    """Somebody has logged in anew since his form was made: on with what it said."""
    return carried_forms.land()


@pages.post("/logout")
def logout() -> ResponseReturnValue:
    live_talk.leave()
    access.end_session()
    return redirect(url_for("account.login"), 303)


def _login_page(by_password: bool = False) -> str:
    phone = parts().station.phones.find(phone_cookie.read())
    if phone and not by_password:
        return render_template("pin.html", owner=phone.owner)
    return render_template("login.html", phone=phone)


def _refused(template: str, sentence: str, code: int, **shown: str) -> ResponseReturnValue:
    field = "pin" if template == "pin.html" else "password"
    page, _status = form_page(template, [Mistake(field, sentence)], **shown)
    return page, code


def _let_in(person: Person, by: str) -> ResponseReturnValue:
    carried = carried_forms.carried()
    access.let_in(person)
    asked_here.follow_missed(person.name)
    _note_login(person.name, by)
    g.carried = carried
    return carried_forms.land()


def _redirect_elsewhere(first: bool) -> ResponseReturnValue | None:
    """Before there is an account only `/start` leads in, and after it only `/login`."""
    if access.who() and request.method == "GET":
        return redirect(url_for("air.home"), 303)
    if parts().station.accounts.needs_account() is not first:
        return redirect(url_for("account.login" if first else "account.start"), 303)
    return None


def _note_login(who: str, what: str) -> None:
    parts().station.deeds.note(who[:20], what, "", access.address())
