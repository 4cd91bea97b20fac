"""Turns the form of a slot into keys of the timetable, and those keys into the form."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from werkzeug.datastructures import MultiDict

from broadcaster.core.errors import SlotRefused
from broadcaster.core.labels import name_of
from broadcaster.core.notice import Way, kind_of, plain_value, settable
from broadcaster.schedule.timetable_file import read_slot
from broadcaster.settings.values import CLOCK_TIME, WEEKDAYS
from broadcaster.web.base.language import N_, _
from broadcaster.web.pages import slot_pieces

Written = dict[str, Any]

KINDS = {
    "at": N_("定点"),
    "every_minutes": N_("循环"),
    "once": N_("只播一次"),
    "cron": N_("别的排法"),
}
LISTS = ("dates", "lunar", "terms", "seasons")
DAY_WORDS = ("market", "holidays", "valid_from", "valid_until")
# How it is said, each in a field of its own name; opening and closing are chosen together.
MANNER = {
    name: (kind_of(shape), plain_value(default))
    for name, (_spec, shape, default) in settable(Way.SLOT).items()
    if name not in ("text", "opening", "closing", "zones", "pieces")
}
# What a field that takes a number asks for, and an example of it.
WANTED_NUMBERS = {
    "every_minutes": (N_("隔多久"), 30),
    "repeats": (N_("说几遍"), 2),
    "volume": (N_("音量"), 80),
    "late_minutes": (N_("晚了几分钟就不补播"), 10),
    "pace": (N_("快慢"), 0.9),
    "beats_per_minute": (N_("快板一分钟几拍"), 120),
}
# Where on the page a key is written, if not in a field of its own name.
FIELDS = {"texts": "text", "market_calendar": "market", "": "text"}
# Of a slot of sounds, whose words before them have a field of their own.
SOUND_FIELDS = dict.fromkeys((*slot_pieces.KEYS, ""), slot_pieces.PICKED) | {"text": "lead"}
WORDS, SOUND = "words", "sound"
CONTENTS = {WORDS: N_("念字"), SOUND: N_("放声音")}
# What the form decides on; anything else that was written stays as it is.
OWN = {
    *("name", "text", "texts", "at", "every_minutes", "windows", "once", "cron", "weekdays", "zones"),
    *("leap_month", "market_calendar", "late_minutes", *LISTS, *DAY_WORDS, *MANNER, *slot_pieces.KEYS),
}
# Left out where they are what the timetable takes anyway.
USUAL = {"market_calendar": "农历", "late_minutes": 10} | {
    name: usual for name, (_kind, usual) in MANNER.items() if usual is not None
}


def written_of(form: MultiDict[str, str], before: Mapping[str, Any]) -> Written:
    """The slot as it would be written in the file; mistakes in the form stay in it."""
    written: Written = {key: value for key, value in before.items() if key not in OWN}
    written |= _contents(form)
    written["name"] = _name(form, before) or name_of("", _words(written))
    written |= _times(form)
    # A moment of its own is on the day that it names.
    written |= {} if form.get("kind") == "once" else _days(form)
    written |= {key: _typed(key, kind, form, before) for key, (kind, _) in MANNER.items()}
    written["late_minutes"] = _number(form.get("late_minutes", ""))
    written["zones"] = form.getlist("zone")
    _frame(written, form)
    sounds = slot_pieces.written_of(slot_pieces.rows_in(form), before) if _has_sounds(form) else {}
    return {key: value for key, value in written.items() if _says_something(key, value)} | sounds


def _has_sounds(form: MultiDict[str, str]) -> bool:
    return form.get("content") == SOUND


def _contents(form: MultiDict[str, str]) -> Written:
    """The words, alone or before the sounds."""
    text = form.get("lead" if _has_sounds(form) else "text", "").replace("\r\n", "\n").strip()
    if form.get("say") == "turns" and not _has_sounds(form):
        return {"texts": [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]}
    return {"text": text}


def _typed(key: str, kind: Any, form: MultiDict[str, str], before: Mapping[str, Any]) -> object:
    """The value in a form that asks for the key; an unticked box is in no form."""
    if kind is bool:
        return bool(form.get(key))
    if key not in form:
        return before.get(key)
    if issubclass(kind, str):
        return _plain(form[key]).strip()
    return _decimal(form[key]) if kind is float else _number(form[key])


def _name(form: MultiDict[str, str], before: Mapping[str, Any]) -> str:
    """ "" where nobody gave one: what was taken from the old words goes with them."""
    name = form.get("name", "").strip()
    words = _words(before)
    return "" if words and name == name_of("", words) else name


def _words(written: Mapping[str, Any]) -> str:
    """All that it says, as the form shows it."""
    return str(written.get("text") or "\n\n".join(written.get("texts", ())))


def typed(form: MultiDict[str, str]) -> Written:
    """Everything that stands in the form, also in the fields that its kind does not ask for."""
    every = form.copy()
    written: Written = {}
    for kind in KINDS:
        every["kind"] = kind
        written |= written_of(every, {})
    return written | written_of(form, {})


def fields_of(form: MultiDict[str, str]) -> Written:
    """The values of the form's fields as they were typed, of every kind."""
    own = {name: form[name] for name in ("text", "lead", "content") if name in form}
    own |= {"kind": form["kind"]} if form.get("kind") in KINDS else {}
    return shown(typed(form)) | own | {"rows": slot_pieces.rows_in(form)}


def missing(written: Mapping[str, Any], form: MultiDict[str, str]) -> Iterator[tuple[str, str]]:
    """The fields that still have to be filled in."""
    kind = form.get("kind", "at")
    if _has_sounds(form):
        yield from slot_pieces.missing(slot_pieces.rows_in(form))
    elif not any(written.get(key) for key in ("text", "texts")):
        yield "text", _("请写要说的话。")
    for key, (what, example) in WANTED_NUMBERS.items():
        if isinstance(written.get(key), str):
            yield key, _("%(what)s要写个数，比如 %(example)s。", what=_(what), example=example)
    if kind == "every_minutes":
        if written.get("every_minutes") == 0:
            yield "every_minutes", _("隔多久播一遍不能是 0，请写个数，比如 30。")
        elif not written.get("every_minutes"):
            yield "every_minutes", _("隔多久播一遍还空着，请写个数，比如 30。")
        if not written.get("windows"):
            yield "windows", _("请写从几点到几点。")
    elif not written.get(kind):
        yield (
            kind,
            {"at": _("请写几点播。"), "once": _("请写哪一天几点播。")}.get(kind, _("请写 cron。")),
        )


def shown(written: Mapping[str, Any]) -> Written:
    """The values of the form's fields; those of a slot that can be read are brought into one shape."""
    fields: Written = dict(written)
    for key in ("at", "windows", "once", "weekdays", "zones", *LISTS):
        fields[key] = _listed(written.get(key, ()))
    fields["weekdays"] = _weekdays(written)
    fields["kind"] = next((kind for kind in KINDS if written.get(kind)), "at")
    fields["rows"] = slot_pieces.rows_of(written)
    fields["content"] = SOUND if fields["rows"] else WORDS
    fields["text"], fields["lead"] = ("", _words(written)) if fields["rows"] else (_words(written), "")
    fields["turns"] = bool(written.get("texts"))
    fields["sun"] = [text for text in fields["at"] if not CLOCK_TIME.fullmatch(text)]
    fields["clock"] = [f"{text:0>5}" for text in fields["at"] if CLOCK_TIME.fullmatch(text)]
    fields["windows"] = [text.partition("-")[::2] for text in fields["windows"]]
    fields["once"] = [text.replace("T", " ").partition(" ")[::2] for text in fields["once"]]
    return USUAL | fields


def _times(form: MultiDict[str, str]) -> Written:
    match form.get("kind"):
        case "every_minutes":
            ends = zip_longest(form.getlist("window_from"), form.getlist("window_until"), fillvalue="")
            windows = [f"{first}-{last}" for first, last in ends if first or last]
            return {"every_minutes": _number(form.get("every_minutes", "")), "windows": windows}
        case "once":
            moments = zip_longest(form.getlist("once_day"), form.getlist("once_time"), fillvalue="")
            return {"once": [f"{day} {time}" for day, time in moments if day or time]}
        case "cron":
            return {"cron": _plain(form.get("cron", "")).strip()}
        case _:
            clock = [time for time in form.getlist("at") if time]
            return {"at": clock + _split(form.get("sun", ""))}


def _days(form: MultiDict[str, str]) -> Written:
    numbers = [number for number in form.getlist("weekday") if re.fullmatch("[0-6]", number)]
    weekdays = [WEEKDAYS[int(number)] for number in numbers]
    days: Written = {"weekdays": weekdays if len(weekdays) < len(WEEKDAYS) else []}
    days |= {key: _split(form.get(key, "")) for key in LISTS}
    days |= {key: _plain(form.get(key, "")).strip() for key in DAY_WORDS}
    if days["market"]:
        days["market_calendar"] = form.get("market_calendar", "")
    return days | ({"leap_month": True} if form.get("leap_month") else {})


def _frame(written: Written, form: MultiDict[str, str]) -> None:
    """Neither opening nor closing, or words of its own, or again the station's."""
    for key in ("opening", "closing"):
        if form.get("frame") == "none":
            written[key] = ""
        elif own := form.get(key, written.get(key, "")).strip():
            written[key] = own
        else:
            written.pop(key, None)


def _says_something(key: str, value: object) -> bool:
    if key in ("opening", "closing"):
        return True
    if key in USUAL and value == USUAL[key]:
        return False
    return value not in ("", [], None)


def _plain(text: str) -> str:
    """Full-width digits and marks, as Chinese keyboards make them, in their plain form."""
    return unicodedata.normalize("NFKC", text)


def _split(text: str) -> list[str]:
    return [word for word in re.split(r"[、,;\s]+", _plain(text)) if word]


def _number(text: str) -> object:
    """A number, or what was typed in its place; nothing is None."""
    plain = _plain(text).strip()
    return int(plain) if re.fullmatch(r"-?\d{1,9}", plain) else plain or None


def _decimal(text: str) -> object:
    """A decimal, or what was typed in its place; nothing is None."""
    plain = _plain(text).strip()
    return float(plain) if re.fullmatch(r"\d(\.\d{1,3})?", plain) else plain or None


def _listed(value: object) -> list[str]:
    return [str(one) for one in (value if isinstance(value, list | tuple) else [value])]


def _weekdays(written: Mapping[str, Any]) -> list[str]:
    """The names of single days, however they were written; none is every day."""
    names = _listed(written.get("weekdays", ()))
    try:
        numbers = read_slot(written).weekdays if names else frozenset()
    except SlotRefused:
        return names
    return [WEEKDAYS[number] for number in sorted(numbers)]
