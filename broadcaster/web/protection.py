"""What every answer says to the browser: nothing from outside, no script in the page, nothing kept."""

from flask import Response, request

HTTP_PORT, HTTPS_PORT = 80, 443
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def protect(response: Response) -> Response:
    """After each request."""
    response.headers.update(HEADERS)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def stay_with_https(response: Response) -> Response:
    """After each request of a site at the usual two ports: the browser asks over http no more. With
    others it would ask for TLS at the port of http, and find none (RFC 6797, 8.3)."""
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
