"""Turns values of the program into JSON values and back, by their types: both ends agree by
construction.
"""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

types_of = cache(get_type_hints)
# What is made or sent piece by piece.
FLOWS = (Iterator, Iterable)
# How pieces are kept for who asks for them one by one, and their name; how they are had by it.
Keep = Callable[[Iterable[Any]], str]
Fetch = Callable[[str, Any], Iterator[Any]]


def is_flow(shape: Any) -> bool:
    return get_origin(shape) in FLOWS


def write(value: Any, keep: Keep) -> Any:
    """A moment has its zone in it; pieces that come are kept, and stand for themselves by a name."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, BaseModel):
        return {name: write(getattr(value, name), keep) for name in type(value).model_fields}
    if is_dataclass(value):
        given = {
            one.name: getattr(value, one.name) for one in fields(value) if not _is_usual(value, one)
        }
        return {name: write(inner, keep) for name, inner in given.items()}
    if isinstance(value, Mapping):
        return {str(key): write(one, keep) for key, one in value.items()}
    if isinstance(value, list | tuple | frozenset):
        return [write(one, keep) for one in value]
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Iterable):
        return keep(value)
    raise TypeError(type(value).__name__)


def _is_usual(value: Any, one: Field[Any]) -> bool:
    """Left out: so a new field breaks no page between a newer end and an older one."""
    return one.default is not MISSING and getattr(value, one.name) == one.default


def read(shape: Any, value: Any, fetch: Fetch) -> Any:
    """Strictly, but for fields of a newer end: raises ValueError for whatever `write` would not have
    written of this type.
    """
    try:
        return _read(shape, value, fetch)
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _read(shape: Any, value: Any, fetch: Fetch) -> Any:
    origin, inner = get_origin(shape), get_args(shape)
    if shape in (Any, object):
        return value
    if origin is Annotated:
        return _read(inner[0], value, fetch)
    if origin in (Union, UnionType):
        return _read_one_of(inner, value, fetch)
    if origin is Literal:
        return _checked(value in inner, shape, value)
    if origin in FLOWS:
        return fetch(_checked(type(value) is str, shape, value), inner[0])
    if origin in (dict, Mapping):
        _checked(isinstance(value, dict), shape, value)
        return {key: _read(inner[1], one, fetch) for key, one in value.items()}
    if origin is not None:
        return _read_row(origin, inner, value, fetch)
    return _read_plain(shape, value, fetch)


def _read_one_of(shapes: tuple[Any, ...], value: Any, fetch: Fetch) -> Any:
    if value is None and NoneType in shapes:
        return None
    (shape,) = (one for one in shapes if one is not NoneType)
    return _read(shape, value, fetch)


def _read_row(origin: Any, inner: tuple[Any, ...], value: Any, fetch: Fetch) -> Any:
    _checked(isinstance(value, list), origin, value)
    if origin is tuple and inner[-1] is not Ellipsis:
        pairs = zip(inner, value, strict=True)
        return tuple(_read(shape, one, fetch) for shape, one in pairs)
    read_all = (_read(inner[0], one, fetch) for one in value)
    return {tuple: tuple, frozenset: frozenset}.get(origin, list)(read_all)


def _read_plain(shape: Any, value: Any, fetch: Fetch) -> Any:
    if isinstance(shape, type) and is_dataclass(shape):
        return shape(**_read_fields(shape, value, fetch))
    if issubclass(shape, BaseModel):
        # Not validated again: a validator reads what people write, not what it made of that.
        return shape.model_construct(**_read_fields(shape, value, fetch))
    if issubclass(shape, Enum):
        return shape(value)
    if shape is datetime:
        moment = datetime.fromisoformat(value)
        return _checked(moment.tzinfo is not None, shape, moment)
    if shape is date:
        return date.fromisoformat(value)
    if shape is bytes:
        return base64.b64decode(value, validate=True)
    if shape is Path:
        return Path(_checked(type(value) is str, shape, value))
    if shape is float and type(value) is int:
        return float(value)
    return _checked(value is None if shape is None else type(value) is shape, shape, value)


def _read_fields(shape: Any, value: Any, fetch: Fetch) -> dict[str, Any]:
    """A field that is missing has its default, and one that is not known is passed over: the other end
    may be older or newer.
    """
    known = types_of(shape, include_extras=False)
    names = shape.model_fields if not is_dataclass(shape) else {one.name for one in fields(shape)}
    _checked(isinstance(value, dict), shape, value)
    return {name: _read(known[name], value[name], fetch) for name in names if name in value}


def _checked(holds: bool, shape: Any, value: Any) -> Any:
    if not holds:
        raise ValueError(f"no {getattr(shape, '__name__', shape)}: {value!r:.60}")
    return value
