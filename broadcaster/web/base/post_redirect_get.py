"""POST, 303, GET: gives the page that answers a form an address of its own, so back, forward and reload
find it again.
"""

import hashlib

from flask import Response, current_app, g, redirect, request, session
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from broadcaster.core.errors import BroadcasterError
from broadcaster.web.base import access, form_errors
from broadcaster.web.base.page_context import parts
from broadcaster.web.server.security_headers import protect

KEY = "answer"
# What a second one of cannot be undone by whoever did not see the first.
MADE_ONCE = ("people.add", "people.reset", "tokens.make")


def handle_once() -> ResponseReturnValue | None:
    """Before each request: what a form makes is made once, and a second tap on it sees the page of the
    first. The same words in a form that was given anew are another wish."""
    if request.endpoint not in MADE_ONCE:
        return None
    g.turn = parts().handled_forms.turn
    g.turn.acquire()
    said = repr([_owner(), request.path, *request.form.items(multi=True)])
    g.form = hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()
    place = parts().handled_forms.place_of(g.form)
    return redirect(place, 303) if place else None


def end_turn(_error: BaseException | None = None) -> None:
    """Releases the form's lock at the end of the request."""
    if turn := g.pop("turn", None):
        turn.release()


def lead_to_it(response: Response) -> Response:
    """After each request."""
    leading = _lead(response)
    if leading.location and "form" in g:
        parts().handled_forms.lead(g.form, leading.location)
    return leading


def _lead(response: Response) -> Response:
    if not _is_page_of_a_form(response):
        return response
    page, monotonic = response.get_data(), parts().clock.monotonic()
    try:
        key = parts().answers.keep(page, response.status_code, _owner(), monotonic)
    except BroadcasterError:
        return response
    if not key:
        return response
    fields = [one.field for one in form_errors.mistakes()]
    field = f"#{fields[0]}" if fields else ""
    leading = redirect(f"{request.script_root}{request.path}?{KEY}={key}{field}", 303)
    assert isinstance(leading, Response)
    return protect(leading)


def show_again() -> Response | None:
    """Before each request; what is not there any more leads on to the page of that address."""
    if request.method != "GET" or KEY not in request.args:
        return None
    found = parts().answers.find(request.args[KEY])
    ours = found is not None and found.owner == _owner()
    return Response(found.page, found.status, mimetype="text/html") if found and ours else None


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
    rule = access.RULES.get(request.endpoint or "")
    of_program = rule is not None and rule.scope is not None
    of_script = g.get("silent") or request.headers.get("Accept") == "application/json"
    is_answer = request.method == "POST" and response.location is None
    return is_answer and page and not of_program and not of_script


def _owner() -> str:
    """The person who is logged in, or the CSRF token of whoever is not."""
    person = access.who()
    return f"{person.name} {person.stamp}" if person else str(session.get("csrf_token", ""))
