"""The page that a form was answered with, at an address of its own."""

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.county import access

pages = Blueprint("answer", __name__, url_prefix="/answer")
GONE = "这一页已经不在了。刚才的事可能已经做好了，请回首页看看，不用再做一遍。"


@pages.get("/<key>")
def one(key: str) -> ResponseReturnValue:
    found, who = access.answers().find(key), access.who()
    if found is None:
        return render_template("error.html", code=404, sentence=GONE), 404
    if found.officer is not None and who is None:
        return redirect(url_for("account.login", to=request.path), 303)
    if found.officer is not None and who and found.officer != who.number:
        abort(403)
    return Response(found.page, found.status, content_type="text/html; charset=utf-8")


def give_address(response: Response) -> Response:
    """After each request, last: a form that was answered with a page leads to it."""
    ours = request.method == "POST" and request.endpoint != "village.away"
    if not ours or response.mimetype != "text/html" or 300 <= response.status_code < 400:
        return response
    who = access.who()
    page = response.get_data()
    if key := access.answers().keep(page, response.status_code, who.number if who else None):
        response.status_code = 303
        response.headers["Location"] = url_for("answer.one", key=key)
        response.set_data(b"")
    return response
