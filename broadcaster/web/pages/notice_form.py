"""Reads a notice from a form of the page, and writes it back into one."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from flask import abort, flash, session
from werkzeug.datastructures import MultiDict

from broadcaster.core.errors import NoticeRefused
from broadcaster.core.model import Airing
from broadcaster.core.notice import Notice, Way, as_texts, kind_of, read, settable, typed
from broadcaster.core.piece import Piece, PieceKind
from broadcaster.studio.sound_library import is_key
from broadcaster.web.base.language import _
from broadcaster.web.base.page_context import parts
from broadcaster.web.pages import asked_here

# What a phone's page shows whole.
LONGEST_FRAME = 60
# What the templates draw by hand; any other field is drawn by its type.
DRAWN = {
    "text",
    "severity",
    "opening",
    "closing",
    "repeats",
    "pace",
    "chime",
    "voice",
    "recording",
    "style",
    "beats_per_minute",
}
MORE_FIELDS = [
    (name, spec, kind_of(shape).__name__)
    for name, (spec, shape, _default) in settable(Way.FORM).items()
    if name not in DRAWN
]
NOTICE_ID = re.compile("[0-9a-f]{12}")

Form = MultiDict[str, str]


@dataclass(frozen=True)
class Wish:
    """A notice that somebody wants aired; `at` is the time as the form has it, "" for now."""

    notice: Notice
    at: str = ""

    @property
    def due_at(self) -> datetime | None:
        """Aware, in the station's zone; None for now."""
        zone = parts().settings.station.zone
        return datetime.fromisoformat(self.at).replace(tzinfo=zone) if self.at else None

    @property
    def fields(self) -> dict[str, str]:
        """The hidden fields of a form that shows the notice and no longer asks for it."""
        frame = "none" if self.notice.opening == "" else ""
        when = "at" if self.at else "now"
        own = {"notice_id": self.notice.id, "frame": frame, "when": when, "at": self.at}
        sound = {"sound": self.sound, "text": self.notice.title} if self.sound else {}
        return as_texts(self.notice, settable(Way.FORM)) | own | sound

    @property
    def sound(self) -> str:
        """The key of the sound that it is in place of words, or ""."""
        return self.notice.pieces[0].source if self.notice.pieces else ""


def moment_of(form: Form) -> str:
    """The time as the form has it, "" for now; an invalid one is a bad request. Quiet hours that have
    ended while somebody read the page delay nothing any more.
    """
    waits = form.get("after_quiet", "")
    at = waits or (form.get("at", "") if form.get("when") == "at" else "")
    try:
        due_at = Wish(Notice(""), at).due_at
    except ValueError:
        abort(400)
    return "" if waits and due_at and due_at <= parts().clock.now() else at


def wish_of(form: Form) -> Wish:
    """The notice in the form; a form that no page of ours made is a bad request."""
    notice_id = form.get("notice_id", "")
    if notice_id and not NOTICE_ID.fullmatch(notice_id):
        abort(400)
    try:
        notice = read(typed(form, settable(Way.FORM)), Way.FORM)
    except NoticeRefused:
        abort(400)
    if form.get("frame") == "none":
        notice = replace(notice, opening="", closing="")
    if sound := form.get("sound"):
        notice = _of_sound(notice, sound)
    return Wish(replace(notice, id=notice_id) if notice_id else notice, moment_of(form))


def _of_sound(notice: Notice, key: str) -> Notice:
    """A sound of the library alone; the words of its form are its title."""
    if not is_key(key):
        abort(400)
    return replace(notice, text="", title=notice.text, pieces=(Piece(PieceKind.AUDIO, key),))


def confirmed(notice: Notice, at: datetime | None = None) -> Airing:
    """Announce what somebody confirmed, and say on his home page how it stands from then on; a second
    tap airs nothing a second time.

    Raises as `Station.announce`; then it may be tried again.
    """
    airing, known = parts().idempotency.announce(parts().station, notice, session["name"], at)
    asked_here.follow(airing)
    if known:
        flash(_("这一条刚才已经确认过了，没有重复播出。"))
    elif not airing.kept:
        flash(_("已安排，但磁盘写不进去：停电就没有了。"))
    return airing
