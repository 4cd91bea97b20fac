"""Holds the rules for names and docstrings of the program."""

import re
from collections import Counter
from collections.abc import Iterator

from house.layout import FILES, PACKAGE, source

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


def classes() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The place, the name and the bases of each."""
    for path in FILES:
        for name, bases in source(path).classes:
            yield str(path.relative_to(PACKAGE)), name, bases


def test_a_class_name_is_used_once() -> None:
    counts = Counter(name for _, name, _ in classes())
    twice = {name for name, count in counts.items() if count > 1}
    assert not sorted((name, place) for place, name, _ in classes() if name in twice)


def test_schemas_of_the_api_say_which_way_they_go() -> None:
    schemas = {"BaseModel", "RawModel"}
    for place, name, bases in classes():
        if place.startswith("web/api/") and schemas & set(bases):
            schemas.add(name)
    wrong = schemas - {"BaseModel", "RawModel", STRICT}
    assert not [name for name in wrong if not name.endswith(SCHEMA_ENDINGS)]


def test_a_docstring_says_what_its_thing_does_or_holds() -> None:
    """A noun clause (What a box knows of …) leaves the thing without its name."""
    docstrings = [
        (f"{path.relative_to(PACKAGE)}:{line}", text)
        for path in FILES
        for line, text in source(path).docstrings
    ]
    assert not [(place, text[:60]) for place, text in docstrings if NOUN_CLAUSE.match(text)]


def names() -> Iterator[tuple[str, str]]:
    """Those of modules, classes and functions."""
    for path in FILES:
        classes = (name for name, _ in source(path).classes)
        for name in (path.stem, *classes, *source(path).functions):
            yield str(path.relative_to(PACKAGE)), name


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
