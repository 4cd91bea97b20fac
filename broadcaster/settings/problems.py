"""Turns the errors of a settings file into sentences for the person who wrote it."""

import difflib
import re
import typing
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from broadcaster.settings import yaml_lines

REASONS = {
    "missing": "必须写",
    "invalid_key": "键要写文字",
    "too_short": "不能为空",
    "frozen_set_type": "要写成列表",
    "finite_number": "要写数字",
    "recursion_loop": "不能自己引用自己",
    "extra_forbidden": "没有这一项",
    "bool_type": "要写 true 或 false",
    "bool_parsing": "要写 true 或 false",
    "int_type": "要写整数",
    "int_parsing": "要写整数",
    "int_from_float": "要写整数",
    "float_type": "要写数字",
    "float_parsing": "要写数字",
    "string_type": "要写文字（时间和数字请加引号）",
    "string_too_short": "不能为空",
    "string_too_long": "太长了，最多 {max_length} 个字",
    "too_long": "太多了，最多 {max_length} 个",
    "string_pattern_mismatch": "写法不对",
    "model_type": "要写成一组“键: 值”",
    "model_attributes_type": "要写成一组“键: 值”",
    "dict_type": "要写成一组“键: 值”",
    "tuple_type": "要写成列表",
    "enum": "要写 0 到 4",
    "literal_error": "可以写：{expected}",
    "greater_than_equal": "不能小于 {ge}",
    "greater_than": "要大于 {gt}",
    "less_than_equal": "不能大于 {le}",
}


def keys_twice(path: Path) -> list[str]:
    """A sentence for each key that stands twice: the second one counts, and nobody sees that."""
    with suppress(OSError, yaml_lines.Unreadable):
        lined = yaml_lines.parse(yaml_lines.read_text(path))
        return [f"{path.name} 第 {lined.line_of(place)} 行 {twice(place)}" for place in lined.twice]
    return []


def twice(place: yaml_lines.Place) -> str:
    return f"{place[-1]}：写了两次，现在按后面的，请去掉一个"


def problem(detail: ErrorDetails, shape: type[BaseModel]) -> str:
    """`section.key: reason (did you mean …?)` for one thing that is wrong."""
    return reason(detail, shape) if detail["loc"] else f"整个文件：{reason(detail, shape)}"


def reason(detail: ErrorDetails, shape: type[BaseModel]) -> str:
    """The same where the place is known; a reason without a key is about the whole."""
    # People count from 1.
    shown = (part + 1 if isinstance(part, int) else part for part in detail["loc"])
    where = "".join(f"{part}." for part in shown).rstrip(".")
    where = f"{where}：" if where else ""
    kind, given = detail["type"], detail["input"]
    if kind == "value_error":
        return f"{where}{detail['ctx']['error']}"
    context = detail.get("ctx", {})
    if kind == "literal_error":
        context = {"expected": re.sub(", | or ", "、", context["expected"].replace("'", ""))}
    said = REASONS.get(kind, detail["msg"]).format_map(context)
    if kind == "extra_forbidden":
        return f"{where}{said}{did_you_mean(str(detail['loc'][-1]), _known_keys(detail, shape))}"
    return f"{where}{said}" + ("" if kind == "missing" else f"，现在写的是 {given!r:.80}")


def _known_keys(detail: ErrorDetails, shape: type[BaseModel]) -> Iterator[str]:
    """The keys that were possible where an unknown one stands."""
    for part in detail["loc"][:-1]:
        annotation = shape.model_fields[part].annotation if isinstance(part, str) else shape
        shape = next(
            (
                kind
                for kind in (annotation, *typing.get_args(annotation))
                if isinstance(kind, type) and issubclass(kind, BaseModel)
            ),
            shape,
        )
    yield from shape.model_fields


def did_you_mean(given: str, known: Iterable[str], alike: float = 0.6) -> str:
    """The nearest right one in brackets, or nothing where none is so much `alike`."""
    close = difflib.get_close_matches(given, list(known), n=1, cutoff=alike)
    return f"（是不是 {close[0]}？）" if close else ""
