"""The timetable: its list and its week, a slot made, changed, held up, taken out and taken back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from broadcaster.clock import Clock
from broadcaster.errors import SlotRefused
from broadcaster.labels import SIGNALS
from broadcaster.setting_values import WEEKDAYS
from broadcaster.timetable_file import read_slot
from broadcaster.web import slot_form, week_picture
from broadcaster.web.language import _, own
from broadcaster.web.paging import paged
from broadcaster.web.parts import parts
from broadcaster.web.slot_words import HOLIDAYS, is_over, say_slot
from broadcaster.web.wording import say_date, say_month_day, say_weekday

if TYPE_CHECKING:
    from broadcaster.station import SlotEntry

DAY, WEEK = timedelta(days=1), timedelta(days=7)
MOST_REMOVED, MOST_PROBLEMS = 20, 20
FIRST_DAY, LAST_DAY = date(2020, 1, 1), date(2099, 12, 20)

Problems = Sequence[tuple[str, str]]

pages = Blueprint("timetable", __name__, url_prefix="/timetable")


@pages.get("")
def home() -> ResponseReturnValue:
    slots, today = parts().station.slots, _today()
    monday = _day(request.args.get("week", ""), today)
    monday -= monday.weekday() * DAY
    return render_template(
        "timetable.html",
        entries=paged(slots.entries()),
        removed=slots.removed()[:MOST_REMOVED],
        problems=slots.timetable.problems[:MOST_PROBLEMS],
        columns=week_picture.draw_week(slots.week(monday)),
        picture=week_picture,
        monday=monday,
        week=WEEK,
        **_words(),
    )


@pages.get("/slot")
def one() -> ResponseReturnValue:
    entry = parts().station.slots.find(request.args.get("name", ""))
    return render_template("slot.html", entry=entry, **_words()) if entry else _gone()


@pages.get("/new")
def new() -> ResponseReturnValue:
    """An empty form, or one that another page has begun: `text`, `name`, `kind`, `valid_until`."""
    kind = request.args.get("kind", "at")
    begun = {key: request.args.get(key, "") for key in ("text", "name", "valid_until")}
    return _form({key: value for key, value in begun.items() if value}, kind=kind)


def begin_loop(form: MultiDict[str, str]) -> str:
    """The form of a slot that another form has begun: a loop, until the day that it says."""
    written = slot_form.written_of(form, {})
    written["chime"] = next(
        (name for name, one in SIGNALS.items() if one.value == form.get("chime")), ""
    )
    return _form(written, kind="every_minutes")


@pages.get("/change")
def change() -> ResponseReturnValue:
    entry = parts().station.slots.find(request.args.get("name", ""))
    if entry is None or entry.written is None:
        return _gone()
    return _form(entry.written, replaces=entry.name)


@pages.post("/check")
def check() -> ResponseReturnValue:
    """What was typed, said back in plain words with the next occurrences; nothing is kept yet."""
    replaces, kind = request.form.get("replaces", ""), request.form.get("kind", "at")
    entry = parts().station.slots.find(replaces) if replaces else None
    written = slot_form.written_of(request.form, (entry and entry.written) or {})
    problems = list(slot_form.missing(written, kind))
    if problems:
        return _form(written, replaces, problems, kind), 400
    try:
        coming = parts().station.slots.preview(written, replaces)
    except SlotRefused as error:
        return _form(written, replaces, error.problems, kind), 400
    return render_template(
        "slot_check.html",
        slot=read_slot(written),
        coming=coming,
        written=json.dumps(written, ensure_ascii=False),
        replaces=replaces,
        **_words(),
    )


@pages.post("/back")
def back() -> ResponseReturnValue:
    return _form(_written(), request.form.get("replaces", ""))


@pages.post("/save")
def save() -> ResponseReturnValue:
    written, replaces = _written(), request.form.get("replaces", "")
    slots = parts().station.slots
    there = slots.find(str(written.get("name", "")))
    try:
        if there is None or there.written != written:
            slots.save(written, session["name"], replaces)
    except SlotRefused as error:
        return _form(written, replaces, error.problems), 400
    slot = read_slot(written)
    flash(_("存好了：“%(name)s”，%(when)s。", name=own(slot.name), when=say_slot(slot)))
    return redirect(url_for("timetable.home"), 303)


@pages.post("/pause")
def pause() -> ResponseReturnValue:
    name, until = request.form.get("name", ""), _pause_until()
    if until is None and request.form.get("how") != "go_on":
        flash(_("请选从哪一天起再播，要晚于今天。"))
        return redirect(url_for("timetable.one", name=name), 303)
    try:
        parts().station.slots.pause(name, until, session["name"])
    except SlotRefused:
        return _gone()
    flash(_("“%(name)s”%(what)s。", name=own(name), what=_say_pause(until)))
    return redirect(url_for("timetable.home"), 303)


@pages.post("/remove")
def remove() -> ResponseReturnValue:
    name = request.form.get("name", "")
    try:
        parts().station.slots.remove(name, session["name"])
    except SlotRefused:
        return _gone()
    flash(_("删掉了“%(name)s”。删错了可以在下面“刚删掉的”里恢复。", name=own(name)))
    return redirect(url_for("timetable.home"), 303)


@pages.post("/restore")
def restore() -> ResponseReturnValue:
    name = request.form.get("name", "")
    try:
        parts().station.slots.restore(name, session["name"])
    except SlotRefused as error:
        flash(str(error))
        return redirect(url_for("timetable.home"), 303)
    flash(_("“%(name)s”恢复了，照原来的时间播。", name=own(name)))
    return redirect(url_for("timetable.home"), 303)


@pages.get("/check")
@pages.get("/back")
@pages.get("/save")
@pages.get("/pause")
@pages.get("/remove")
@pages.get("/restore")
def again() -> ResponseReturnValue:
    """What a form leads to is not a place to come back to: a reload by its address leads here."""
    return redirect(url_for("timetable.home"), 303)


def _form(
    written: Mapping[str, Any], replaces: str = "", problems: Problems = (), kind: str = ""
) -> str:
    station = parts().station
    fields = slot_form.shown(written)
    if kind in slot_form.KINDS:
        fields["kind"] = kind
    return render_template(
        "slot_form.html",
        fields=fields,
        replaces=replaces,
        problems=dict(reversed(problems)),
        kinds=slot_form.KINDS,
        weekdays=WEEKDAYS,
        holidays=HOLIDAYS,
        chimes=SIGNALS,
        voices=[voice for voice in station.voices() if voice.ready],
        zones=parts().settings.amplifier.zones,
    )


def _written() -> dict[str, Any]:
    """The slot that a page of ours handed on; it is read strictly before anything is kept."""
    try:
        written = json.loads(request.form.get("written", ""))
    except (ValueError, RecursionError):
        abort(400)
    if not isinstance(written, dict):
        abort(400)
    return written


def _words() -> dict[str, object]:
    return {
        "say_slot": say_slot,
        "say_date": say_date,
        "say_month_day": say_month_day,
        "say_weekday": say_weekday,
        "resting": _resting,
        "over": lambda slot: is_over(slot, _now()),
        "today": _today(),
        "day": DAY,
    }


def _resting(entry: SlotEntry) -> str:
    """That it is over, or until when it is held up, in words; "" if neither."""
    if entry.slot and is_over(entry.slot, _now()):
        return _("过期了，不会再播；还要播请改日子，不要了请删掉")
    until = entry.paused_until
    return "" if until is None or until <= _today() else _say_pause(until)


def _say_pause(until: date | None) -> str:
    if until is None:
        return _("又照常播了")
    if until == date.max:
        return _("停着，要播再点恢复")
    return _("停到 %(day)s，第二天再播", day=say_date(until - DAY))


def _pause_until() -> date | None:
    """The day on which it goes on; None where the form names none that is still to come."""
    match request.form.get("how"):
        case "today":
            return _today() + DAY
        case "good":
            return date.max
        case "until":
            until = _day(request.form.get("until", ""), date.min)
            return until if until > _today() else None
    return None


def _day(text: str, otherwise: date) -> date:
    try:
        return min(max(date.fromisoformat(text), FIRST_DAY), LAST_DAY)
    except ValueError:
        return otherwise


def _today() -> date:
    return _now().date()


def _now() -> datetime:
    return Clock(parts().settings.station.zone).now()


def _gone() -> ResponseReturnValue:
    flash(_("时间表里没有这一条，可能已经删掉或者改了名字。"))
    return redirect(url_for("timetable.home"), 303)
