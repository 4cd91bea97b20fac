"""Cookies of the page: the one that identifies a known phone, and the session's, Secure under HTTPS."""

from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer

FAR_AWAY = datetime(2100, 1, 1, tzinfo=UTC)
YEAR_SECONDS = 365 * 24 * 3600


def named(name: str) -> str:
    """Over HTTPS another name: a browser lets http write over no cookie that is Secure, and cookies
    of one host are the same for all its ports. One that is for a part of a site cannot be the host's."""
    if not request.is_secure:
        return name
    return f"__Secure-{name}" if request.script_root else f"__Host-{name}"


def place() -> str:
    """The path of this page on its site: on the county's site each village has cookies of its own."""
    return request.script_root or "/"


class PatientSigner(TimestampSigner):
    """Takes also what was signed later than now: a box without a battery is behind after each start."""

    def unsign(
        self, signed_value: str | bytes, max_age: int | None = None, return_timestamp: bool = False
    ) -> Any:
        value, signed_at = super().unsign(signed_value, None, return_timestamp=True)
        age_seconds = self.get_timestamp() - signed_at.timestamp()
        if max_age is not None and age_seconds > max_age:
            raise SignatureExpired(f"{age_seconds:.0f} s old", value, signed_at)
        return (value, signed_at) if return_timestamp else value


class PhoneSessions(SecureCookieSessionInterface):
    """Flask's own, Secure where the request was; nobody is logged out by a clock that is behind.

    How old a session may be is the box's matter. A phone that is told so in a date of a box whose clock
    is years behind would throw it away at once, and nobody could log in.
    """

    def get_expiration_time(self, app: Flask, session: SessionMixin) -> datetime | None:
        return FAR_AWAY if session.permanent else None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        serializer = super().get_signing_serializer(app)
        if serializer:
            serializer.signer = PatientSigner
        return serializer

    def get_cookie_name(self, app: Flask) -> str:
        return named(super().get_cookie_name(app))

    def get_cookie_path(self, app: Flask) -> str:
        return place()

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """True if the answer may set the cookie: a script's own request (`g.silent`) may be answered
        after a logout, so it sets none.
        """
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
