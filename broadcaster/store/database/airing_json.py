"""Writes an airing as JSON with all its fields, and reads it back strictly."""

import json
import re
import zlib
from dataclasses import asdict, is_dataclass, replace
from datetime import datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from broadcaster.core.model import Airing, Notice

SUM = re.compile(r', "sum": ([0-9]{1,10})}$')


def write_airing(airing: Airing) -> str:
    """ASCII only: so a lone surrogate, which a terminal that is not UTF-8 brings in, survives."""
    text = json.dumps(asdict(airing), default=_plain)
    return f'{text[:-1]}, "sum": {zlib.crc32(text.encode())}}}'


def read_airing(text: str) -> Airing:
    """Raises `ValueError` for whatever `write_airing` would not have written; before it wrote a sum a
    letter might be another one unnoticed."""
    if found := SUM.search(text):
        text = f"{text[: found.start()]}}}"
        if zlib.crc32(text.encode()) != int(found[1]):
            raise ValueError("not as it was written")
    if not text.isascii():
        raise ValueError("not as it was written")
    try:
        airing = _read(Airing, json.loads(text))
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    assert isinstance(airing, Airing)
    return airing


# What the journal has columns for.
_IN_COLUMNS = {"id", "title", "text", "severity"}


def write_overrides(notice: Notice) -> str:
    """The settings of a notice beside its text and severity, as JSON; "" if it leaves all to the
    station.
    """
    fields, usual = asdict(notice), asdict(Notice(""))
    asked = {
        name: value for name, value in fields.items() if name not in _IN_COLUMNS and value != usual[name]
    }
    return json.dumps(asked, default=_plain) if asked else ""


def read_overrides(notice: Notice, text: str) -> Notice:
    """The notice, asking for that too; as it is where the text cannot be read."""
    try:
        asked = _read_fields(Notice, {"text": notice.text} | json.loads(text or "{}"))
    except (ValueError, TypeError, RecursionError):
        return notice
    assert isinstance(asked, Notice)
    return replace(asked, id=notice.id, title=notice.title, severity=notice.severity)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    assert isinstance(value, Enum)
    return value.value


# Without the memory 10,000 airings take 5 s to read.
_types = cache(get_type_hints)


def _read(shape: Any, value: Any) -> Any:
    if isinstance(shape, UnionType):
        (shape,) = (one for one in get_args(shape) if one is not type(None))
        return None if value is None else _read(shape, value)
    if get_origin(shape) is tuple:
        return tuple(_read(get_args(shape)[0], one) for one in value)
    if is_dataclass(shape):
        return _read_fields(shape, value)
    if issubclass(shape, Enum):
        return shape(value)
    if shape is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError(f"no time zone: {value}")
        return moment
    if shape is float and type(value) is int:
        return float(value)
    if type(value) is not shape:
        raise ValueError(f"{value!r} is no {shape.__name__}")
    return value


def _read_fields(shape: Any, value: Any) -> Any:
    """A field that is missing has its default: it was not there yet when this was written."""
    hints = _types(shape)
    if not isinstance(value, dict) or not value.keys() <= hints.keys():
        raise ValueError(f"not the fields of {shape.__name__}: {value!r}")
    return shape(**{name: _read(hints[name], field) for name, field in value.items()})
