"""Serves recordings to boxes, without a login, because a box has no session; each by the digest that was
signed.
"""

from flask import Blueprint, abort, send_file
from flask.typing import ResponseReturnValue

from broadcaster.county.pages.base import access

pages = Blueprint("sounds", __name__, url_prefix="/sound")


@pages.get("/<sha256>.flac")
def give(sha256: str) -> ResponseReturnValue:
    sounds = access.sounds()
    sound = sounds.find(sha256) or abort(404)
    return send_file(sounds.path(sound).absolute(), mimetype="audio/flac", conditional=True)
