"""Unsent forms by their ids: stored at the box once they were looked at, and visible to their owner
alone.
"""

import hashlib
import re

from flask import session, url_for
from werkzeug.datastructures import MultiDict

from broadcaster.core.notice import new_id
from broadcaster.station.station import FormDraft
from broadcaster.web.base import access
from broadcaster.web.base.page_context import parts

SAY, SLOT = "say", "slot"
ID_FIELDS = {SAY: "notice_id", SLOT: "draft_id"}
PLACES = {SAY: "say.change", SLOT: "timetable.edit"}
ID = re.compile("[0-9a-f]{12}")
# Of no use to who comes back, or nobody else's business.
LEFT_OUT = re.compile("csrf_token|.*password|pin|old|new|again|code")
WRITTEN = {"text", "blank", "name", "recording", "lead", "piece_source"}
# As many ids fit into a cookie beside the rest.
MOST_SENT, KEY = 10, "sent"

Form = MultiDict[str, str]


def fields_of(form: Form) -> tuple[tuple[str, str], ...]:
    pairs = form.items(multi=True)
    return tuple((name, value) for name, value in pairs if not LEFT_OUT.fullmatch(name))


def form_of(draft: FormDraft) -> Form:
    form = MultiDict(draft.fields)
    form[ID_FIELDS[draft.form]] = draft.id
    return form


def keep(form: str, draft_id: str, fields: Form) -> str:
    """The id under which it is kept; another one where this one has been sent already."""
    known = find(draft_id)
    if not ID.fullmatch(draft_id):
        draft_id = new_id()
    elif known and (known.became or known.form != form):
        forget_here(draft_id)
        draft_id = new_id()
    parts().station.drafts.keep(access.me().number, draft_id, form, fields_of(fields))
    return draft_id


def find(draft_id: str) -> FormDraft | None:
    return parts().station.drafts.find(access.me().number, draft_id)


def unfinished() -> list[FormDraft]:
    """His own, the last first; a form in which nothing was written is none."""
    person = access.who()
    return [one for one in parts().station.drafts.of(person.number) if _is_begun(one)] if person else []


def _is_begun(draft: FormDraft) -> bool:
    return any(name in WRITTEN and value.strip() for name, value in draft.fields)


def finish(draft_id: str, became: str) -> None:
    """It was sent; this phone forgets its copy when it sees the next page."""
    parts().station.drafts.finish(access.me().number, draft_id, became)
    forget_here(draft_id)


def drop(draft_id: str) -> None:
    parts().station.drafts.drop(access.me().number, draft_id)
    forget_here(draft_id)


def take_back(draft_id: str) -> None:
    """The phone may have a copy of it again."""
    parts().station.drafts.take_back(access.me().number, draft_id)
    session[KEY] = [one for one in sent_here() if one != draft_id]


def forget_here(draft_id: str) -> None:
    session[KEY] = [*(one for one in sent_here() if one != draft_id), draft_id][-MOST_SENT:]


def sent() -> list[str]:
    """The ids of what this phone has sent or dropped, and `id:revision` of what another has, below 0 of
    what it dropped.
    """
    person, here = access.who(), sent_here()
    elsewhere = parts().station.drafts.sent(person.number) if person else {}
    others = (f"{one}:{revision}" for one, revision in elsewhere.items() if one not in here)
    return [*here, *others]


def sent_here() -> list[str]:
    kept = session.get(KEY)
    return [str(one) for one in kept] if isinstance(kept, list) else []


def owner() -> str:
    """By what a phone knows whose copies it keeps."""
    person = access.who()
    known = f"{person.number} {person.name}" if person else ""
    return known and hashlib.sha256(known.encode()).hexdigest()[:12]


def address(draft: FormDraft) -> str:
    """The address of the page on which the form goes on."""
    return url_for(PLACES[draft.form], draft_id=draft.id)
