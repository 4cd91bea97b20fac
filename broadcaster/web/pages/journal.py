"""The journal's pages: past airings, heard and said again; a notice for printing, for a chat group, as
MP3.
"""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import chain
from urllib.parse import quote

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue

from broadcaster.core.clock import Clock
from broadcaster.core.errors import BroadcasterError
from broadcaster.core.labels import called
from broadcaster.core.model import Outcome
from broadcaster.core.notice import Notice, Severity, new_id
from broadcaster.core.piece import Piece
from broadcaster.station.station import JournalFilter, JournalRow
from broadcaster.web.base import wording
from broadcaster.web.base.language import N_, _
from broadcaster.web.base.page_context import parts
from broadcaster.web.base.paging import paged
from broadcaster.web.base.search_form import read_day
from broadcaster.web.pages import asked_here
from broadcaster.web.pages.confirm import preview_of
from broadcaster.web.pages.journal_csv import csv_lines
from broadcaster.web.pages.notice_form import NOTICE_ID, Wish, confirmed, moment_of

PAGE = 30
DAY = timedelta(days=1)
LENGTHS = {0: N_("一遍"), 5: N_("连着播 5 分钟"), 10: N_("连着播 10 分钟")}
# About 200 characters: a code of a hundred modules, which a cheap phone reads from paper 4 cm wide.
MOST_CODE_BYTES = 600

pages = Blueprint("record", __name__, url_prefix="/record")


@dataclass(frozen=True)
class PastNotice:
    """The notices of a journal line or of a slot; `query` is its address here."""

    title: str
    notices: tuple[Notice, ...]
    query: dict[str, str]
    row: JournalRow | None = None

    @property
    def text(self) -> str:
        """All that is said; "" of sounds alone."""
        spoken = (piece.source for notice in self.notices for piece in notice.pieces if piece.spoken)
        return "\n\n".join(filter(None, (*(notice.text for notice in self.notices), *spoken)))

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return self.notices[0].pieces

    @property
    def address(self) -> str:
        """Its page."""
        return url_for("record.notice", airing=self.query.get("airing"), slot=self.query.get("slot"))

    @property
    def severity(self) -> Severity:
        return self.notices[0].severity

    @property
    def drill(self) -> bool:
        return self.notices[0].drill


@pages.get("")
def home() -> ResponseReturnValue:
    station, wanted = parts().station, _wanted()
    page = max(request.args.get("page", 1, type=int), 1)
    skip = PAGE * (min(page, 100_000) - 1)
    rows = station.history(PAGE, wanted, skip)
    count = station.history_count(wanted)
    chosen = {key: value for key, value in request.args.items() if value and key != "page"}
    return render_template(
        "record.html", rows=rows, count=count, page=page, pages=-(-count // PAGE), chosen=chosen
    )


@pages.get("/journal.csv")
def journal() -> ResponseReturnValue:
    """Line by line, for a year's journal is some megabytes; Excel wants the mark at its head."""
    lines = csv_lines(parts().station.past_lines(_wanted()))
    response = Response(chain(["\ufeff"], lines), mimetype="text/csv")
    name = f"播出记录-{_now():%Y%m%d}.csv"
    # waitress gives no answer at all for a header that has other letters than ASCII's.
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response


@pages.get("/notice")
def notice() -> ResponseReturnValue:
    said = _requested_notice()
    if said is None:
        return _not_found()
    text = wording.say_for_group(parts().settings.station.name, said.title, said.text, _when(said))
    voice = wording.say_voice(said.row.voice, parts().station.voices()) if said.row else ""
    return render_template(
        "record_notice.html", said=said, voice=voice, group_text=text, lengths=LENGTHS
    )


@pages.get("/paper")
def paper() -> ResponseReturnValue:
    """One side of A4; the code holds the text itself, so it is read without any network."""
    said = _requested_notice()
    if said is None:
        return _not_found()
    code = _code(f"{parts().settings.station.name} {said.title}\n{said.text}")
    return render_template("paper.html", said=said, code=code, when=_when(said))


@pages.get("/again")
def ask_again() -> ResponseReturnValue:
    """Under an id of its own from the start: come back to, it says what became of it."""
    notice_id, said = request.args.get("notice_id", ""), _requested_notice()
    if said is None or said.row is None:
        return _not_found()
    if not NOTICE_ID.fullmatch(notice_id):
        place = url_for("record.ask_again", airing=said.query["airing"], notice_id=new_id())
        return redirect(place, 303)
    if airing := parts().idempotency.known(parts().station, notice_id):
        return asked_here.result_page(airing)
    return _confirm(said, said.row, notice_id)


@pages.post("/again")
def again() -> ResponseReturnValue:
    said, notice_id, at = _requested_notice(), request.form.get("notice_id", ""), moment_of(request.form)
    if said is None or said.row is None:
        return _not_found()
    if not NOTICE_ID.fullmatch(notice_id):
        abort(400)
    try:
        confirmed(replace(said.notices[0], id=notice_id), Wish(said.notices[0], at).due_at)
    except BroadcasterError as error:
        flash(str(error))
        return redirect(said.address, 303)
    asked_here.forget(said.row.airing_id)
    return redirect(url_for("air.home"), 303)


@pages.get("/usb")
def usb() -> ResponseReturnValue:
    entries = [entry for entry in parts().station.slots.entries() if entry.slot]
    return render_template("usb.html", entries=paged(entries), lengths=LENGTHS)


@pages.post("/copy")
def copy() -> ResponseReturnValue:
    """Order one MP3, or of the slots that were ticked a ZIP."""
    from broadcaster.station.station import Track

    minutes = request.form.get("minutes", 0, type=int)
    if minutes not in LENGTHS:
        abort(400)
    names = request.form.getlist("name")
    slots = parts().station.slots
    tracks = [Track(name, found, minutes) for name in names if (found := slots.notices(name))]
    said = None if names else _requested_notice()
    if said:
        tracks = [Track(said.title, said.notices, minutes)]
    if not tracks:
        flash(_("没有选要做的，请选一条。"))
        return redirect(url_for("record.usb"), 303)
    try:
        made = parts().station.copies.order(tracks, zipped=said is None)
    except BroadcasterError as error:
        flash(str(error))
        return redirect(url_for("record.usb") if said is None else said.address, 303)
    return redirect(url_for("record.made", copy_id=made.id), 303)


@pages.get("/copy/<copy_id>")
def made(copy_id: str) -> ResponseReturnValue:
    """The progress of an export; the page reloads by itself, without JavaScript too."""
    found = parts().station.copies.find(copy_id)
    return render_template("copy.html", copy=found) if found else _not_found()


@pages.get("/copy/<copy_id>/file")
def file(copy_id: str) -> ResponseReturnValue:
    """A part of it for browsers that ask so; Safari always does."""
    found, path = parts().station.copies.find(copy_id), parts().station.copies.file(copy_id)
    if not found or not path:
        return _not_found()
    return send_file(
        path,
        conditional=True,
        as_attachment="download" in request.args,
        download_name=found.file_name,
    )


def _wanted() -> JournalFilter:
    from broadcaster.station.station import JournalFilter

    chosen = request.args
    until = _midnight(chosen.get("until", ""))
    return JournalFilter(
        since=_midnight(chosen.get("since", "")),
        until=until and until + DAY,
        outcome=next((one for one in Outcome if one.value == chosen.get("outcome")), None),
        asked_by=chosen.get("asked_by", "").strip(),
        text=chosen.get("text", "").strip(),
    )


def _midnight(text: str) -> datetime | None:
    day = read_day(text)
    return datetime.combine(day, time(), parts().settings.station.zone) if day else None


def _requested_notice() -> PastNotice | None:
    """The journal line or slot that the request names."""
    station, airing_id, slot = (
        parts().station,
        request.values.get("airing", ""),
        request.values.get("slot", ""),
    )
    if airing_id:
        row = station.past(airing_id)
        if row is None:
            return None
        name = called(row)
        return PastNotice(name, (row.notice,), {"airing": airing_id}, row)
    notices = station.slots.notices(slot)
    return PastNotice(slot, notices, {"slot": slot}) if notices else None


def _confirm(said: PastNotice, row: JournalRow, notice_id: str) -> ResponseReturnValue:
    notice = replace(said.notices[0], id=notice_id)
    heard_seconds = row.full_seconds if row.outcome is Outcome.PLAYED else 0.0
    try:
        shown = preview_of(notice, heard_seconds=heard_seconds)
    except BroadcasterError as error:
        flash(str(error))
        return redirect(said.address, 303)
    return render_template("record_again.html", said=said, notice=notice, shown=shown)


def _code(text: str) -> str:
    """A QR code as SVG of attributes only."""
    import segno

    short = text.encode("utf-8", "replace")
    if len(short) > MOST_CODE_BYTES:
        short = short[:MOST_CODE_BYTES].decode("utf-8", "ignore").encode() + "……".encode()
    code = segno.make_qr(short.decode(), error="m", encoding="utf-8")
    return str(code.svg_inline(border=2, omitsize=True, svgclass="code", lineclass=None))


def _when(said: PastNotice) -> datetime:
    return said.row.happened_at.astimezone(_now().tzinfo) if said.row else _now()


def _now() -> datetime:
    return Clock(parts().settings.station.zone).now()


def _not_found() -> ResponseReturnValue:
    flash(_("没有这一条，可能太久了，已经不在了。"))
    return redirect(url_for("record.home"), 303)
