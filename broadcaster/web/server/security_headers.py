"""Refuses forms from other sites, and sets the security headers of every answer: nothing from outside,
no script in the page, nothing cached.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Response, request
from werkzeug.wrappers import Request

from broadcaster.web.server.tls import Wsgi

HTTP_PORT, HTTPS_PORT = 80, 443
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'; frame-ancestors "
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
FOREIGN = "这一下是从别的网站发来的，没有算数。请在自己的网页上操作。\n".encode()


class OwnFormsOnly:
    """A WSGI application: what another site's page sends is not looked at. It would stand in a person's
    drafts as his own words, and the answer, which no cookie came with, would end his session.

    Where cookies come along (SameSite) the page was ours, whatever a proxy makes of the name, and its
    form has a token.
    """

    def __init__(self, app: Wsgi) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asked = Request(environ)
        ours = asked.method in ("GET", "HEAD") or asked.cookies or "Authorization" in asked.headers
        if ours or not sent_from_elsewhere(asked):
            return self._app(environ, start_response)
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(FOREIGN)))]
        start_response("403 Forbidden", [*headers, *HEADERS.items()])
        return [FOREIGN]


def sent_from_elsewhere(asked: Request) -> bool:
    """False too where nothing tells of it."""
    return bool(_sender(asked)) and not sent_from_here(asked)


def sent_from_here(asked: Request) -> bool:
    """By the name alone, for a form may lead from http to https; False too where nothing tells of it."""
    return urlsplit(_sender(asked)).hostname == urlsplit(asked.host_url).hostname


def _sender(asked: Request) -> str:
    """The page that it was sent from, as the browser says; "" where it says nothing."""
    return asked.headers.get("Origin") or asked.headers.get("Referer", "")


def protect(response: Response) -> Response:
    """After each request."""
    response.headers.update(HEADERS)
    # The bar stands in a frame of our own pages.
    framed = request.endpoint == "air.bar" or "frame" in request.args
    response.headers["Content-Security-Policy"] = POLICY + ("'self'" if framed else "'none'")
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def stay_with_https(response: Response) -> Response:
    """After each request of a site at the usual two ports: the browser asks over http no more. With
    others it would ask for TLS at the port of http, and find none (RFC 6797, 8.3)."""
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
