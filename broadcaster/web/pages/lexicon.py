"""The lexicon's pages: the list, one word, and its sound before it is saved."""

import re
from io import BytesIO

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from broadcaster.core.errors import BroadcasterError
from broadcaster.core.model import SECTIONS, Entry
from broadcaster.web.base.form_errors import Mistake, form_page
from broadcaster.web.base.language import _, own
from broadcaster.web.base.page_context import parts
from broadcaster.web.base.paging import paged

KEY = re.compile("[0-9a-f]{40}")

pages = Blueprint("words", __name__, url_prefix="/words")


@pages.get("")
def home() -> ResponseReturnValue:
    entries = paged(sorted(parts().station.words.entries(), key=_place))
    return render_template("words.html", entries=entries, sections=SECTIONS)


def _place(entry: Entry) -> int:
    return list(SECTIONS).index(entry.section)


@pages.get("/edit")
def edit() -> ResponseReturnValue:
    """One word with its reading, if it has one; the voice gets ready meanwhile."""
    parts().station.warm()
    word, section = request.args.get("word", ""), request.args.get("section", "words")
    entry = _find(section, word) or Entry("words", "", "")
    if (said := request.args.get("said")) and section in SECTIONS:
        entry = Entry(section, word, said)
    return _word_page(entry.word, entry.said, entry.section)


@pages.post("/listen")
def listen() -> ResponseReturnValue:
    word, said, section = _entry_of_form()
    try:
        heard = parts().station.words.listen(word, said, section)
    except BroadcasterError as error:
        return _word_page(word, said, section, _mistake(word, error))
    return _word_page(word, said, section, sound=heard.key, sounded=heard.sounded)


@pages.post("/save")
def save() -> ResponseReturnValue:
    word, said, section = _entry_of_form()
    try:
        entry = parts().station.words.set(word, said, section)
    except BroadcasterError as error:
        return _word_page(word, said, section, _mistake(word, error))
    flash(
        _(
            "记下了：%(word)s 念 %(said)s。用到它的通知会重新做。",
            word=own(entry.word),
            said=own(entry.said),
        )
    )
    return redirect(url_for("words.home"), 303)


@pages.post("/remove")
def remove() -> ResponseReturnValue:
    word, said, section = _entry_of_form()
    try:
        parts().station.words.remove(word, section)
    except BroadcasterError as error:
        return _word_page(word, said, section, _mistake(word, error))
    flash(_("删掉了：%(word)s，又照原来的念了。", word=own(word)))
    return redirect(url_for("words.home"), 303)


@pages.get("/sound/<key>")
def sound(key: str) -> ResponseReturnValue:
    """The word's sound; a part of it for browsers that ask so (Safari always does)."""
    path = parts().station.words.sound(key) if KEY.fullmatch(key) else None
    try:
        content = path.read_bytes() if path else b""
    except OSError:
        content = b""
    if not content:
        abort(404)
    return send_file(BytesIO(content), mimetype="audio/flac", conditional=True)


def _entry_of_form() -> tuple[str, str, str]:
    section = request.form.get("section", "words")
    if section not in SECTIONS:
        abort(400)
    return request.form.get("word", "").strip(), request.form.get("said", "").strip(), section


def _mistake(word: str, error: BroadcasterError) -> Mistake:
    return Mistake("said" if word else "word", str(error))


def _word_page(
    word: str,
    said: str,
    section: str,
    mistake: Mistake | None = None,
    sound: str = "",
    sounded: str = "",
) -> ResponseReturnValue:
    return form_page(
        "word.html",
        [mistake] if mistake else [],
        word=word,
        said=said,
        section=section,
        sections=SECTIONS,
        known=_find(section, word) is not None,
        sound=sound,
        sounded=sounded,
    )


def _find(section: str, word: str) -> Entry | None:
    entries = parts().station.words.entries()
    return next((entry for entry in entries if (entry.section, entry.word) == (section, word)), None)
