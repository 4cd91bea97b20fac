"""What the documents promise is what there is: commands, settings, parts, libraries."""

import argparse
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from house.layout import HOMES

from broadcaster.commands.arguments import Parser, make_parser
from broadcaster.core.model import Outcome

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def commands(parser: Parser) -> Iterator[str]:
    groups = [
        action for action in parser.told()._actions if isinstance(action, argparse._SubParsersAction)
    ]
    if not groups:
        yield parser.prog
    for group in groups:
        for command in group.choices.values():
            yield from commands(command)


@pytest.mark.parametrize("command", list(commands(make_parser())))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert re.search(rf"`{command}[ `]", README)


@pytest.mark.parametrize("command", re.findall(r"^\| `(broadcaster [a-z ]+)", README, re.MULTILINE))
def test_every_command_in_the_readme_exists(command: str) -> None:
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


@pytest.mark.parametrize(
    "path", ["config/broadcaster.yaml", "config/timetable.yaml", "config/lexicon.yaml"]
)
def test_every_file_of_the_config_folder_is_in_the_readme(path: str) -> None:
    assert path in README
