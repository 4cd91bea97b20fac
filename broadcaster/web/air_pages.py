"""What is on the air, what comes, what was; say a text now; stop."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from broadcaster.errors import BroadcasterError
from broadcaster.manner import settle
from broadcaster.model import Notice, Severity, Signal
from broadcaster.web import wording
from broadcaster.web.parts import parts

T = TypeVar("T")

MOST_REPEATS = 20
SHOWN_UPCOMING, SHOWN_HISTORY = 5, 6

pages = Blueprint("air", __name__)


@pages.get("/")
def home() -> ResponseReturnValue:
    return _home(Notice(""))


@pages.get("/live")
def live() -> dict[str, object]:
    """The parts of the home page that change by themselves, as it shows them."""
    view = _view()
    names = ("fault", "on_air", "coming", "recent")
    return {
        "parts": {name: render_template(f"live_{name}.html", **view) for name in names},
        "stoppable": view["stoppable"],
    }


@pages.get("/say")
@pages.get("/say/edit")
@pages.get("/say/air")
def say_again() -> ResponseReturnValue:
    """A confirmation is not a place to come back to: a reload by its address leads home."""
    return redirect(url_for("air.home"), 303)


@pages.post("/say")
def say() -> ResponseReturnValue:
    """Show the text as it will be spoken, and what will happen; nothing is aired yet."""
    station, notice = parts().station, _notice_of_form()
    settled = settle(notice, parts().settings)
    try:
        station.warm()
        script = station.script(replace(settled, repeats=1))
    except BroadcasterError as error:
        return _home(notice, str(error)), 400
    seconds = wording.estimate_seconds(script, settled, parts().settings.station)
    sentence = wording.say_what_happens(settled, seconds, station.status())
    return render_template("confirm.html", notice=notice, script=script, sentence=sentence)


@pages.post("/say/edit")
def edit() -> ResponseReturnValue:
    return _home(_notice_of_form())


@pages.post("/say/air")
def air() -> ResponseReturnValue:
    notice, confirmations = _notice_of_form(), parts().confirmations
    if not confirmations.take(notice.id):
        flash("这一条刚才已经确认过了，没有重复播出。")
        return redirect(url_for("air.home"), 303)
    try:
        parts().station.announce(notice, asked_by=session["name"])
    except BroadcasterError as error:
        confirmations.give_back(notice.id)
        return _home(notice, str(error)), 400
    flash("已经交给广播了。")
    return redirect(url_for("air.home"), 303)


@pages.get("/stop")
def ask_stop() -> ResponseReturnValue:
    return render_template("stop.html", status=parts().station.status())


@pages.post("/stop")
def stop() -> ResponseReturnValue:
    ended = parts().station.stop_all(asked_by=session["name"])
    flash(f"停播了，共停下 {ended} 条。" if ended else "现在没有在播的，也没有排队的。")
    return redirect(url_for("air.home"), 303)


@pages.get("/cancel/<airing_id>")
def ask_cancel(airing_id: str) -> ResponseReturnValue:
    for airing in parts().station.status().waiting:
        if airing.id == airing_id:
            return render_template("cancel.html", airing=airing)
    return _gone()


@pages.post("/cancel/<airing_id>")
def cancel(airing_id: str) -> ResponseReturnValue:
    if not parts().station.cancel(airing_id, asked_by=session["name"]):
        return _gone()
    flash("这一条不播了。")
    return redirect(url_for("air.home"), 303)


def _gone() -> ResponseReturnValue:
    flash("这一条已经播过或者取消了。")
    return redirect(url_for("air.home"), 303)


def _home(draft: Notice, problem: str = "") -> str:
    return render_template("home.html", draft=draft, problem=problem, **_view())


def _view() -> dict[str, object]:
    station = parts().station
    status = station.status()
    faults = [status.fault] if status.fault else []
    return {
        "status": status,
        "stoppable": bool(status.on_air or status.waiting),
        "upcoming": _or_fault(lambda: station.upcoming(SHOWN_UPCOMING), faults),
        "history": _or_fault(lambda: station.history(SHOWN_HISTORY), faults),
        "faults": faults,
    }


def _or_fault(fetch: Callable[[], list[T]], faults: list[str]) -> list[T]:
    """A list for the page; what cannot be had is told, and leaves the air's own buttons usable."""
    try:
        return fetch()
    except BroadcasterError as error:
        faults.append(str(error))
        return []


def _notice_of_form() -> Notice:
    """The notice that the form describes; a form that no page of ours made is a bad request."""
    form = request.form
    notice_id = form.get("notice_id", "")
    repeats, chime = form.get("repeats"), form.get("chime")
    try:
        notice = Notice(
            form.get("text", "").replace("\r\n", "\n").strip(),
            severity=Severity(int(form.get("severity", "0"))),
            repeats=int(repeats) if repeats else None,
            chime=Signal(chime) if chime else None,
        )
    except ValueError:
        abort(400)
    if notice.repeats is not None and not 1 <= notice.repeats <= MOST_REPEATS:
        abort(400)
    if notice_id and not re.fullmatch(r"[0-9a-f]{12}", notice_id):
        abort(400)
    if form.get("frame") == "none":
        notice = replace(notice, opening="", closing="")
    return replace(notice, id=notice_id) if notice_id else notice
