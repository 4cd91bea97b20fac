"""Say something: write or fill in a text, see and hear it as it will sound, then air it."""

from dataclasses import replace
from datetime import datetime

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.errors import BroadcasterError
from broadcaster.manner import settle
from broadcaster.model import SECTIONS, Notice, Script, Severity
from broadcaster.web import timetable_pages, wording
from broadcaster.web.hindrance import hindrance
from broadcaster.web.language import _, own
from broadcaster.web.notice_form import Wish, confirmed, wish_of_form
from broadcaster.web.parts import parts
from broadcaster.web.patterns import open_blank, patterns

SHOWN_TEXTS, LOOKED_THROUGH = 8, 60

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
    if request.form.get("when") == "loop":
        return timetable_pages.begin_loop(request.form)
    wish = wish_of_form()
    problem = _what_is_open(wish)
    return (_form(wish.notice, wish.at, problem), 400) if problem else _rehearsal(wish)


def _what_is_open(wish: Wish) -> str:
    """A sentence on what is still to be filled in, or ""."""
    if request.form.get("when") == "at" and not wish.at:
        return _("请写几号几点播；现在就播，请选“马上”。")
    label = open_blank(wish.notice.text)
    return _("“%(label)s”还空着，请写上，或者删掉。", label=own(label)) if label else ""


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


def _form(draft: Notice, at: str = "", problem: str = "") -> str:
    station = parts().station
    voices = [voice for voice in station.voices() if voice.ready]
    return render_template(
        "say.html",
        draft=draft,
        at=at,
        later=bool(at) or request.form.get("when") == "at",
        problem=problem,
        voices=voices,
        patterns=patterns(),
        last=_last_texts(),
        today=parts().clock.now().date(),
    )


def _last_texts() -> list[str]:
    """What was said last, each text once."""
    try:
        rows = parts().station.history(LOOKED_THROUGH)
    except BroadcasterError:
        return []
    return list(dict.fromkeys(row.text for row in rows if row.text))[:SHOWN_TEXTS]


def _rehearsal(wish: Wish, **told: str) -> ResponseReturnValue:
    station, settled = parts().station, settle(wish.notice, parts().settings)
    try:
        station.warm()
        keeps_quiet = station.why_not(settled, wish.due_at)
        script = Script(()) if settled.recording else station.script(replace(settled, repeats=1))
        token = station.rehearsals.start(wish.notice)
    except BroadcasterError as error:
        return _form(wish.notice, wish.at, str(error)), 400
    return render_template(
        "confirm.html",
        wish=wish,
        notice=wish.notice,
        script=script,
        verses=station.rehearsals.rhymes(script),
        sentence=_what_happens(wish, settled, script, token),
        keeps_quiet=keeps_quiet,
        until=None if keeps_quiet else _valid_until(wish),
        hindrance=hindrance(wish.due_at),
        token=token,
        sections=SECTIONS,
        **told,
    )


def _valid_until(wish: Wish) -> datetime | None:
    """How late one that is planned may still be heard."""
    from broadcaster.station import LIVE_LATENESS

    return wish.due_at and wish.due_at + LIVE_LATENESS


def _what_happens(wish: Wish, settled: Notice, script: Script, token: str) -> str:
    """With the seconds that it will really take, where it is made by now."""
    station = parts().station
    seconds = station.rehearsals.seconds(token)
    length = wording.Length(
        wording.estimate_seconds(script, settled, parts().settings.station)
        if seconds is None
        else seconds,
        exact=seconds is not None,
    )
    titles = {voice.name: voice.title for voice in station.voices()}
    by = _("录音") if settled.recording else own(titles.get(settled.voice or "", ""))
    when = wording.say_moment(wish.due_at, parts().clock.now()) if wish.due_at else ""
    return wording.say_what_happens(settled, length, station.status(), parts().clock.now(), by, when)
