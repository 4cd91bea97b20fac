"""An airing as text and back: JSON of the values; of its notice what differs from the defaults."""

import json
import logging
import re
import zlib
from dataclasses import fields, replace
from datetime import datetime
from functools import cache
from typing import Any, get_type_hints

from broadcaster.core.errors import NoticeRefused
from broadcaster.core.model import Airing
from broadcaster.core.notice import SPECS, Notice, kind_of, plain, plain_value, read, value_of

logger = logging.getLogger(__name__)

SUM = re.compile(r', "sum": ([0-9]{1,10})}$')
# What the journal has columns for.
IN_COLUMNS = {"id", "title", "text", "severity"}


def write_airing(airing: Airing) -> str:
    """ASCII only: so a lone surrogate, which a terminal that is not UTF-8 brings in, survives."""
    values = {one.name: getattr(airing, one.name) for one in fields(airing)}
    text = json.dumps(values | {"notice": plain(airing.notice)}, default=_plain)
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
        values = _known_fields(json.loads(text), _types())
        return Airing(**{name: _read(_types()[name], value) for name, value in values.items()})
    except (TypeError, RecursionError, NoticeRefused) as error:
        raise ValueError(str(error)) from error


def write_overrides(notice: Notice) -> str:
    """The settings of a notice beside its text and severity, as JSON; "" if there are none."""
    asked = {name: value for name, value in plain(notice).items() if name not in IN_COLUMNS}
    return json.dumps(asked) if asked else ""


def read_overrides(notice: Notice, text: str) -> Notice:
    """The notice, asking for that too; as it is where the text cannot be read."""
    try:
        asked = read(_known_fields(json.loads(text or "{}"), SPECS))
    except (ValueError, NoticeRefused, RecursionError):
        return notice
    return replace(asked, **{name: getattr(notice, name) for name in IN_COLUMNS})


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else plain_value(value)


# Without the memory 10,000 airings take 5 s to read.
@cache
def _types() -> dict[str, Any]:
    return get_type_hints(Airing)


def _read(shape: Any, value: Any) -> Any:
    if shape is Notice:
        return read(_known_fields(value, SPECS))
    if kind_of(shape) is datetime and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError(f"no time zone: {value}")
        return moment
    return value_of(shape, value)


def _known_fields(values: Any, names: Any) -> dict[str, Any]:
    """Without the fields of a newer program, in whose place an older one was put back; one that is
    missing has its default: it was not there yet when this was written.
    """
    if not isinstance(values, dict):
        raise ValueError(f"no fields: {values!r:.60}")
    if unknown := values.keys() - names.keys():
        logger.warning("这个版本不认识 %s，没有管它", "、".join(sorted(unknown)))
    return {name: value for name, value in values.items() if name in names}
