"""The types of the fields of signed messages, and the strict reading of a message."""

import re
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError
from securesystemslib.signer import Key

from broadcaster.bulletin import envelope, strict_json
from broadcaster.bulletin.refusals import NotAccepted, Refusal

# 2^53 - 1: every JSON reader keeps it exact.
HIGHEST_SEQUENCE = 2**53 - 1
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
STRICT = ConfigDict(strict=True, extra="forbid")
AS_TUPLE = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)

Message = TypeVar("Message")


def read_moment(value: object) -> object:
    """RFC 3339 with its offset; a time is nothing without one."""
    if isinstance(value, str):
        if not MOMENT.fullmatch(value):
            raise ValueError("时间要写成 2026-05-01T08:00:00+08:00")
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise ValueError("时间没有时区")
    # Near the ends of the calendar a change of zone overflows.
    if isinstance(value, datetime) and not 2000 <= value.year < 2200:
        raise ValueError("年份不对")
    return value


Moment = Annotated[datetime, BeforeValidator(read_moment)]
BulletinId = Annotated[
    str,
    Field(pattern=r"^([0-9]{35}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\z"),
]
BoxName = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}\z")]
FieldName = Annotated[str, Field(pattern=r"^[a-z_]{1,40}\z")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}\z")]
# The version that somebody says he reads; a database takes no number of a thousand digits.
ReadVersion = Annotated[int, Field(ge=1, le=1_000)]


def by_value(kind: type[Enum]) -> BeforeValidator:
    """A member of an enum, which JSON gives by its value."""
    return BeforeValidator(lambda value: kind(value) if type(value) in (str, int) else value)


def part(shape: Callable[..., Any]) -> BeforeValidator:
    """A message within a message."""
    return BeforeValidator(lambda value: shape(**value) if isinstance(value, dict) else value)


def parts(shape: Callable[..., Any]) -> BeforeValidator:
    """The same, several of them."""

    def read(value: object) -> object:
        if not isinstance(value, list):
            return value
        return tuple(shape(**each) if isinstance(each, dict) else each for each in value)

    return BeforeValidator(read)


def where(error: ValidationError) -> str:
    """The fields that are wrong, for the record; never what was in them."""
    return " ".join(sorted({".".join(map(str, one["loc"][:2]))[:40] for one in error.errors()}))[:200]


def read_payload(shape: Callable[..., Message], payload: bytes) -> Message:
    """Raises `NotAccepted`."""
    try:
        return shape(**strict_json.parse(payload))
    except ValidationError as error:
        raise NotAccepted(Refusal.BAD_SCHEMA, where(error)) from error
    except (ValueError, TypeError) as error:
        raise NotAccepted(Refusal.BAD_SCHEMA, "JSON") from error


def read_signed(
    shape: Callable[..., Message], payload_type: str, data: bytes, key: Key, largest: int
) -> Message:
    """A message that this key and no other has signed. Raises `NotAccepted`."""
    signed = envelope.read(data, payload_type, largest)
    if signed.signatures.keys() != {key.keyid}:
        raise NotAccepted(Refusal.UNKNOWN_KEY)
    signed.check_signed_by(key)
    return read_payload(shape, signed.payload)
