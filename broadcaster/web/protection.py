"""What every answer says to the browser: nothing from outside, no script in the page, nothing kept."""

from flask import Response, request

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
