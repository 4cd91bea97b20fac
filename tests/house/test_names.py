"""Holds the rules for names and docstrings of the program."""

import ast
import re
from collections import Counter
from collections.abc import Iterator

from house.layout import FILES, PACKAGE

# What comes in with the address or the headers of a request ends in what it comes by.
SCHEMA_ENDINGS = ("In", "Out", "Path", "Query", "Header")
NOUN_CLAUSE = re.compile(r"(What|Where|Whether|Whom?|Whose|Which|How|Why)\b")
# Each has a standard word of the field: snapshot, preview, recurring, audit entry, remote, access …
BANNED = frozenset(
    "afar booth deed deeds door doors emptied far fare fares foothold footholds hearing hearings heads "
    "homecoming manner paper presence question questions reception rehearsal rehearsals rehearse "
    "rehearsed standing superior superiors whole".split()
)
# A name that travels (a part of the remote API); on real paper; plain English; an old migration.
MEANT = frozenset({"rehearsals", "paper", "so_far", "v0004_verses_sounds_hearings"})
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


def docstrings() -> Iterator[tuple[str, str]]:
    """Those of fields and constants too."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                if isinstance(node.value.value, str):
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno}", node.value.value.strip()


def test_a_docstring_says_what_its_thing_does_or_holds() -> None:
    """A noun clause (What a box knows of …) leaves the thing without its name."""
    assert not [(place, text[:60]) for place, text in docstrings() if NOUN_CLAUSE.match(text)]


def names() -> Iterator[tuple[str, str]]:
    """Those of modules, classes and functions."""
    for path in FILES:
        place = str(path.relative_to(PACKAGE))
        yield place, path.stem
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield place, node.name


def test_no_name_has_a_private_word_for_what_the_field_has_a_word_for() -> None:
    found = [
        (place, name)
        for place, name in names()
        if name not in MEANT and BANNED & set(re.findall("[a-z]+", words_of(name)))
    ]
    assert not found


def words_of(name: str) -> str:
    """`RemoteAccess` as `_remote_access`."""
    return re.sub(r"([A-Z]+)", r"_\1", name).lower()
