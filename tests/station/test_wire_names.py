"""Protects the names that travel between a box and its county: Python names may change, these not."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from broadcaster.core import errors
from broadcaster.core.errors import BroadcasterError
from broadcaster.station import remote_values
from broadcaster.station.remote_api import CALLS, ERRORS

WRITTEN = Path(__file__).with_name("wire_names.txt")


def names_that_travel() -> Iterator[str]:
    """A line for each call: its name, its parameters, and the fields of all that goes in and out."""
    for name, call in CALLS.items():
        types = remote_values.types_of(call.method)
        parameters = sorted(types.keys() - {"return"})
        yield " ".join([name, *parameters, "->", *sorted(fields_within(list(types.values()), set()))])
    yield " ".join(["errors", "->", *sorted(ERRORS)])


def fields_within(shapes: list[Any], met: set[Any]) -> set[str]:
    found: set[str] = set()
    for shape in shapes:
        if shape in met or isinstance(shape, str):
            continue
        met.add(shape)
        inner = list(get_args(shape)) if not isinstance(shape, type) or get_args(shape) else []
        if isinstance(shape, type) and (is_dataclass(shape) or issubclass(shape, BaseModel)):
            own = [one.name for one in fields(shape)] if is_dataclass(shape) else [*shape.model_fields]
            found |= set(own)
            known = remote_values.types_of(shape)
            inner += [known[name] for name in own]
        found |= fields_within([one for one in inner if not isinstance(one, list)], met)
    return found


def words_of(lines: Iterable[str]) -> dict[str, set[str]]:
    return {line.split()[0]: set(line.split()) for line in lines}


def test_no_name_that_travels_has_gone() -> None:
    """New ones are written into `wire_names.txt`; none is ever taken out while older boxes run."""
    now = words_of(names_that_travel())
    for name, words in words_of(WRITTEN.read_text(encoding="utf-8").splitlines()).items():
        assert words <= now.get(name, set())


def test_every_error_has_a_wire_name_of_its_own() -> None:
    ours = [one for one in vars(errors).values() if isinstance(one, type)]
    ours = [one for one in ours if issubclass(one, BroadcasterError)]
    assert all("wire_name" in vars(one) for one in ours)
    assert len(ERRORS) == len(ours)
    assert all(re.fullmatch("([A-Z][a-z]+)+", name) for name in ERRORS)
