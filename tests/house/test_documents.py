"""What the documents promise is what there is: commands, settings, links, pictures, sizes."""

import argparse
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from house.documents import (
    LARGEST_PAGE,
    PAGES,
    PICTURES,
    PRIVATE_WORDS,
    anchors,
    exists,
    largest,
    linked,
    links,
    name_of,
    names,
    places,
    program,
    reachable,
)
from house.layout import HOMES, PACKAGE, ROOT

from broadcaster.commands.arguments import Parser, make_parser
from broadcaster.core.model import Outcome
from broadcaster.county.store.office_settings import OfficeSettings
from broadcaster.settings.schema import Settings
from broadcaster.settings.values import Section

DOCS = ROOT / "docs"
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
COMMANDS = "".join(
    (DOCS / name).read_text(encoding="utf-8") for name in ("commands.md", "commands_county.md")
)


def commands(parser: Parser) -> Iterator[str]:
    groups = [
        action
        for action in parser.with_options()._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    if not groups:
        yield parser.prog
    for group in groups:
        for command in group.choices.values():
            yield from commands(command)


@pytest.mark.parametrize("command", list(commands(make_parser())))
def test_every_command_is_in_the_documents(command: str) -> None:
    assert re.search(rf"`{command}[ `]", COMMANDS)


@pytest.mark.parametrize("command", re.findall(r"^\| `(broadcaster [a-z ]+)", COMMANDS, re.MULTILINE))
def test_every_command_in_the_documents_exists(command: str) -> None:
    assert any(command.strip().startswith(known) for known in commands(make_parser()))


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_in_the_glossary(outcome: Outcome) -> None:
    assert outcome.value in ARCHITECTURE


def test_every_dependency_has_a_home() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.split(r"[><=;\[]", name)[0].strip().lower() for name in project["dependencies"]}
    imported = {library.lower().replace("_", "-") for library in HOMES}
    elsewhere = {"pyyaml": "yaml", "flask-wtf": "flask-wtf", "argon2-cffi": "argon2"} | {
        "chinesecalendar": "chinese-calendar",
        "paho-mqtt": "paho",
    }
    assert {elsewhere.get(name, name) for name in names} - NOT_IMPORTED <= imported


# tzdata, pypinyin and jieba are read as data; audioop-lts stands in for what Python 3.13 dropped and
# pydub imports.
NOT_IMPORTED = {"tzdata", "pypinyin", "jieba", "audioop-lts"}


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: path.name)
def test_every_file_of_the_config_folder_is_in_the_documents(path: Path) -> None:
    assert f"`config/{path.name}`" in (DOCS / "settings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("page", "shape"), [("settings.md", Settings), ("county_settings.md", OfficeSettings)]
)
def test_the_table_of_settings_is_every_setting_with_its_default(
    page: str, shape: type[Section]
) -> None:
    """Read as a file of settings the table says what an empty file says, and names every key."""
    table = dict(settings_in(DOCS / page))
    nested: dict[str, Any] = {}
    for name, default in table.items():
        *sections, key = name.split(".")
        section = nested
        for each in sections:
            section = section.setdefault(each, {})
        section[key] = default
    assert shape.model_validate(nested) == shape()
    keys = set(keys_of(shape()))
    assert keys == {key for key in keys if any(f"{key}.".startswith(f"{name}.") for name in table)}


def settings_in(page: Path) -> Iterator[tuple[str, Any]]:
    """Two keys in a row share its default, or have one each between the same marks."""
    for cell, default in re.findall(
        r"^\| (`.+?`) \| (.+?) \|", page.read_text(encoding="utf-8"), re.MULTILINE
    ):
        keys, defaults = re.findall("`([^`]+)`", cell), default.split("、")
        for key, each in zip(keys, defaults * len(keys), strict=False):
            yield key, yaml.safe_load(each)


def keys_of(section: Section, above: str = "") -> Iterator[str]:
    for name, field in type(section).model_fields.items():
        value, key = getattr(section, name), above + (field.alias or name)
        if isinstance(value, Section):
            yield from keys_of(value, f"{key}.")
        else:
            yield key


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_is_small_enough_to_be_read(page: Path) -> None:
    size = len(page.read_bytes())
    assert size <= (largest(page) or size), f"{size} bytes; a page of docs/ has {LARGEST_PAGE} at most"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_found_from_readme_or_contributing() -> None:
    found = reachable(ROOT / "README.md", ROOT / "CONTRIBUTING.md")
    assert {name_of(page) for page in PAGES} == {name_of(page) for page in found}


def test_every_picture_is_shown() -> None:
    shown = {path for page in PAGES for path in linked(page) if path.parent == PICTURES}
    assert {path.name for path in PICTURES.iterdir()} == {path.name for path in shown}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_module_that_a_page_names_exists(page: Path) -> None:
    if page.name != "CHANGELOG.md":
        assert not [place for place in sorted(places(page)) if not exists(place)]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_uses_words_that_a_stranger_knows(page: Path) -> None:
    if page.name != "CHANGELOG.md":
        text = page.read_text(encoding="utf-8").lower()
        assert not {word: better for word, better in PRIVATE_WORDS.items() if word in text}


def test_what_the_pages_for_people_quote_is_said_by_the_program() -> None:
    """“更多 → 声卡” are two words of the page."""
    files = (path for path in PACKAGE.rglob("*") if path.suffix in {".html", ".py", ".js", ".toml"})
    said = "".join(path.read_text(encoding="utf-8") for path in files)
    for page in (ROOT / "README.md", *DOCS.glob("*.md")):
        quoted = re.findall("“([^”]+)”", page.read_text(encoding="utf-8"))
        words = [word.strip() for quote in quoted for word in quote.split("→")]
        assert not [word for word in words if word not in said], page.name


def test_every_name_in_the_design_is_a_name_of_the_program() -> None:
    said = program()
    for page in (DOCS / "design").glob("*.md"):
        assert not [name for name in sorted(names(page)) if name not in said], page.name
