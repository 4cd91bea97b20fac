"""Leads an officer whose session had ended back to his words after the login; nothing is executed."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from broadcaster.county.pages import compose
from broadcaster.county.pages.base import access, carried_forms
from broadcaster.county.pages.base.carried_forms import CarriedForm, endpoint_of

NOT_DONE = "刚才的“{deed}”没有做。还要做的话，请再按一次。"
STALE = "这一页放得太久，或者在别处又登录过。写的字都在，什么也没有做，也没有发。"
STALE_FORM = "页面放得太久，这次提交没有算数。请回首页再来一次。"


def go_on(wanted: str) -> ResponseReturnValue:
    """To the page that he was led away from."""
    found = wanted if endpoint_of(wanted, "GET") else url_for("board.home")
    return redirect(found, 303)


def resume(what: CarriedForm, remarks: list[str]) -> ResponseReturnValue:
    """Never does it: he sees what he wrote, and what was not done."""
    endpoint = endpoint_of(what.path, "POST")
    rule = access.RULES.get(endpoint)
    if rule is None or rule.role is None or not access.me().role.covers(rule.role):
        return go_on("")
    if what.fields and endpoint in compose.FORMS:
        for remark in remarks:
            flash(remark)
        return compose.reopen_form(what.fields)
    if what.typed:
        return render_template("office/carried.html", what=what, remarks=remarks, deed=rule.deed)
    if what.too_long or what.with_files:
        flash(remarks[-1])
    flash(NOT_DONE.format(deed=rule.deed))
    return go_on(what.back)


def answer_stale_form(error: CSRFError) -> ResponseReturnValue:
    """A form of before the login: its token is no more, its words are."""
    what = carried_forms.of_request()
    if access.who() and what:
        return resume(what, [STALE])
    if request.endpoint == "account.logout":
        return redirect(url_for("account.login"), 303)
    if request.endpoint == "account.check_password":
        form = request.form
        kept = carried_forms.from_text(form.get("carried", ""))
        page = {"carried": kept, "to": form.get("to", ""), "name": form.get("name", "")}
        return render_template("office/login.html", problem="请再登一次。", **page), 400
    return render_template("error.html", code=400, sentence=STALE_FORM), 400
