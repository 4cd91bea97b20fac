"""Holds the import table of ARCHITECTURE.md: who may import whom, and each library's one home."""

import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from house.__main__ import CLOSES, DOCUMENT, OPENS
from house.layout import (
    FILES,
    HOMES,
    LARGER,
    MODULES,
    MOST_MODULES,
    OFFICE,
    PACKAGE,
    ROOMS,
    Room,
    arrows,
    folders,
    modules_imported,
    source,
    table,
)


def test_no_module_lies_loose() -> None:
    assert [path.name for path in PACKAGE.glob("*.py")] == ["__init__.py"]


def test_every_folder_is_in_the_table() -> None:
    assert {folder.partition("/")[0] for folder in folders()} == ROOMS.keys()
    inside = {folder.split("/")[1] for folder in folders() if folder.startswith("county/")}
    assert inside == OFFICE.keys()


@pytest.mark.parametrize(("above", "rooms"), [("", ROOMS), ("county/", OFFICE)])
def test_a_folder_imports_only_what_the_table_allows(above: str, rooms: dict[str, Room]) -> None:
    depth = above.count("/") + 1
    within = {
        (one.removeprefix(above), other.removeprefix(above)): modules
        for (one, other), modules in arrows(depth).items()
        if one.startswith(above) and other.startswith(above)
    }
    everything = {"commands"} if not above else set()
    wrong = {
        f"{one} → {other}": modules
        for (one, other), modules in within.items()
        if one not in everything and other not in rooms[one].may_import
    }
    assert not wrong


@pytest.mark.parametrize("rooms", [ROOMS, OFFICE])
def test_imports_go_to_lower_floors(rooms: dict[str, Room]) -> None:
    for name, room in rooms.items():
        for other in room.may_import:
            assert rooms[other].floor < room.floor, f"{name} → {other}"


@pytest.mark.parametrize("folder", sorted(folders()))
def test_a_folder_can_be_looked_over(folder: str) -> None:
    assert folders()[folder] <= MOST_MODULES or folder in LARGER


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_library_is_imported_only_in_its_home(path: Path) -> None:
    place = path.relative_to(PACKAGE)
    for library in {name.split(".")[0] for name in source(path).imports}:
        if library in sys.stdlib_module_names or library == "broadcaster":
            continue
        places = {str(place), *map(str, place.parents)}
        assert places & HOMES[library], f"{library} has no home in {place}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Not even inside a function, or for a type."""
    graph = {name: modules_imported(path) for name, path in MODULES.items()}
    assert set(TopologicalSorter(graph).static_order()) == MODULES.keys()


def test_no_folders_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for one, other in arrows():
        graph.setdefault(one, set()).add(other)
    assert list(TopologicalSorter(graph).static_order())


def test_the_document_has_the_table() -> None:
    """`scripts/architecture --write` puts it there."""
    document = DOCUMENT.read_text(encoding="utf-8")
    assert document.partition(OPENS)[2].partition(CLOSES)[0].strip() == table()
