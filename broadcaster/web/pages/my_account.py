"""The pages 更多 and 我的账号: one's own password, and the PINs of one's phones."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.core.errors import AccountRefused
from broadcaster.web.base import access, phone_cookie
from broadcaster.web.base.form_errors import Mistake, about, form_page
from broadcaster.web.base.language import N_, _
from broadcaster.web.base.page_context import parts

pages = Blueprint("me", __name__, url_prefix="/more")

# What a browser says of itself; enough to tell one's own phones apart.
KINDS = {
    "MicroMessenger": N_("微信"),
    "iPhone": N_("苹果手机"),
    "iPad": N_("苹果平板"),
    "HarmonyOS": N_("鸿蒙手机"),
    "Android": N_("安卓手机"),
    "Windows": N_("电脑"),
    "Macintosh": N_("苹果电脑"),
    "Linux": N_("电脑"),
}
PHONE = N_("手机")


@pages.get("")
def more() -> ResponseReturnValue:
    return render_template("more.html", me=access.me())


@pages.get("/me")
def home() -> ResponseReturnValue:
    return _page()


@pages.post("/me/password")
def change_password() -> ResponseReturnValue:
    form, accounts = request.form, parts().station.accounts
    try:
        if form.get("new", "") != form.get("again", ""):
            raise AccountRefused(_("两次写的新密码不一样，请再写一遍。"))
        person = accounts.change_password(
            access.me().name, form.get("old", ""), form.get("new", ""), access.address()
        )
    except AccountRefused as error:
        return _page(about(str(error), "new", 两次="again", 现在的密码不对="old", 次数="old"))
    access.let_in(person)
    flash(_("密码改好了。别的手机都要重新登录，PIN 也要重新设。"))
    return redirect(url_for("me.home"), 303)


@pages.post("/me/pin")
def set_pin() -> ResponseReturnValue:
    """This phone becomes known; the one it was before is forgotten. The password is asked again, for
    who finds an open page must not make himself a way in."""
    station, me = parts().station, access.me()
    try:
        if station.accounts.check(me.name, request.form.get("password", ""), access.address()) is None:
            raise AccountRefused(_("密码不对，PIN 没有设。"))
        key = station.phones.remember(me, request.form.get("pin", ""), _kind())
    except AccountRefused as error:
        return _page(about(str(error), "pin", 密码不对="pin-password", 次数="pin-password"))
    station.phones.forget(phone_cookie.read())
    flash(_("设好了。下次在这部手机上，写 6 位数字就能登录。"))
    return phone_cookie.keep(make_response(redirect(url_for("me.home"), 303)), key)


@pages.post("/me/phones/<int:number>/forget")
def forget_phone(number: int) -> ResponseReturnValue:
    gone = parts().station.phones.forget_of(access.me(), number)
    flash(_("这部手机以后要用密码登录。") if gone else _("这部手机的 PIN 已经取消了。"))
    return redirect(url_for("me.home"), 303)


def _page(mistake: Mistake | None = None) -> ResponseReturnValue:
    station, me = parts().station, access.me()
    here = station.phones.find(phone_cookie.read())
    phones = station.phones.of(me)
    return form_page("me.html", [mistake] if mistake else [], me=me, phones=phones, here=here)


def _kind() -> str:
    said = request.headers.get("User-Agent", "")
    kinds = [kind for sign, kind in KINDS.items() if sign in said]
    wechat = KINDS["MicroMessenger"]
    device = _(next((kind for kind in kinds if kind != wechat), PHONE))
    return _("%(device)s（微信）", device=device) if wechat in kinds else device
