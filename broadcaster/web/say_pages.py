"""Say something: write or fill in a text, see and hear it as it will sound, then air it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.errors import BroadcasterError
from broadcaster.model import SECTIONS, Notice, Outcome, Severity
from broadcaster.web import timetable_pages
from broadcaster.web.language import _, own
from broadcaster.web.notice_form import Wish, confirmed, wish_of_form
from broadcaster.web.parts import parts
from broadcaster.web.patterns import open_blank, patterns
from broadcaster.web.rehearsing import rehearse as rehearsed

if TYPE_CHECKING:
    from broadcaster.station import JournalRow

SHOWN_TEXTS, LOOKED_THROUGH = 8, 60
HEARD = (Outcome.PLAYED, Outcome.CUT_SHORT)

pages = Blueprint("say", __name__, url_prefix="/say")


@pages.get("")
def write() -> ResponseReturnValue:
    """An empty form, or one with a text: of a pattern, of an earlier notice."""
    parts().station.warm()
    asked = request.args
    pattern = patterns().get(asked.get("pattern", ""))
    try:
        severity = Severity(int(asked.get("severity", "0")))
    except ValueError:
        abort(400)
    if pattern:
        return _form(Notice(pattern.filled(asked.getlist("blank")), severity=pattern.severity))
    if said := _said_before(asked.get("airing", "")):
        return _form(Notice(said.text, recording=said.recording))
    return _form(Notice(asked.get("text", ""), severity=severity))


@pages.get("/pattern/<key>")
def fill(key: str) -> ResponseReturnValue:
    pattern = patterns().get(key) or abort(404)
    return render_template("pattern.html", pattern=pattern)


@pages.get("/edit")
@pages.get("/air")
@pages.get("/fix")
def again() -> ResponseReturnValue:
    """What a form leads to is not a place to come back to: a reload by its address leads here."""
    return redirect(url_for("say.write"), 303)


@pages.post("")
def rehearse() -> ResponseReturnValue:
    """Show the text as it will be spoken, let it be heard, say what will happen; nothing is aired.

    What is to come again and again is a slot of the timetable, and goes on in its form.
    """
    wish = wish_of_form()
    field, problem = _what_is_open(wish)
    if problem:
        return _form(wish.notice, wish.at, problem, field), 400
    if request.form.get("when") == "loop":
        return timetable_pages.begin_loop(request.form)
    return _rehearsal(wish)


def _what_is_open(wish: Wish) -> tuple[str, str]:
    """The field that is still to be filled in, and a sentence on it; both "" if there is none."""
    form = request.form
    if form.get("when") == "at" and not wish.at:
        return "at", _("请写几号几点播；现在就播，请选“马上”。")
    if form.get("when") == "loop" and not form.get("valid_until"):
        return "until", _("请写循环到哪天；天天播、没有止日的，请写进时间表。")
    label = open_blank(wish.notice.text)
    return "text", _("“%(label)s”还空着，请写上，或者删掉。", label=own(label)) if label else ""


@pages.post("/edit")
def edit() -> ResponseReturnValue:
    wish = wish_of_form()
    return _form(wish.notice, wish.at)


@pages.post("/fix")
def fix() -> ResponseReturnValue:
    """Keep how a word is said, and show the same text with it."""
    wish, form = wish_of_form(), request.form
    if form.get("section", "words") not in SECTIONS:
        abort(400)
    try:
        word, said = form.get("word", "").strip(), form.get("said", "").strip()
        entry = parts().station.words.set(word, said, form.get("section", "words"))
    except BroadcasterError as error:
        return _rehearsal(wish, wrong_word=str(error), word=word, said=said)
    return _rehearsal(
        wish,
        fixed=_(
            "记下了：%(word)s 念 %(said)s。再听一遍看对不对。",
            word=own(entry.word),
            said=own(entry.said),
        ),
    )


@pages.get("/sound/<token>")
def sound(token: str) -> ResponseReturnValue:
    """What is rehearsed, as one WAV; a part of it for browsers that ask so (Safari always does)."""
    heard = parts().station.rehearsals.hear(token) or abort(404)
    answer = Response(heard.sound, mimetype="audio/wav")
    answer.content_length = heard.size
    return answer.make_conditional(request, accept_ranges=True, complete_length=heard.size)


@pages.post("/air")
def air() -> ResponseReturnValue:
    wish = wish_of_form()
    try:
        confirmed(wish.notice, wish.due_at)
    except BroadcasterError as error:
        return _form(wish.notice, wish.at, str(error)), 400
    return redirect(url_for("air.home"), 303)


def _form(draft: Notice, at: str = "", problem: str = "", field: str = "text") -> str:
    """`field` is where the problem is."""
    station, form = parts().station, request.form
    voices = [voice for voice in station.voices() if voice.ready]
    return render_template(
        "say.html",
        draft=draft,
        at=at,
        when="at" if at else form.get("when", "now"),
        until=form.get("valid_until", ""),
        problem=problem,
        field=field,
        voices=voices,
        patterns=patterns(),
        last=_last_said(),
        today=parts().clock.now().date(),
    )


def _last_said() -> list[JournalRow]:
    """What was heard last and can be said again: each text once, and each recording that is kept."""
    try:
        rows = [row for row in parts().station.history(LOOKED_THROUGH) if _can_be_said_again(row)]
    except BroadcasterError:
        return []
    recordings = any(row.notice.recording for row in rows) and parts().station.recordings.all()
    kept = {"", *(one.key for one in recordings or ())}
    each: dict[tuple[str, str], JournalRow] = {}
    for row in rows:
        if row.notice.recording in kept:
            each.setdefault((row.text, row.notice.recording), row)
    return list(each.values())[:SHOWN_TEXTS]


def _can_be_said_again(row: JournalRow) -> bool:
    return row.outcome in HEARD and bool(row.text) and not row.notice.talk


def _said_before(airing_id: str) -> Notice | None:
    """The whole of it: the list of what was said knows only the start."""
    row = parts().station.past(airing_id) if airing_id else None
    return row.notice if row and not row.notice.talk else None


def _rehearsal(wish: Wish, **told: str) -> ResponseReturnValue:
    try:
        shown = rehearsed(wish.notice, wish.due_at)
    except BroadcasterError as error:
        return _form(wish.notice, wish.at, str(error)), 400
    return render_template(
        "confirm.html", wish=wish, notice=wish.notice, shown=shown, sections=SECTIONS, **told
    )
