"""First start, login by password or by the PIN of a known phone, logout."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from broadcaster.errors import AccountRefused
from broadcaster.web import access, phone_cookie, talk_pages
from broadcaster.web.language import N_, _
from broadcaster.web.parts import parts

pages = Blueprint("account", __name__)


@pages.get("/start")
def start() -> ResponseReturnValue:
    return _elsewhere(first=True) or render_template("start.html")


@pages.post("/start")
def make_account() -> ResponseReturnValue:
    if elsewhere := _elsewhere(first=True):
        return elsewhere
    name = request.form.get("name", "").strip()
    password = request.form.get("password", "")
    try:
        if password != request.form.get("again", ""):
            raise AccountRefused(_("两次写的密码不一样，请再写一遍。"))
        code, address = request.form.get("code", ""), access.address()
        person = parts().station.accounts.create(code, name, password, address)
    except AccountRefused as error:
        return render_template("start.html", problem=str(error), name=name), 400
    _note(person.name, N_("建第一个账号"))
    answer = access.let_in(person)
    flash(_("账号建好了，以后用这个名字和密码登录。"))
    return answer


@pages.get("/login")
def login() -> ResponseReturnValue:
    if elsewhere := _elsewhere(first=False):
        return elsewhere
    phone = parts().station.phones.find(phone_cookie.read())
    if phone and "password" not in request.args:
        return render_template("pin.html", owner=phone.owner)
    return render_template("login.html", phone=phone)


@pages.post("/login")
def check_password() -> ResponseReturnValue:
    if elsewhere := _elsewhere(first=False):
        return elsewhere
    name = request.form.get("name", "").strip()
    try:
        person = parts().station.accounts.check(name, request.form.get("password", ""), access.address())
    except AccountRefused as error:
        return render_template("login.html", problem=str(error), name=name), 429
    _note(name, N_("登录") if person else N_("登录失败"))
    if person:
        return access.let_in(person)
    return render_template("login.html", problem=_("名字或密码不对，请再试一次。"), name=name), 401


@pages.post("/login/pin")
def check_pin() -> ResponseReturnValue:
    station, key = parts().station, phone_cookie.read()
    phone = station.phones.find(key)
    owner = phone.owner if phone else ""
    try:
        person = station.phones.check(key, request.form.get("pin", ""))
    except AccountRefused as error:
        if owner:
            _note(owner, N_("PIN 登录失败"))
        page = render_template("login.html", problem=str(error), name=owner)
        return phone_cookie.forget(make_response(page, 429 if owner else 401))
    _note(owner, N_("PIN 登录") if person else N_("PIN 登录失败"))
    if person:
        return access.let_in(person)
    return render_template("pin.html", owner=owner, problem=_("PIN 不对，请再试一次。")), 401


@pages.post("/logout")
def logout() -> ResponseReturnValue:
    talk_pages.leave()
    session.clear()
    return redirect(url_for("account.login"), 303)


def _elsewhere(first: bool) -> ResponseReturnValue | None:
    """Before there is an account only `/start` leads in, and after it only `/login`."""
    if access.who() and request.method == "GET":
        return redirect(url_for("air.home"), 303)
    if parts().station.accounts.needs_account() is not first:
        return redirect(url_for("account.login" if first else "account.start"), 303)
    return None


def _note(who: str, what: str) -> None:
    parts().station.deeds.note(who[:20], what, "", access.address())
