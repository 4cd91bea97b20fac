"""How a command tells what it did, and asks the box that runs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from broadcaster import control
from broadcaster.errors import BroadcasterError
from broadcaster.folders import under_project

if TYPE_CHECKING:
    from broadcaster.daemon import Config

Arguments = argparse.Namespace
EXIT_BROKEN = 2
NOT_RUNNING = "广播站没有在运行。启动它：scripts/run"
NO_ANSWER = {"error": "广播站没有回答，请重启它。"}


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
    answers = control.ask(_state_folder(config_folder), request)
    return None if answers is None else map(refuse_error, answers)


def ask_running_box(request: control.Message, config_folder: Path) -> control.Message:
    """The first answer of the box. Raises `BroadcasterError` where none runs."""
    answers = ask_box(request, config_folder)
    if answers is None:
        raise BroadcasterError(NOT_RUNNING)
    return next(answers, None) or refuse_error(NO_ANSWER)


def refuse_error(answer: control.Message) -> control.Message:
    """Raise `BroadcasterError` for an answer that is one."""
    if "error" in answer:
        raise BroadcasterError(answer["error"])
    return answer


def load_config(folder: Path) -> Config:
    """Everything in the folder, checked. Raises `ConfigError`."""
    from broadcaster.daemon import Config
    from broadcaster.script.lexicon import load_lexicon as check_lexicon
    from broadcaster.settings import load_lexicon, load_settings
    from broadcaster.timetable_file import load_timetable

    config = Config(load_settings(folder), load_timetable(folder), load_lexicon(folder), folder)
    check_lexicon(config.lexicon)
    return config


def _state_folder(config_folder: Path) -> Path:
    """Where the box's door is. Raises `ConfigError`.

    Settings that are checked whole take 0.2 s, half of what `stop` would take.
    """
    import yaml

    try:
        with (config_folder / "broadcaster.yaml").open("rb") as file:
            return under_project(Path(yaml.safe_load(file)["paths"]["state"]))
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError):
        from broadcaster.settings import load_settings

        return load_settings(config_folder).paths.state
