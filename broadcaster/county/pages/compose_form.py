"""Reads a draft from the form of a bulletin, and writes it back into one."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from broadcaster.bulletin.bulletin import BulletinKind, new_bulletin_id, sound_of_library
from broadcaster.core.notice import Notice, Severity, Style, as_texts
from broadcaster.county.notices.draft import Draft, DraftRefused, title_from_text
from broadcaster.county.notices.notice_columns import WRITTEN
from broadcaster.county.notices.recordings import SignedRecording
from broadcaster.county.pages.base import access, form_values
from broadcaster.county.pages.base.form_values import Form
from broadcaster.county.pages.sound_upload import COLUMN, FILES, sound_of
from broadcaster.county.register.area_tree import area_tree

HOURS = {1: "1 小时", 3: "3 小时", 6: "6 小时", 12: "12 小时", 24: "1 天", 72: "3 天"}
NO_TIME = "选了“定个时间”，请写几号几点播。"


def form_of(fields: Iterable[tuple[str, str]]) -> Form:
    return MultiDict(fields)


def posted() -> list[tuple[str, str]]:
    """The fields of this request's form, as they are stored."""
    return [(name, value) for name, value in request.form.items(True) if name != "csrf_token"]


def read_draft(form: Form) -> Draft:
    """The draft in the form; mistakes are found by whoever takes it."""
    notice, sound = form_values.notice(form.get("title", ""), form), sound_of(form)
    return Draft(
        as_sound(notice, form.get("form", ""), sound),
        tuple(form.getlist("areas")),
        kind=BulletinKind.DRILL if form.get("drill") else BulletinKind.NOTICE,
        night_ok=bool(form.get("night_ok")),
        not_before=_moment(form.get("at", "")) if form.get("when") == "at" else None,
        life=form_values.hours("hours", 6, form),
        sound=sound,
        id=form.get("id") or new_bulletin_id(),
    )


def as_sound(notice: Notice, kind: str, sound: SignedRecording | None) -> Notice:
    """The notice without its words where a recording or a column is sent in their place."""
    if kind not in FILES:
        return notice
    pieces = (sound_of_library(sound.key),) if sound and kind == COLUMN else ()
    return replace(notice, text="", voice=None, style=Style.PLAIN, pieces=pieces)


def check_time(form: Form) -> None:
    """Raises `DraftRefused` where a time was wanted and none is given: it would be aired at once."""
    if form.get("when") == "at" and not _moment(form.get("at", "")):
        raise DraftRefused(NO_TIME, "at")


def fields_of(draft: Draft, opened: str = "") -> list[tuple[str, str]]:
    """The same as a form carries it on; a title that was made of the words goes on with the words.

    `opened` is the version of the kept draft that it began from.
    """
    title = "" if draft.title == title_from_text(draft.text) else draft.title
    fields = [("title", title), ("text", draft.text), ("id", draft.id), ("opened", opened)]
    fields += [("areas", code) for code in draft.areas]
    fields += [("severity", str(int(draft.severity))), ("hours", str(hours_of(draft)))]
    fields += [("voice", draft.notice.voice or ""), ("form", kind_of(draft))]
    fields += [one for one in as_texts(draft.notice, WRITTEN).items() if one[1]]
    if draft.sound:
        fields.append(("sound", draft.sound.sha256))
    if draft.notice.repeats:
        fields.append(("repeat", str(draft.notice.repeats)))
    if draft.kind is BulletinKind.DRILL:
        fields.append(("drill", "1"))
    if draft.night_ok:
        fields.append(("night_ok", "1"))
    if draft.not_before:
        fields += [("when", "at"), ("at", f"{draft.not_before:%Y-%m-%dT%H:%M}")]
    return fields


def kind_of(draft: Draft) -> str:
    """The kind of a draft: text, verse, sound or column."""
    if draft.sound:
        return COLUMN if draft.is_column else "sound"
    return "verse" if draft.notice.style else "text"


def hours_of(draft: Draft) -> int:
    return int(draft.life.total_seconds() // 3600)


def show_form(form: Form, problem: Exception | None = None) -> str:
    """With the field that the problem is in first under the hand."""
    parts, draft = access.pages().parts, read_draft(form)
    record = parts.desk.find(draft.id)
    return render_template(
        "office/compose.html",
        draft=draft,
        note=record.note if record else "",
        opened=form.get("opened", ""),
        tree=area_tree(parts.register.names(), parts.register.boxes()),
        county=parts.county,
        listeners=parts.listeners([parts.county]),
        hours=HOURS,
        chosen_hours=hours_of(draft),
        texts=parts.library.all(),
        form=form.get("form", "text"),
        at_set_time=form.get("when") == "at",
        voices=access.pages().previews.voices(),
        allowed=[one for one in Severity if access.me().may_send(one)],
        problem=str(problem or ""),
        wrong=getattr(problem, "field", ""),
    )


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=access.pages().parts.clock.zone)
    except ValueError:
        return None
