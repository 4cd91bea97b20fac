"""Parses YAML with the line number of every key. If a file is not valid YAML, saves the readable entries
of a list.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import yaml

Place = tuple[str | int, ...]

TIMESTAMP = "tag:yaml.org,2002:timestamp"


# libyaml reads 10,000 slots in 2 s, Python's own parser in half a minute.
class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Dates stay as they are written: a 13th month is told like every other mistake."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != TIMESTAMP]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True)
class Lined:
    """A value, and in which line each part of it begins; `twice` are keys written a second time."""

    content: Any
    lines: dict[Place, int]
    twice: tuple[Place, ...] = ()

    def line_of(self, place: Sequence[str | int]) -> int:
        """The line of the nearest part around a place that has one."""
        known = (tuple(place[:length]) for length in range(len(place), -1, -1))
        return next((self.lines[part] for part in known if part in self.lines), 1)


@dataclass(frozen=True)
class Unreadable(Exception):
    """Text that is not YAML, and the line where that was found."""

    line: int


def read_text(path: Path) -> str:
    """As UTF-8 or GB 18030; a byte that is neither becomes U+FFFD. Raises `OSError`."""
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("utf-8-sig", errors="replace")


def parse(text: str, first_line: int = 1) -> Lined:
    """The YAML that begins in `first_line` of a file. Raises `Unreadable`."""
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return Lined(None, {(): first_line})
            lines: dict[Place, int] = {}
            twice: list[Place] = []
            _note_lines(node, (), lines, twice, first_line, 0)
            return Lined(loader.construct_document(node), lines, tuple(twice))
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        # What was never closed is noticed at the end; where it was opened says more.
        marks = (error.problem_mark, error.context_mark)
        found = [mark.line for mark in marks if mark and mark.line < len(text.splitlines())]
        raise Unreadable(first_line + (found[0] if found else 0)) from error
    except yaml.reader.ReaderError as error:
        raise Unreadable(first_line + text.count("\n", 0, error.position)) from error
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        raise Unreadable(first_line) from error


def split_entries(text: str, key: str) -> tuple[str, list[tuple[int, str]]]:
    """Splits a file into the text beside the list of one key, and the list's entries with their first
    lines.

    Goes by the dashes alone. A dash one column further in than the first cannot belong to an entry, and
    one before `name` never does, so an entry with wrong indentation spoils only itself.
    """
    lines = text.splitlines(keepends=True)
    begin, end = _block_of(lines, key)
    depths = [len(found[1]) for line in lines[begin:end] if (found := re.match(r"( *)-( |$)", line))]
    if not depths:
        return text, []
    dash = re.compile(rf" {{0,{min(depths) + 1}}}-( |$)|\s*- +name *:")
    begins = [n for n in range(begin, end) if dash.match(lines[n])]
    rest = [*lines[: begins[0]], *["\n"] * (end - begins[0]), *lines[end:]]
    spans = zip(begins, [*begins[1:], end], strict=True)
    return "".join(rest), [(first + 1, "".join(lines[first:last])) for first, last in spans]


def _block_of(lines: list[str], key: str) -> tuple[int, int]:
    """The lines that belong to a key of the file: from the one after it to the next key."""
    begin = next((n for n, line in enumerate(lines, 1) if re.match(rf"{key} *:", line)), len(lines))
    others = (n for n in range(begin, len(lines)) if re.match(r"[a-z_]+ *:", lines[n]))
    return begin, next(others, len(lines))


def _note_lines(
    node: Any, place: Place, lines: dict[Place, int], twice: list[Place], first_line: int, depth: int
) -> None:
    if depth > 20:
        raise ValueError("nested too deeply")
    lines.setdefault(place, first_line + node.start_mark.line)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            if inner in lines:
                twice.append(inner)
                for below in [known for known in lines if known[: len(inner)] == inner]:
                    del lines[below]
            lines[inner] = first_line + key.start_mark.line
            _note_lines(value, inner, lines, twice, first_line, depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _note_lines(value, (*place, number), lines, twice, first_line, depth + 1)
