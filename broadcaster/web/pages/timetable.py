"""The timetable's pages: list and week; a slot is made, changed, paused, removed and restored."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from broadcaster.core.clock import Clock
from broadcaster.core.errors import SlotRefused
from broadcaster.core.labels import SIGNALS, name_of
from broadcaster.core.notice import new_id
from broadcaster.schedule.slot_settings import SlotSettings
from broadcaster.schedule.timetable_file import read_slot
from broadcaster.settings.values import WEEKDAYS
from broadcaster.station.station import SlotEntry
from broadcaster.web.base import drafts
from broadcaster.web.base.form_errors import Mistake, form_page
from broadcaster.web.base.language import _, own, together
from broadcaster.web.base.page_context import parts
from broadcaster.web.base.paging import paged
from broadcaster.web.base.sound_shelf import ORDERS, SoundShelf
from broadcaster.web.base.wording import say_date, say_month_day, say_weekday
from broadcaster.web.pages import slot_form, slot_pieces, week_chart
from broadcaster.web.pages.slot_wording import HOLIDAYS, is_over, say_left_out, say_slot, turned_round

DAY, WEEK = timedelta(days=1), timedelta(days=7)
MOST_REMOVED, MOST_PROBLEMS = 20, 20
FIRST_DAY, LAST_DAY = date(2020, 1, 1), date(2099, 12, 20)

Form = drafts.Form
Problems = Sequence[tuple[str, str]]
Mistakes = Sequence[Mistake]

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
        columns=week_chart.draw_week(slots.week(monday)),
        picture=week_chart,
        monday=monday,
        week=WEEK,
        **_words(),
    )


@pages.get("/slot")
def one() -> ResponseReturnValue:
    return _slot_page(request.args.get("name", ""))


def _slot_page(name: str, mistakes: Mistakes = ()) -> ResponseReturnValue:
    entry = parts().station.slots.find(name)
    return form_page("slot.html", mistakes, entry=entry, **_words()) if entry else _not_found()


@pages.get("/new")
def new() -> ResponseReturnValue:
    """An empty form, or one that another page has begun: `text`, `name`, `kind`, `content`,
    `valid_until`.
    """
    begun = {key: request.args.get(key, "") for key in ("text", "name", "valid_until")}
    fields = slot_form.shown({key: value for key, value in begun.items() if value})
    known = {"kind": slot_form.KINDS, "content": slot_form.CONTENTS}
    chosen = {key: asked for key, names in known.items() if (asked := request.args.get(key)) in names}
    return _form(fields | chosen)


def begin_loop(form: Form) -> ResponseReturnValue:
    """The form of a slot that another form has begun: a loop, until the day that it says."""
    begun = form.copy()
    begun["kind"], begun["draft_id"] = "every_minutes", ""
    begun["chime"] = next((name for name, one in SIGNALS.items() if one.value == form.get("chime")), "")
    draft_id = drafts.keep(drafts.SLOT, "", begun)
    return redirect(url_for("timetable.edit", draft_id=draft_id), 303)


@pages.get("/change")
def change() -> ResponseReturnValue:
    entry = parts().station.slots.find(request.args.get("name", ""))
    if entry is None or entry.written is None:
        return _not_found()
    return _form(slot_form.shown(entry.written), replaces=entry.name)


@pages.post("/arrange")
def arrange() -> ResponseReturnValue:
    """Keep what was typed with one sound more, moved or gone, and lead back to the form."""
    form, field = slot_pieces.arrange(request.form, request.form.get("press", ""))
    draft_id = drafts.keep(drafts.SLOT, form.get("draft_id", ""), form)
    return redirect(url_for("timetable.edit", draft_id=draft_id, _anchor=field), 303)


@pages.post("/check")
def check() -> ResponseReturnValue:
    """Keep what was typed, and lead to where it is said back; no slot is kept yet."""
    form, _field = slot_pieces.arrange(request.form)
    draft_id = drafts.keep(drafts.SLOT, form.get("draft_id", ""), form)
    _slot, _coming, mistakes = _tried(form)
    field = mistakes[0].field if mistakes else None
    return redirect(url_for("timetable.look", draft_id=draft_id, _anchor=field), 303)


@pages.get("/draft/<draft_id>")
def look(draft_id: str) -> ResponseReturnValue:
    """Repeats the typed slot in plain words with its next occurrences; shows the form if a field must be
    changed.
    """
    draft = drafts.find(draft_id)
    if draft is None or draft.form != drafts.SLOT:
        return _not_found()
    if draft.became:
        flash(_("“%(name)s”已经存好了。", name=own(draft.became)))
        return redirect(url_for("timetable.one", name=draft.became), 303)
    form = drafts.form_of(draft)
    written, coming, mistakes = _tried(form)
    if mistakes:
        return _form_of(form, mistakes)
    slot = read_slot(written)
    return render_template(
        "slot_check.html",
        slot=slot,
        turned_round=turned_round(slot),
        left_out=_left_out(slot),
        coming=coming,
        named=_named,
        written=json.dumps(written, ensure_ascii=False),
        replaces=form.get("replaces", ""),
        draft_id=draft_id,
        **_words(),
    )


@pages.get("/draft/<draft_id>/edit")
def edit(draft_id: str) -> ResponseReturnValue:
    """The form of this id: as it was looked at last, or empty, for the phone may know more of it."""
    if not drafts.ID.fullmatch(draft_id):
        abort(404)
    draft = drafts.find(draft_id)
    return _form_of(drafts.form_of(draft)) if draft else _form(slot_form.shown({}), draft_id=draft_id)


@pages.post("/save")
def save() -> ResponseReturnValue:
    written, replaces = _written(), request.form.get("replaces", "")
    slots = parts().station.slots
    there = slots.find(str(written.get("name", "")))
    draft_id = request.form.get("draft_id", "")
    try:
        if there is None or there.written != written:
            slots.save(written, session["name"], replaces)
    except SlotRefused as error:
        mistakes = _mistakes(error.problems, written)
        return _form(slot_form.shown(written), replaces, mistakes, draft_id)
    slot = read_slot(written)
    drafts.finish(draft_id, slot.name)
    flash(_("存好了：“%(name)s”，%(when)s。", name=own(slot.name), when=say_slot(slot)))
    if left_out := _left_out(slot):
        flash(left_out)
    return redirect(url_for("timetable.home"), 303)


@pages.post("/pause")
def pause() -> ResponseReturnValue:
    name, until = request.form.get("name", ""), _pause_until()
    if until is None and request.form.get("how") != "go_on":
        return _slot_page(name, [Mistake("until", _("请选停到哪一天：今天，或者以后的一天。"))])
    try:
        parts().station.slots.pause(name, until, session["name"])
    except SlotRefused:
        return _not_found()
    flash(_("“%(name)s”%(what)s。", name=own(name), what=_say_pause(until)))
    return redirect(url_for("timetable.home"), 303)


@pages.post("/remove")
def remove() -> ResponseReturnValue:
    name = request.form.get("name", "")
    try:
        parts().station.slots.remove(name, session["name"])
    except SlotRefused:
        return _not_found()
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
    entry = parts().station.slots.find(name)
    if resting := entry and _resting(entry):
        flash(_("“%(name)s”恢复了，现在%(what)s。", name=own(name), what=resting))
    else:
        flash(_("“%(name)s”恢复了，照原来的时间播。", name=own(name)))
    return redirect(url_for("timetable.home"), 303)


def _tried(form: Form) -> tuple[slot_form.Written, Sequence[Any], Mistakes]:
    """The slot that the form writes, when it would be due, and what is to be changed in it."""
    replaces = form.get("replaces", "")
    entry = parts().station.slots.find(replaces) if replaces else None
    written = slot_form.written_of(form, (entry and entry.written) or {})
    if "name" not in written and (rows := slot_pieces.rows_in(form)):
        written["name"] = name_of("", SoundShelf().title(rows[0].piece))
    if problems := list(slot_form.missing(written, form)):
        return written, (), _mistakes(problems, written)
    try:
        return written, parts().station.slots.preview(written, replaces), ()
    except SlotRefused as error:
        return written, (), _mistakes(error.problems, written)


def _mistakes(problems: Problems, written: Mapping[str, Any]) -> Mistakes:
    """The first one of each field."""
    sounds = any(written.get(key) for key in slot_pieces.KEYS)
    fields = slot_form.FIELDS | (slot_form.SOUND_FIELDS if sounds else {})
    each: dict[str, Mistake] = {}
    for name, sentence in problems:
        field = fields.get(name, name)
        each.setdefault(field, Mistake(field, _closed(sentence)))
    return list(each.values())


def _closed(sentence: str) -> str:
    """As people write it: the checks of the files quote as Python does."""
    quoted = re.sub(r"'([^']*)'", r"“\1”", sentence)
    return quoted if quoted.endswith("。") else f"{quoted}。"


def _form_of(form: Form, mistakes: Mistakes = ()) -> ResponseReturnValue:
    """As it was typed, also what another kind of slot would have needed."""
    fields = slot_form.fields_of(form)
    return _form(fields, form.get("replaces", ""), mistakes, form.get("draft_id", ""))


def _form(
    fields: Mapping[str, Any], replaces: str = "", mistakes: Mistakes = (), draft_id: str = ""
) -> ResponseReturnValue:
    station = parts().station
    known = drafts.find(draft_id) if draft_id else None
    return form_page(
        "slot_form.html",
        mistakes,
        fields=fields,
        replaces=replaces,
        draft_id=draft_id or new_id(),
        revision=known.revision if known else 0,
        kinds=slot_form.KINDS,
        contents=slot_form.CONTENTS,
        orders=ORDERS,
        weekdays=WEEKDAYS,
        holidays=HOLIDAYS,
        chimes=SIGNALS,
        voices=[voice for voice in station.voices() if voice.ready],
        zones=parts().settings.amplifier.zones,
        unfinished=drafts.unfinished(),
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


def _named(slots: Sequence[str]) -> str:
    return together(_("“%(name)s”", name=own(name)) for name in slots)


def _left_out(slot: SlotSettings) -> str:
    return say_left_out(slot, parts().settings.loops.lowest_gap_minutes)


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
    last = until - DAY
    say = say_month_day if last.year == until.year == _today().year else say_date
    return _("停到 %(last)s，%(first)s起再播", last=say(last), first=say(until))


def _pause_until() -> date | None:
    """The day on which it goes on; None where the form names none that is still to come."""
    match request.form.get("how"):
        case "today":
            return _today() + DAY
        case "good":
            return date.max
        case "until":
            last = _day(request.form.get("until", ""), date.min)
            return last + DAY if last >= _today() else None
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


def _not_found() -> ResponseReturnValue:
    flash(_("时间表里没有这一条，可能已经删掉或者改了名字。"))
    return redirect(url_for("timetable.home"), 303)
