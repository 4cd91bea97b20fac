"""Reads a notice from a form of the page, and writes it back into one."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from flask import abort, flash, session
from werkzeug.datastructures import MultiDict

from broadcaster.core.model import (
    FASTEST,
    FASTEST_TEMPO,
    MOST_REPEATS,
    SLOWEST,
    SLOWEST_TEMPO,
    Airing,
    Notice,
    Severity,
    Signal,
    Style,
)
from broadcaster.web.base.language import _
from broadcaster.web.base.page_context import parts
from broadcaster.web.pages import asked_here

LONGEST_FRAME = 60
NOTICE_ID = re.compile("[0-9a-f]{12}")
RECORDING = re.compile("[0-9a-f]{32}")

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
        notice = self.notice
        return {
            "notice_id": notice.id,
            "text": notice.text,
            "severity": str(notice.severity.value),
            "repeats": str(notice.repeats or ""),
            "chime": notice.chime.value if notice.chime else "",
            "frame": "none" if notice.opening == "" else "",
            "opening": notice.opening or "",
            "closing": notice.closing or "",
            "pace": str(notice.pace or ""),
            "beats_per_minute": str(notice.beats_per_minute or ""),
            "voice": notice.voice or "",
            "style": notice.style.value,
            "recording": notice.recording,
            "when": "at" if self.at else "now",
            "at": self.at,
        }


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
    repeats, chime, notice_id = form.get("repeats"), form.get("chime"), form.get("notice_id", "")
    pace, beats = form.get("pace"), form.get("beats_per_minute")
    try:
        notice = Notice(
            form.get("text", "").replace("\r\n", "\n").strip(),
            severity=Severity(int(form.get("severity", "0"))),
            repeats=int(repeats) if repeats else None,
            chime=Signal(chime) if chime else None,
            voice=form.get("voice") or None,
            style=Style(form.get("style", "")),
            opening=form.get("opening", "").strip() or None,
            closing=form.get("closing", "").strip() or None,
            pace=float(pace) if pace else None,
            beats_per_minute=int(beats) if beats else None,
            recording=form.get("recording", ""),
        )
    except ValueError:
        abort(400)
    _check(notice, notice_id)
    if form.get("frame") == "none":
        notice = replace(notice, opening="", closing="")
    return Wish(replace(notice, id=notice_id) if notice_id else notice, moment_of(form))


def confirmed(notice: Notice, at: datetime | None = None) -> Airing:
    """Announce what somebody confirmed, and say on his home page how it stands from then on; a second
    tap airs nothing a second time.

    Raises as `Station.announce`; then it may be tried again.
    """
    airing, known = parts().once.announce(parts().station, notice, session["name"], at)
    asked_here.follow(airing)
    if known:
        flash(_("这一条刚才已经确认过了，没有重复播出。"))
    elif not airing.kept:
        flash(_("已安排，但磁盘写不进去：停电就没有了。"))
    return airing


def _check(notice: Notice, notice_id: str) -> None:
    if notice.repeats is not None and not 1 <= notice.repeats <= MOST_REPEATS:
        abort(400)
    if notice.pace is not None and not SLOWEST <= notice.pace <= FASTEST:
        abort(400)
    if not SLOWEST_TEMPO <= (notice.beats_per_minute or SLOWEST_TEMPO) <= FASTEST_TEMPO:
        abort(400)
    if max(len(notice.opening or ""), len(notice.closing or "")) > LONGEST_FRAME:
        abort(400)
    if notice_id and not NOTICE_ID.fullmatch(notice_id):
        abort(400)
    if notice.recording and not RECORDING.fullmatch(notice.recording):
        abort(400)
