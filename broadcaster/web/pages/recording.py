"""The pages for recordings: made in the page or by the phone, listened to, then aired or stored."""

import re
from collections.abc import Iterator, Sequence
from functools import partial

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from broadcaster.core.errors import RecordingRefused
from broadcaster.core.notice import RECORDING_KEY
from broadcaster.web.base import microphone
from broadcaster.web.base.form_errors import Mistake, form_page
from broadcaster.web.base.language import _
from broadcaster.web.base.page_context import parts
from broadcaster.web.base.paging import paged
from broadcaster.web.pages.live_talk import secure_address

PIECE_BYTES = 256 * 1024
# What a form carries beside the recording.
FORM_BYTES = 64 * 1024
LARGEST_BODY = 30 * 1024 * 1024 + FORM_BYTES
LONG = frozenset({"voice.take", "recordings_api.take", "sounds.take", "sounds_api.take"})

pages = Blueprint("voice", __name__, url_prefix="/voice")


def allow_recordings() -> None:
    """Before each request: only there, and only by who has logged in, may a body be that long."""
    if request.endpoint in LONG:
        request.max_content_length = LARGEST_BODY


@pages.get("")
def home() -> ResponseReturnValue:
    return _page(title=request.args.get("title", ""))


@pages.post("/take")
def take() -> ResponseReturnValue:
    """Take a recording in; the next page lets it be heard before it is aired."""
    sent = request.files.get("recording")
    now = parts().clock.now()
    title = request.form.get("title", "").strip()[:40]
    title = title or f"{session['name']}的录音 {now.month}月{now.day}日 {now:%H:%M}"
    pieces: Iterator[bytes] = iter(partial(sent.stream.read, PIECE_BYTES), b"") if sent else iter(())
    try:
        recording = parts().station.recordings.take(pieces, title)
    except RecordingRefused as error:
        return _page([Mistake("recording", str(error))], request.form.get("title", ""))
    flash(_("录音收到了，存好了。先听一听，再决定播不播。"))
    return redirect(url_for("voice.use", key=recording.key), 303)


@pages.get("/<key>")
def use(key: str) -> ResponseReturnValue:
    """Asks how the recording is to be aired: the same form as for a text."""
    if not re.fullmatch(RECORDING_KEY, key):
        return redirect(url_for("voice.home"), 303)
    recording = parts().station.recordings.find(key)
    return render_template("recording.html", recording=recording or abort(404))


@pages.post("/remove/<key>")
def remove(key: str) -> ResponseReturnValue:
    if not re.fullmatch(RECORDING_KEY, key) or not parts().station.recordings.remove(key):
        abort(404)
    flash(_("这个录音删掉了。"))
    return redirect(url_for("voice.home"), 303)


def _page(mistakes: Sequence[Mistake] = (), title: str = "") -> ResponseReturnValue:
    recordings = paged(parts().station.recordings.all())
    return form_page(
        "voice.html",
        mistakes,
        recordings=recordings,
        title=title,
        secure_address=secure_address("/voice"),
        no_microphone=microphone.refused(),
    )
