"""Carries a form through the login if it was sent after the session had ended; nothing is executed by
it.
"""

import json
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.web.base import drafts, post_redirect_get
from broadcaster.web.base.language import BACK, _
from broadcaster.web.base.page_context import parts

# A text of 10,000 characters with all that a form says beside it; what goes into an address.
LONGEST_CARRIED, LONGEST_QUERY = 64_000, 1_500

Form = drafts.Form
Pairs = tuple[tuple[str, str], ...]


def begin() -> None:
    """Note what the request said, for the login page that answers it."""
    if request.method == "GET":
        wanted = request.full_path if request.query_string else request.path
        g.carried = {"back": wanted} if request.path != "/" else {}
        return
    g.carried = {"back": _came_from(), "to": request.path}
    short = (request.content_length or 0) <= 3 * LONGEST_CARRIED
    said = json.dumps(drafts.fields_of(request.form), ensure_ascii=False) if short else ""
    if 2 < len(said) <= LONGEST_CARRIED:
        g.carried["fields"] = said


def carried() -> dict[str, str]:
    """The hidden values that forms of the page carry on."""
    if "carried" not in g:
        names = ("back", "to", "fields")
        g.carried = {name: request.values[name] for name in names if request.values.get(name)}
    found: dict[str, str] = g.carried
    return found


def why_login() -> str:
    """On the login page, why it is there."""
    if carried().get("fields"):
        return _("隔得久了，再登一次，写的字都在。")
    return _("隔得久了，请再登一次。刚才那一下没有算数，登录以后再按。") if "to" in carried() else ""


def land() -> ResponseReturnValue:
    """Leads the person back to his page, with his words."""
    said, to = _fields(carried().get("fields", "")), carried().get("to", "")
    if said:
        flash(_("写的字都在。刚才那一下没有算数，请再看一遍。"))
    if said and (take_up := TAKEN_UP.get(to)):
        return redirect(take_up(Form(said)), 303)
    back = carried().get("back", "")
    back = back if BACK.fullmatch(back) else "/"
    return redirect(request.script_root + _with(back, said), 303)


def _came_from() -> str:
    """The page that the form stood on."""
    came = urlsplit(request.referrer or "")
    path = came.path.removeprefix(request.script_root)
    if came.netloc != request.host or not BACK.fullmatch(path):
        return post_redirect_get.nearest_page(request.path)
    return f"{path}?{came.query}" if came.query else path


def _fields(text: str) -> Pairs:
    """Nobody vouches for it: it came from a browser."""
    try:
        rows = json.loads(text[:LONGEST_CARRIED]) if text else []
        return tuple((str(name), str(value)) for name, value in rows)
    except (ValueError, TypeError, RecursionError):
        return ()


def _with(back: str, said: Pairs) -> str:
    """Small forms take their words from their address."""
    path, _mark, before = back.partition("?")
    query = urlencode(said)
    if not said or len(query) > LONGEST_QUERY:
        return back
    return f"{path}?{before}&{query}" if before else f"{path}?{query}"


def _write_on(form: Form) -> str:
    draft_id = drafts.keep(drafts.SAY, form.get("notice_id", ""), form)
    return url_for("say.change", draft_id=draft_id)


def _confirm(form: Form) -> str:
    """Also where it was aired meanwhile: then its page says so."""
    draft_id = form.get("notice_id", "")
    known = drafts.ID.fullmatch(draft_id) and parts().idempotency.known(parts().station, draft_id)
    draft_id = draft_id if known else drafts.keep(drafts.SAY, draft_id, form)
    return url_for("say.look", draft_id=draft_id)


def _fill_in_slot(form: Form) -> str:
    draft_id = drafts.keep(drafts.SLOT, form.get("draft_id", ""), form)
    return url_for("timetable.edit", draft_id=draft_id)


def _check_slot(form: Form) -> str:
    return url_for("timetable.look", draft_id=form.get("draft_id", ""))


TAKEN_UP: dict[str, Callable[[Form], str]] = {
    "/say": _write_on,
    "/say/edit": _write_on,
    "/say/fix": _confirm,
    "/say/air": _confirm,
    "/timetable/check": _fill_in_slot,
    "/timetable/save": _check_slot,
}
