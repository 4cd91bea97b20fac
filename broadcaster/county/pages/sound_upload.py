"""Takes the sound that is sent along with a form, a recording or that of a column, within what one
officer may send a day.
"""

from collections.abc import Iterator
from functools import partial

from flask import request

from broadcaster.county.notices.draft import DraftRefused
from broadcaster.county.notices.recordings import NO_ADDRESS, SignedRecording
from broadcaster.county.pages.base import access
from broadcaster.county.pages.base.form_values import Form

PIECE_BYTES = 256 * 1024
COLUMN = "column"
# By what a form sends: the field of the file, and how people call it.
FILES = {"sound": ("recording", "录音"), COLUMN: ("programme", "节目")}


def sound_of(form: Form) -> SignedRecording | None:
    """The sound that a form carries on from before, if it is of the kind that the form sends now."""
    kind = form.get("form", "")
    found = access.sounds().find(form.get("sound", "")) if kind in FILES else None
    return found if found and access.sounds().is_of_column(found) == (kind == COLUMN) else None


def sent_along(title: str) -> SignedRecording | None:
    """The sound of this request's form, a new one or that of before; None where it sends words.

    Raises `BroadcasterError`.
    """
    kind = request.form.get("form", "")
    if kind not in FILES:
        return None
    if not access.pages().settings.fetched_from:
        raise DraftRefused(NO_ADDRESS)
    field, called = FILES[kind]
    sent = request.files.get(field)
    if not sent or not sent.filename:
        if known := sound_of(request.form):
            return known
        raise DraftRefused(f"还没有选{called}文件，请选一个。", field)
    pieces: Iterator[bytes] = iter(partial(sent.stream.read, PIECE_BYTES), b"")
    parts, who, sounds = access.pages().parts, access.me().name, access.sounds()
    parts.upload_limits.check(who)
    if kind == COLUMN:
        sound = sounds.take_sound(pieces, sent.filename)
    else:
        sound = sounds.take(pieces, title)
    if parts.upload_limits.note(who, sound.size):
        parts.audit.note(who, "录音交得太多", "一天 150 兆，今天不再收他的", access.address())
    return sound
