"""The cookie by which a known phone is known, beside the session's; and cookies as HTTPS wants them."""

from flask import Flask, Response, g, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

YEAR_SECONDS = 365 * 24 * 3600


def named(name: str) -> str:
    """Over HTTPS another name: a browser lets http write over no cookie that is Secure, and cookies
    of one host are the same for all its ports. One that is for a part of a site cannot be the host's."""
    if not request.is_secure:
        return name
    return f"__Secure-{name}" if request.script_root else f"__Host-{name}"


def place() -> str:
    """Where of its site this page stands: on the county's, each village's cookies are its own."""
    return request.script_root or "/"


class Sessions(SecureCookieSessionInterface):
    """Flask's own, Secure where the request was."""

    def get_cookie_name(self, app: Flask) -> str:
        return named(super().get_cookie_name(app))

    def get_cookie_path(self, app: Flask) -> str:
        return place()

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """What a script asks by itself (`g.silent`) may be answered after a logout: it sets none."""
        return session.modified or (not g.get("silent") and super().should_set_cookie(app, session))


def read() -> str:
    return request.cookies.get(named("broadcaster_phone"), "")


def keep(response: Response, key: str) -> Response:
    response.set_cookie(
        named("broadcaster_phone"),
        key,
        max_age=YEAR_SECONDS,
        path=place(),
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
    return response


def forget(response: Response) -> Response:
    name = named("broadcaster_phone")
    response.delete_cookie(name, place(), secure=request.is_secure, httponly=True)
    return response
