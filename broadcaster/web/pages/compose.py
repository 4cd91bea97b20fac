"""The pages to say something: write or fill in a text, preview its script and sound, then air it."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.core.errors import BroadcasterError, TimeRefused
from broadcaster.core.model import SECTIONS, Airing, Outcome
from broadcaster.core.notice import Notice, Severity
from broadcaster.station.station import JournalRow
from broadcaster.web.base import drafts
from broadcaster.web.base.form_errors import Mistake, form_page
from broadcaster.web.base.language import _, own
from broadcaster.web.base.page_context import parts
from broadcaster.web.pages import asked_here, timetable
from broadcaster.web.pages.confirm import preview_of
from broadcaster.web.pages.notice_form import Form, Wish, confirmed, wish_of
from broadcaster.web.pages.notice_templates import NoticeTemplate, notice_templates, open_blank

SHOWN_TEXTS, LOOKED_THROUGH = 8, 60
HEARD = (Outcome.PLAYED, Outcome.CUT_SHORT)

pages = Blueprint("say", __name__, url_prefix="/say")


@pages.get("")
def write() -> ResponseReturnValue:
    """An empty form, or one with a text: of a pattern, of an earlier notice, of a recording."""
    parts().station.warm()
    asked_for = request.args
    pattern = notice_templates().get(asked_for.get("pattern", ""))
    try:
        severity = Severity(int(asked_for.get("severity", "0")))
    except ValueError:
        abort(400)
    if pattern:
        return _filled(pattern)
    if said := _earlier_notice(asked_for.get("airing", "")):
        return _form(Wish(Notice(said.text, recording=said.recording)))
    return _form(Wish(Notice(asked_for.get("text", ""), severity=severity)))


@pages.get("/pattern/<key>")
def fill(key: str) -> ResponseReturnValue:
    pattern = notice_templates().get(key) or abort(404)
    return render_template("pattern.html", pattern=pattern, words=request.args.getlist("blank"))


def _filled(pattern: NoticeTemplate) -> ResponseReturnValue:
    """The form with its words; a blank that is left open is asked for once more."""
    words = [word.strip() for word in request.args.getlist("blank")]
    if words and not all(words) and "later" not in request.args:
        label = pattern.blanks[words.index("")].label
        sentence = _("“%(label)s”还空着，请写上。", label=own(label))
        open_one = Mistake(f"blank-{words.index('') + 1}", sentence)
        return form_page("pattern.html", [open_one], pattern=pattern, words=words)
    return _form(Wish(Notice(pattern.filled(words), severity=pattern.severity)), begun=pattern.key)


@pages.post("")
def preview() -> ResponseReturnValue:
    """Keep what was written, and lead to where it is seen and heard; nothing is aired.

    What is to come again and again is a slot of the timetable, and goes on in its form.
    """
    form = request.form
    mistake = _missing_field(wish_of(form), form)
    if form.get("when") == "loop" and not mistake:
        drafts.drop(form.get("notice_id", ""))
        return timetable.begin_loop(form)
    return _lead_to_preview(form, mistake)


@pages.post("/edit")
def edit() -> ResponseReturnValue:
    wish_of(request.form)
    draft_id = drafts.keep(drafts.SAY, request.form.get("notice_id", ""), request.form)
    return redirect(url_for("say.change", draft_id=draft_id), 303)


@pages.get("/<draft_id>")
def look(draft_id: str) -> ResponseReturnValue:
    """Previews a notice: its script and what will happen. Shows the form if a field is missing, and the
    outcome if it was sent.
    """
    if airing := _aired(draft_id):
        return asked_here.result_page(airing)
    draft = drafts.find(draft_id)
    if draft is None or draft.form != drafts.SAY:
        flash(_("没有这一条，可能太久了，已经不在了。"))
        return redirect(url_for("say.write"), 303)
    form = drafts.form_of(draft)
    wish = wish_of(form)
    if mistake := _missing_field(wish, form):
        return _form(wish, form, mistake)
    return _preview(wish, form)


@pages.get("/<draft_id>/edit")
def change(draft_id: str) -> ResponseReturnValue:
    """The form of this id: as it was looked at last, or empty, for the phone may know more of it."""
    if not drafts.ID.fullmatch(draft_id):
        abort(404)
    if airing := _aired(draft_id):
        return asked_here.result_page(airing)
    parts().station.warm()
    draft = drafts.find(draft_id)
    form = drafts.form_of(draft) if draft else Form({"notice_id": draft_id})
    return _form(wish_of(form), form)


@pages.post("/fix")
def fix() -> ResponseReturnValue:
    """Keep how a word is said, and show the same text with it."""
    form = request.form
    wish = wish_of(form)
    if form.get("section", "words") not in SECTIONS:
        abort(400)
    try:
        word, said = form.get("word", "").strip(), form.get("said", "").strip()
        entry = parts().station.words.set(word, said, form.get("section", "words"))
    except BroadcasterError as error:
        return _preview(wish, form, Mistake("said", str(error)), word=word, said=said)
    flash(
        _(
            "记下了：%(word)s 念 %(said)s。再听一遍看对不对。",
            word=own(entry.word),
            said=own(entry.said),
        )
    )
    return _lead_to_preview(form)


@pages.get("/sound/<token>")
def sound(token: str) -> ResponseReturnValue:
    """The preview's sound as one WAV; a part of it for browsers that ask so (Safari always does)."""
    heard = parts().station.rehearsals.hear(token) or abort(404)
    answer = Response(heard.sound, mimetype="audio/wav")
    answer.content_length = heard.size
    return answer.make_conditional(request, accept_ranges=True, complete_length=heard.size)


@pages.post("/air")
def air() -> ResponseReturnValue:
    """Air exactly what was shown. An id airs once: with other words it is shown anew."""
    form = request.form
    wish = wish_of(form)
    known = _aired(wish.notice.id)
    if known and not _says_the_same(known, form):
        flash(_("这一条改过了，还没有播。请再看一遍。"))
        return _lead_to_preview(form)
    try:
        airing = confirmed(wish.notice, wish.due_at)
    except BroadcasterError as error:
        drafts.keep(drafts.SAY, wish.notice.id, form)
        return _form(wish, form, _refused(error))
    _set_apart(wish.notice)
    drafts.finish(wish.notice.id, airing.id)
    return redirect(url_for("air.home"), 303)


def _lead_to_preview(form: Form, mistake: Mistake | None = None) -> ResponseReturnValue:
    draft_id, field = form.get("notice_id", ""), mistake.field if mistake else None
    known = _aired(draft_id)
    if known is None or not _says_the_same(known, form):
        if known:
            drafts.forget_here(draft_id)
        draft_id = drafts.keep(drafts.SAY, "" if known else draft_id, form)
    return redirect(url_for("say.look", draft_id=draft_id, _anchor=field), 303)


def _set_apart(sent: Notice) -> None:
    """What another phone has made of it meanwhile is a text of its own."""
    last = drafts.find(sent.id)
    if last and not last.became and last.get("text").strip() != sent.text.strip():
        drafts.keep(drafts.SAY, "", drafts.form_of(last))


def _says_the_same(airing: Airing, form: Form) -> bool:
    """True if the form says the same as the airing under its id."""
    return airing.notice.text == wish_of(form).notice.text


def _aired(notice_id: str) -> Airing | None:
    known = drafts.ID.fullmatch(notice_id)
    return parts().idempotency.known(parts().station, notice_id) if known else None


def _missing_field(wish: Wish, form: Form) -> Mistake | None:
    """The first field that still has to be filled in."""
    if not wish.notice.text:
        return Mistake("text", _("请写上要说的话。"))
    if form.get("when") == "at" and not wish.at:
        return Mistake("at", _("请写几号几点播；现在就播，请选“马上”。"))
    if form.get("when") == "loop" and not form.get("valid_until"):
        return Mistake("valid_until", _("请写循环到哪天；天天播、没有止日的，请写进时间表。"))
    if label := open_blank(wish.notice.text):
        return Mistake("text", _("“%(label)s”还空着，请写上，或者删掉。", label=own(label)))
    return None


def _refused(error: BroadcasterError) -> Mistake:
    return Mistake("at" if isinstance(error, TimeRefused) else "text", str(error))


def _form(
    wish: Wish, form: Form | None = None, mistake: Mistake | None = None, begun: str = ""
) -> ResponseReturnValue:
    """`begun` is the pattern whose words they are: a phone must not lose them either."""
    station, form = parts().station, form or Form()
    voices = [voice for voice in station.voices() if voice.ready]
    kept = drafts.find(wish.notice.id) if form else None
    return form_page(
        "say.html",
        [mistake] if mistake else [],
        draft=wish.notice,
        at=wish.at or form.get("at", ""),
        when="at" if wish.at else form.get("when", "now"),
        until=form.get("valid_until", ""),
        revision=kept.revision if kept else 0,
        begun=begun,
        voices=voices,
        patterns=notice_templates(),
        last=_recent_notices(),
        today=parts().clock.now().date(),
        unfinished=drafts.unfinished(),
    )


def _recent_notices() -> list[JournalRow]:
    """The last notices that can be said again: each text once, and each recording that still exists."""
    try:
        rows = [row for row in parts().station.history(LOOKED_THROUGH) if _is_repeatable(row)]
    except BroadcasterError:
        return []
    recordings = any(row.notice.recording for row in rows) and parts().station.recordings.all()
    kept = {"", *(one.key for one in recordings or ())}
    each: dict[tuple[str, str], JournalRow] = {}
    for row in rows:
        if row.notice.recording in kept:
            each.setdefault((row.text, row.notice.recording), row)
    return list(each.values())[:SHOWN_TEXTS]


def _is_repeatable(row: JournalRow) -> bool:
    return row.outcome in HEARD and bool(row.text) and not row.notice.talk


def _earlier_notice(airing_id: str) -> Notice | None:
    """The whole of it: the list of what was said knows only the start."""
    row = parts().station.past(airing_id) if airing_id else None
    return row.notice if row and not row.notice.talk else None


def _preview(
    wish: Wish, form: Form, mistake: Mistake | None = None, **words: str
) -> ResponseReturnValue:
    try:
        shown = preview_of(wish.notice, wish.due_at)
    except BroadcasterError as error:
        return _form(wish, form, _refused(error))
    return form_page(
        "confirm.html",
        [mistake] if mistake else [],
        wish=wish,
        notice=wish.notice,
        shown=shown,
        sections=SECTIONS,
        **words,
    )
