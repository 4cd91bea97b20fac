"""A form on somebody else's site, sent by a browser that is logged in here.

SameSite keeps its cookie back: so it would look like one of who has to log in again, and the cookie of
the answer would take the place of his.
"""

from urllib.parse import urlsplit

from flask import Response, current_app, request

from broadcaster.web.language import N_, _

FOREIGN = N_("这一下是从别的网站来的，没有算数，什么也没有做。要做的话，请自己打开首页再做。")
READS = ("GET", "HEAD", "OPTIONS")


def is_foreign() -> bool:
    """Whether what asks for a change says that it stood on another site."""
    sent_by = request.headers.get("Origin") or request.headers.get("Referer", "")
    other = urlsplit(sent_by).hostname != urlsplit(request.host_url).hostname
    return request.method not in READS and bool(sent_by) and other


def turn_away() -> Response | None:
    """Before each request, first; what has a cookie has to show the token of our forms."""
    cookie = current_app.session_interface.get_cookie_name(current_app)
    if not is_foreign() or cookie in request.cookies or "Authorization" in request.headers:
        return None
    return Response(_(FOREIGN), 403, content_type="text/plain; charset=utf-8")
