"""Gives the page that answers a form an address of its own."""

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from broadcaster.county.pages.base import access
from broadcaster.county.store.officers import Officer

pages = Blueprint("answer", __name__, url_prefix="/answer")
VISITOR = "visitor "
GONE = "这一页已经不在了。刚才的事可能已经做好了，请回首页看看，不用再做一遍。"


@pages.get("/<key>")
def one(key: str) -> ResponseReturnValue:
    found, who = access.answers().find(key), access.who()
    if found and found.owner == _owner(who):
        return Response(found.page, found.status, content_type="text/html; charset=utf-8")
    if found is None or found.owner.startswith(VISITOR):
        return render_template("error.html", code=404, sentence=GONE), 404
    if who is None:
        return redirect(url_for("account.login", to=request.path), 303)
    abort(403)


def give_address(response: Response) -> Response:
    """After each request, last: a form that was answered with a page leads to it."""
    ours = request.method == "POST" and request.endpoint != "village.away"
    if not ours or response.mimetype != "text/html" or 300 <= response.status_code < 400:
        return response
    page, monotonic = response.get_data(), access.pages().parts.clock.monotonic()
    key = access.answers().keep(page, response.status_code, _owner(access.who()), monotonic)
    if key:
        response.status_code = 303
        response.headers["Location"] = url_for("answer.one", key=key)
        response.set_data(b"")
    return response


def _owner(who: Officer | None) -> str:
    """Before the login a page is for the browser that posted: a link to it shows nobody what it says."""
    return str(who.number) if who else f"{VISITOR}{session.get('csrf_token', '')}"
