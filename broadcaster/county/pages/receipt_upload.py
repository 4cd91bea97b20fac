"""The page to upload receipts from a stick: files or an archive, treated as if they had come over the
network.
"""

from collections.abc import Iterator

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from broadcaster.county.board.receipt_import import (
    LARGEST_ARCHIVE,
    ReceiptsUnreadable,
    import_receipts,
    in_upload,
)
from broadcaster.county.pages.base import access
from broadcaster.county.villages.usb_folder import gather, zipped

pages = Blueprint("receipts", __name__, template_folder="templates", url_prefix="/more/receipts")


@pages.get("")
def home() -> ResponseReturnValue:
    return render_template("office/receipts.html", problem="")


@pages.post("")
def take() -> ResponseReturnValue:
    parts = access.pages().parts
    try:
        done = import_receipts(parts.database, parts.clock, _files())
        if not done.receipts:
            raise ReceiptsUnreadable(done.sentence)
    except ReceiptsUnreadable as error:
        return render_template("office/receipts.html", problem=str(error)), 400
    access.about(f"{done.genuine}/{done.receipts} 份")
    flash(done.sentence)
    return redirect(url_for("receipts.home"), 303)


@pages.get("/stick.zip")
def stick() -> ResponseReturnValue:
    """The folder for the other way, to be unpacked onto a stick."""
    parts, office = access.pages().parts, access.sounds().office
    made = zipped(gather(office, parts.database, parts.county, parts.clock.now()))
    return send_file(made, "application/zip", as_attachment=True, download_name="cb.zip")


def _files() -> Iterator[bytes]:
    for sent in request.files.getlist("files"):
        if sent.filename:
            yield from in_upload(sent.filename, sent.stream.read(LARGEST_ARCHIVE + 1))
