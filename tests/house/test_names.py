"""Holds what the names of the program must be: a class name stands for one thing in all of it."""

import ast
from collections import Counter
from collections.abc import Iterator

from house.layout import FILES, PACKAGE

# What comes in with the address or the headers of a request ends in what it comes by.
SCHEMA_ENDINGS = ("In", "Out", "Path", "Query", "Header")
STRICT = "Strict"  # the base of those that take nothing they do not know


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                yield str(path.relative_to(PACKAGE)), node


def test_a_class_name_is_used_once() -> None:
    counts = Counter(node.name for _, node in classes())
    twice = {name for name, count in counts.items() if count > 1}
    assert not sorted((node.name, place) for place, node in classes() if node.name in twice)


def test_schemas_of_the_api_say_which_way_they_go() -> None:
    schemas = {"BaseModel", "RawModel"}
    for place, node in classes():
        if place.startswith("web/api/") and schemas & {ast.unparse(base) for base in node.bases}:
            schemas.add(node.name)
    wrong = schemas - {"BaseModel", "RawModel", STRICT}
    assert not [name for name in wrong if not name.endswith(SCHEMA_ENDINGS)]
