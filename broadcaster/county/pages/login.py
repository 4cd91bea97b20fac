"""The pages of the first start, login, logout, and one's own password."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.core.errors import AccountRefused
from broadcaster.county.pages import after_login
from broadcaster.county.pages.base import access, carried_forms

pages = Blueprint("account", __name__, template_folder="templates")


@pages.get("/start")
def start() -> ResponseReturnValue:
    if not access.pages().parts.officers.one_time_code():
        return redirect(url_for("account.login"), 303)
    return render_template("office/start.html")


@pages.post("/start")
def make_account() -> ResponseReturnValue:
    form = request.form
    try:
        if form.get("password", "") != form.get("again", ""):
            raise AccountRefused("两次写的密码不一样，请再写一遍。")
        officer = access.pages().parts.officers.create_first(
            *(form.get("code", ""), form.get("name", ""), form.get("password", "")),
            access.address(),
        )
    except AccountRefused as error:
        page = render_template("office/start.html", problem=str(error), name=form.get("name", ""))
        return page, 400
    access.pages().parts.audit.note(officer.name, "建第一个账号", "", access.address())
    access.let_in(officer)
    return after_login.go_on("")


@pages.get("/login")
def login() -> ResponseReturnValue:
    if access.pages().parts.officers.one_time_code():
        return redirect(url_for("account.start"), 303)
    return render_template("office/login.html", to=request.args.get("to", ""))


@pages.post("/login")
def check_password() -> ResponseReturnValue:
    parts, form = access.pages().parts, request.form
    name, kept = form.get("name", "").strip(), carried_forms.from_text(form.get("carried", ""))
    page = {"name": name, "to": form.get("to", ""), "carried": kept}
    try:
        officer = parts.officers.check(name, form.get("password", ""), access.address())
    except AccountRefused as error:
        return render_template("office/login.html", problem=str(error), **page), 429
    parts.audit.note(name[:20], "登录" if officer else "登录失败", "", access.address())
    if officer is None:
        problem = "名字或密码不对，请再试一次。"
        return render_template("office/login.html", problem=problem, **page), 401
    access.let_in(officer)
    return after_login.resume(kept, kept.remarks) if kept else after_login.go_on(form.get("to", ""))


@pages.post("/logout")
def logout() -> ResponseReturnValue:
    access.end_session()
    return redirect(url_for("account.login"), 303)


@pages.get("/me")
def me() -> ResponseReturnValue:
    return render_template("office/me.html", me=access.me())


@pages.post("/me")
def change_password() -> ResponseReturnValue:
    officers, name = access.pages().parts.officers, access.me().name
    try:
        if not officers.check(name, request.form.get("old", ""), access.address()):
            raise AccountRefused("现在的密码不对，没有改。")
        officers.set_password(name, request.form.get("password", "") or "-")
    except AccountRefused as error:
        return render_template("office/me.html", me=access.me(), problem=str(error)), 400
    access.let_in(officers.get(name))
    flash("密码改好了，别处的登录都退出了。")
    return redirect(url_for("account.me"), 303)
