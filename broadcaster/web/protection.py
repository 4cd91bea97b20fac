"""What every answer says to the browser: nothing from outside, no script in the page, nothing kept."""

from flask import Response, request

HTTP_PORT, HTTPS_PORT = 80, 443
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'; frame-ancestors "
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


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
