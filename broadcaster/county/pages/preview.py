"""The pages to hear a bulletin as a village will hear it; who did is logged, and signed with the
bulletin.
"""

from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from broadcaster.bulletin.bulletin import BulletinKind
from broadcaster.core.errors import BroadcasterError
from broadcaster.county.notices.draft import Draft, DraftRefused
from broadcaster.county.pages.base import access
from broadcaster.county.pages.base.download import download
from broadcaster.county.pages.board import find_record

pages = Blueprint("listen", __name__, template_folder="templates", url_prefix="/listen")


def listening(draft: Draft) -> dict[str, Any]:
    """For `office/listen_piece.html`: its lines, its rhymes, the token of its sound, who heard it."""
    found = access.pages()
    script = found.previews.script(draft)
    token = silent = ""
    seconds: float | None = None
    try:
        if draft.sound and access.sounds().find(draft.sound.sha256) is None:
            raise DraftRefused("这个录音过了保存的期限，已经清理掉了。")
        token = found.previews.start(draft)
        seconds = found.previews.seconds(token)
        if seconds is None and draft.sound:
            seconds = draft.sound.seconds
    except BroadcasterError as error:
        # An office without a voice can send all the same; words are what a village gets.
        silent = str(error)
    return {
        "lines": script.lines,
        "verses": found.previews.rhymes(script),
        "token": token,
        "version": draft.version,
        "seconds": seconds,
        "silent": silent,
        "previews": found.parts.preview_log.of(draft.version),
    }


@pages.get("/<id>")
def one(id: str) -> ResponseReturnValue:
    """For whoever is to agree to it, or wants to know what was sent."""
    record = find_record(id)
    if record.draft.kind is BulletinKind.CANCEL:
        abort(404)
    return render_template("office/listen.html", record=record, **listening(record.draft))


@pages.get("/sound/<token>")
def sound(token: str) -> ResponseReturnValue:
    """As one WAV; a part of it for browsers that ask so (Safari always does)."""
    found = access.pages()
    heard, version = found.previews.hear(token), found.previews.version_of(token)
    if heard is None:
        abort(404)
    noted = found.parts.preview_log.noting(
        *(heard.sound, heard.size, version, access.me().name, found.previews.bytes_a_second)
    )
    answer = Response(noted, mimetype="audio/wav")
    answer.content_length = heard.size
    return answer.make_conditional(request, accept_ranges=True, complete_length=heard.size)


@pages.get("/<id>/hearings.json")
def record(id: str) -> ResponseReturnValue:
    """The list of officers who heard it before it was sent, signed by the county's key as the bulletin
    was.
    """
    record = find_record(id)
    return download(
        record.signed_previews or abort(404), "application/json", f"hearings-{record.id}.json"
    )
