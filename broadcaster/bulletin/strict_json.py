"""Strict JSON for signed payloads: a text has exactly one reading, or it is refused."""

import json
import math
from datetime import datetime
from enum import Enum
from typing import Any, NoReturn


def parse(data: bytes) -> Any:
    """Raise ValueError for duplicate keys, NaN, wrong UTF-8, lone surrogates, too deep or endless."""
    try:
        value = _DECODER.decode(data.decode("utf-8", "strict"))
        # "\ud800" is JSON, and no text: writing it down would fail much later. In bytes it is no UTF-8.
        if b"\\u" in data:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise ValueError("too deep") from None
    return value


def write(value: Any) -> bytes:
    """Times in RFC 3339, enums by their values."""
    return _ENCODER.encode(value).encode("utf-8")


def _written(value: object) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    raise TypeError(type(value).__name__)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("the same key twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_written)
