"""The fields of a notice as pydantic reads them, for the API and slots: they describe what they take."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, create_model

from broadcaster.core.notice import Spec, Way, kind_of, piece_fields, plain_value, settable, written_as
from broadcaster.core.piece import Piece

Model = TypeVar("Model", bound=BaseModel)
NONE: Mapping[str, Any] = MappingProxyType({})


def takes_notice(way: Way, shapes: Mapping[str, Any] = NONE) -> Callable[[type[Model]], type[Model]]:
    """Give a model the fields of a notice that are set by this way, but for those that it has itself.

    `shapes` are fields that people write in a way of their own; None is one under other names.
    """

    def extend(model: type[Model]) -> type[Model]:
        fields: dict[str, Any] = {
            name: _field(spec, shape, default, shapes.get(name))
            for name, (spec, shape, default) in settable(way).items()
            if name not in model.model_fields and shapes.get(name, shape) is not None
        }
        about: dict[str, Any] = {"__doc__": model.__doc__, "__module__": model.__module__}
        whole: type[Model] = create_model(model.__name__, __base__=model, **about, **fields)
        return whole

    return extend


def _field(spec: Spec, shape: Any, default: Any, own: Any) -> tuple[Any, Any]:
    limited: Any = Annotated[own or _written(shape), _limits(spec, shape)]
    described = Field(default, description="：".join(filter(None, (spec.label, spec.hint))))
    return limited if shape is kind_of(shape) else limited | None, described


def _written(shape: Any) -> Any:
    """The JSON values of a type: of what is closed just these."""
    kind = kind_of(shape)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Literal[tuple(one.value for one in kind)]
    if kind == tuple[Piece, ...]:
        return list[_piece_model()]  # type: ignore[misc]
    return list[str] if kind == tuple[str, ...] else written_as(shape)


@cache
def _piece_model() -> type[BaseModel]:
    """The JSON values of a piece."""
    written: dict[str, Any] = {}
    for one in fields(Piece):
        shape = piece_fields()[one.name]
        values = _written(shape) if shape is kind_of(shape) else _written(shape) | None
        written[one.name] = (values, ... if one.default is MISSING else plain_value(one.default))
    about: dict[str, Any] = {"__doc__": Piece.__doc__}
    return create_model(
        "PieceIn", __config__=ConfigDict(extra="forbid", strict=True), **about, **written
    )


def _limits(spec: Spec, shape: Any) -> Any:
    if kind_of(shape) in (int, float):
        return Field(ge=spec.least, le=spec.most)
    return Field(max_length=spec.longest, pattern=f"^{spec.pattern}$" if spec.pattern else None)
