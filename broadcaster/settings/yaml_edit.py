"""Changes one entry of a YAML file of sections, by the text: comments, order and spacing stay.

A library that reads and writes again moves the comment below the last entry of a section with that
entry. Here PyYAML only says where the entries stand, and at the end whether the text says what it
should.
"""

import json
from typing import Any

import yaml

from broadcaster.core.errors import FileUnwritable

INDENT = "  "


def set_entry(text: str, section: str, key: str, value: str) -> str:
    """The text with this entry changed or added. Raises `FileUnwritable` for one written too oddly."""
    entry = f"{key}: {_scalar(value)}"
    node = _section(text, section)
    if node is None:
        changed = _with_section(text, section, entry)
    elif pairs := [pair for pair in _pairs(node) if pair[0].value == key]:
        changed = _replaced(text, _start(pairs[-1][1]), _end(pairs[-1][1]), _scalar(value))
    elif not _pairs(node):
        # An empty section: `words:` or `words: {}`.
        head = text[: _start(node)].rstrip(" ")
        changed = head + _line_end(text) + INDENT + entry + text[_end(node) :]
    else:
        last_key, last_value = _pairs(node)[-1]
        end = _end(last_value) if node.flow_style else _end_of_line(text, _end(last_value))
        between = ", " if node.flow_style else _line_end(text) + " " * last_key.start_mark.column
        changed = _replaced(text, end, end, between + entry)
    wanted = _content(text)
    wanted[section] = (wanted.get(section) or {}) | {key: value}
    return _checked(changed, wanted)


def remove_entry(text: str, section: str, key: str) -> str:
    """The text without this entry. Raises `FileUnwritable` for one written too oddly."""
    wanted = _content(text)
    del wanted[section][key]
    while key in _content(text).get(section, {}):
        text = _without(text, section, key)
    return _checked(text, wanted)


def _without(text: str, section: str, key: str) -> str:
    node = _section(text, section)
    pairs = _pairs(node)
    place = next(place for place, pair in enumerate(pairs) if pair[0].value == key)
    start, end = _start(pairs[place][0]), _end(pairs[place][1])
    if node.flow_style:
        if len(pairs) == 1:
            return _replaced(text, start, end, "")
        if place:
            return _replaced(text, _end(pairs[place - 1][1]), end, "")
        return _replaced(text, start, _start(pairs[1][0]), "")
    text = _replaced(text, start - pairs[place][0].start_mark.column, _next_line(text, end), "")
    if len(pairs) == 1:
        # A section that holds nothing would be no section.
        heading = _heading_end(text, section)
        text = _replaced(text, heading, heading, " {}")
    return text


def _heading_end(text: str, section: str) -> int:
    """Behind the colon."""
    keys = [key for key, _ in _pairs(yaml.compose(text, Loader=yaml.SafeLoader)) if key.value == section]
    return text.index(":", _end(keys[-1])) + 1


def _with_section(text: str, section: str, entry: str) -> str:
    line_end = _line_end(text)
    if text and not text.endswith("\n"):
        text += line_end
    return f"{text}{line_end if text else ''}{section}:{line_end}{INDENT}{entry}{line_end}"


def _checked(text: str, wanted: dict[str, Any]) -> str:
    try:
        right = _content(text) == wanted
    except yaml.YAMLError:
        right = False
    if not right:
        raise FileUnwritable("这一条在文件里的写法特别，程序不敢动它。请直接打开文件改。")
    return text


def _content(text: str) -> dict[str, Any]:
    return yaml.safe_load(text) or {}


def _section(text: str, name: str) -> Any:
    """The node of a section, mapping or empty; None where there is no such section."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    nodes = [value for key, value in _pairs(root) if key.value == name]
    return nodes[-1] if nodes else None


def _pairs(node: Any) -> list[tuple[Any, Any]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _scalar(value: str) -> str:
    try:
        plain = yaml.safe_load(f"{{key: {value}}}") == {"key": value}
    except yaml.YAMLError:
        plain = False
    return value if plain else json.dumps(value, ensure_ascii=False)


def _replaced(text: str, start: int, end: int, by: str) -> str:
    return text[:start] + by + text[end:]


def _start(node: Any) -> int:
    return int(node.start_mark.index)


def _end(node: Any) -> int:
    return int(node.end_mark.index)


def _end_of_line(text: str, start: int) -> int:
    """The position of the line's end; a comment belongs to the line."""
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    return end - 1 if text[end - 1 : end] == "\r" else end


def _next_line(text: str, start: int) -> int:
    return text.find("\n", start) + 1 or len(text)


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
