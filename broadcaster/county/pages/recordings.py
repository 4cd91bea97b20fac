"""Serves recordings and sounds of columns to boxes, without a login, because a box has no session; each
by the digest that was signed.
"""

from flask import Blueprint, abort, send_file
from flask.typing import ResponseReturnValue

from broadcaster.county.pages.base import access

pages = Blueprint("sounds", __name__, url_prefix="/sound")


@pages.get("/<sha256>.sound")
@pages.get("/<sha256>.flac")
def give(sha256: str) -> ResponseReturnValue:
    sounds = access.sounds()
    sound = sounds.find(sha256) or abort(404)
    kind = "application/octet-stream" if sounds.is_of_column(sound) else "audio/flac"
    return send_file(sounds.path(sound).absolute(), mimetype=kind, conditional=True)
