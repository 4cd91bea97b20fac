"""How a command tells what it did, and asks the box that runs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from broadcaster import control
from broadcaster.errors import BroadcasterError
from broadcaster.settings import load_lexicon, load_settings
from broadcaster.timetable_file import load_timetable

if TYPE_CHECKING:
    from broadcaster.daemon import Config

Arguments = argparse.Namespace


def report(content: object, text: str, arguments: Arguments) -> None:
    """For a person, or with --json for a program."""
    if arguments.json:
        print_json(content)
    else:
        print(text, flush=True)


def print_json(content: object) -> None:
    """One line of JSON."""
    print(json.dumps(content, ensure_ascii=False), flush=True)


def ask_box(request: control.Message, config_folder: Path) -> Iterator[control.Message] | None:
    """The running box's answers, or None where none runs; an error of the box is raised here."""
    answers = control.ask(load_settings(config_folder).paths.state, request)
    return None if answers is None else map(refuse_error, answers)


def refuse_error(answer: control.Message) -> control.Message:
    """Raise `BroadcasterError` for an answer that is one."""
    if "error" in answer:
        raise BroadcasterError(answer["error"])
    return answer


def load_config(folder: Path) -> Config:
    """Everything in the folder, checked. Raises `ConfigError`."""
    from broadcaster.daemon import Config
    from broadcaster.script.lexicon import load_lexicon as check_lexicon

    config = Config(load_settings(folder), load_timetable(folder), load_lexicon(folder), folder)
    check_lexicon(config.lexicon)
    return config
