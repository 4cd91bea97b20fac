"""The page 令牌: keys for programs, one scope each, shown once."""

from collections.abc import Sequence

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.core.errors import AccountRefused
from broadcaster.core.people import Scope
from broadcaster.web.base import access
from broadcaster.web.base.form_errors import Mistake, form_page
from broadcaster.web.base.language import N_, _
from broadcaster.web.base.page_context import parts
from broadcaster.web.base.paging import paged

SCOPES = {
    Scope.READ: (N_("查看"), N_("看在播什么、播出记录、节目")),
    Scope.WORDS: (N_("读音"), N_("查看，还能改读音表")),
    Scope.AIR: (N_("播出"), N_("查看，还能播出、取消、停播")),
    Scope.COUNTY: (N_("县级平台"), N_("和播出一样，通知算县里的")),
    Scope.METRICS: (N_("监控"), N_("只能读 /metrics")),
}

pages = Blueprint("tokens", __name__, url_prefix="/more/tokens")


@pages.get("")
def home() -> ResponseReturnValue:
    return _page(name=request.args.get("name", ""))


@pages.post("")
def make() -> ResponseReturnValue:
    name = request.form.get("name", "")
    try:
        scope = Scope(request.form.get("scope", ""))
    except ValueError:
        abort(400)
    try:
        key = parts().station.tokens.make(name, scope, access.me().name)
    except AccountRefused as error:
        return _page([Mistake("name", str(error))], name)
    return render_template("token.html", name=name.strip(), scope=SCOPES[scope], key=key)


@pages.post("/<int:number>/remove")
def remove(number: int) -> ResponseReturnValue:
    removed = parts().station.tokens.remove(number)
    g.about = removed.name if removed else ""
    flash(_("令牌删掉了，用它的程序从现在起进不来。") if removed else _("这个令牌已经删掉了。"))
    return redirect(url_for("tokens.home"), 303)


def _page(mistakes: Sequence[Mistake] = (), name: str = "") -> ResponseReturnValue:
    tokens = paged(parts().station.tokens.all())
    return form_page("tokens.html", mistakes, tokens=tokens, scopes=SCOPES, name=name)
