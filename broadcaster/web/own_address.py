"""POST, 303, GET: a page that a form is answered with has an address of its own, where back, forward and
reload find it again."""

from flask import Response, current_app, g, redirect, request, session
from werkzeug.exceptions import HTTPException

from broadcaster.errors import BroadcasterError
from broadcaster.web import access, mistakes
from broadcaster.web.answers import LONGEST_KEPT, Answer
from broadcaster.web.parts import parts
from broadcaster.web.protection import protect

KEY = "answer"


def lead_to_it(response: Response) -> Response:
    """After each request."""
    if not _is_page_of_a_form(response):
        return response
    page = response.get_data()
    if len(page) > LONGEST_KEPT:
        return response
    try:
        key = parts().answers.keep(Answer(_owner(), page, response.status_code))
    except BroadcasterError:
        return response
    fields = [one.field for one in mistakes.found()]
    field = f"#{fields[0]}" if fields else ""
    leading = redirect(f"{request.script_root}{request.path}?{KEY}={key}{field}", 303)
    assert isinstance(leading, Response)
    return protect(leading)


def show_again() -> Response | None:
    """Before each request; what is not there any more leads on to the page of that address."""
    if request.method != "GET" or KEY not in request.args:
        return None
    found = parts().answers.find(request.args[KEY], _owner())
    return Response(found.page, found.status, mimetype="text/html") if found else None


def nearest_page(path: str) -> str:
    """Of what a form leads to and nobody can open: the page above it."""
    adapter = current_app.url_map.bind("")
    while path not in ("", "/"):
        path = path.rpartition("/")[0]
        try:
            adapter.match(path or "/", "GET")
        except HTTPException:
            continue
        return path or "/"
    return "/"


def _is_page_of_a_form(response: Response) -> bool:
    page = response.mimetype == "text/html" and not response.is_streamed
    return request.method == "POST" and page and response.location is None and not g.get("silent")


def _owner() -> str:
    """Who has not logged in is known by the token of his forms."""
    person = access.who()
    return f"{person.name} {person.stamp}" if person else str(session.get("csrf_token", ""))
