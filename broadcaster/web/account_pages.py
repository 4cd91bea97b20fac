"""First start, login and logout."""

from flask import Blueprint, Response, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from broadcaster.errors import AccountRefused
from broadcaster.web.parts import parts

pages = Blueprint("account", __name__)


def require_login() -> ResponseReturnValue | None:
    """Before each request: only the way in is open to a person who has not logged in."""
    needs_account = parts().station.accounts.needs_account()
    way_in = url_for("account.start" if needs_account else "account.login")
    if request.endpoint in (None, "static") or request.path == way_in:
        return None
    if needs_account or "name" not in session:
        return Response(status=401) if request.endpoint == "air.live" else redirect(way_in, 303)
    return redirect(url_for("air.home"), 303) if request.endpoint == "account.start" else None


@pages.get("/start")
def start() -> ResponseReturnValue:
    return render_template("start.html")


@pages.post("/start")
def make_account() -> ResponseReturnValue:
    name = request.form.get("name", "").strip()
    password = request.form.get("password", "")
    try:
        if password != request.form.get("again", ""):
            raise AccountRefused("两次写的密码不一样，请再写一遍。")
        parts().station.accounts.create(request.form.get("code", ""), name, password)
    except AccountRefused as error:
        return render_template("start.html", problem=str(error), name=name), 400
    flash("账号建好了，以后用这个名字和密码登录。")
    return _let_in(name)


@pages.get("/login")
def login() -> ResponseReturnValue:
    return render_template("login.html")


@pages.post("/login")
def check_password() -> ResponseReturnValue:
    name = request.form.get("name", "").strip()
    try:
        right = parts().station.accounts.check(name, request.form.get("password", ""))
    except AccountRefused as error:
        return render_template("login.html", problem=str(error), name=name), 429
    if right:
        return _let_in(name)
    return render_template("login.html", problem="名字或密码不对，请再试一次。", name=name), 401


@pages.post("/logout")
def logout() -> ResponseReturnValue:
    session.clear()
    return redirect(url_for("account.login"), 303)


def _let_in(name: str) -> ResponseReturnValue:
    session["name"] = name
    session.permanent = True
    return redirect(url_for("air.home"), 303)
