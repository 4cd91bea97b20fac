"""Shared by the commands: reports results and errors, loads the settings, asks the running box."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from broadcaster.core.errors import BroadcasterError, ConfigError
from broadcaster.core.project_folders import under_project
from broadcaster.daemon import control_socket
from broadcaster.system.last_good_settings import (
    LAST_GOOD,
    load_or_last_good,
    store_last_good,
    unreported,
    was_changed,
)

if TYPE_CHECKING:
    from broadcaster.daemon.assembly import Config
    from broadcaster.settings.schema import LexiconSettings, Settings

EXIT_TO_MEND = 1
FILES = ("broadcaster.yaml", "timetable.yaml", "lexicon.yaml")

Arguments = argparse.Namespace
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


def ask_box(
    request: control_socket.Message, config_folder: Path
) -> Iterator[control_socket.Message] | None:
    """The running box's answers, or None where none runs; an error of the box is raised here."""
    for state in _state_folders(config_folder):
        if answers := control_socket.ask(state, request):
            return map(refuse_error, answers)
    return None


def ask_running_box(request: control_socket.Message, config_folder: Path) -> control_socket.Message:
    """The first answer of the box. Raises `BroadcasterError` where none runs."""
    answers = ask_box(request, config_folder)
    if answers is None:
        raise BroadcasterError(NOT_RUNNING)
    return next(answers, None) or refuse_error(NO_ANSWER)


def state_of_box(config_folder: Path) -> control_socket.Message:
    """Of the running box; empty where none runs."""
    answer = next(ask_box({"do": "status"}, config_folder) or iter(()), control_socket.Message())
    state: control_socket.Message = answer.get("status", {})
    return state


def not_counted_yet(state: control_socket.Message) -> list[str]:
    """The box's sentences on files that were changed and are not gone by."""
    from broadcaster.daemon.config_watch import CHANGED
    from broadcaster.system.program_files import REPLACED

    faults = state.get("faults", [])
    return [fault for fault in faults if CHANGED in fault or fault.startswith(REPLACED)]


def refuse_error(answer: control_socket.Message) -> control_socket.Message:
    """Raise `BroadcasterError` for an answer that is one."""
    if "error" in answer:
        raise BroadcasterError(answer["error"])
    return answer


def load_config(folder: Path) -> Config:
    """Everything in the folder, checked. Raises `ConfigError`."""
    from broadcaster.daemon.assembly import Config
    from broadcaster.schedule.timetable_file import load_timetable
    from broadcaster.settings.schema import load_settings

    return Config(load_settings(folder), load_timetable(folder), load_checked_lexicon(folder), folder)


def settings_to_look_by(folder: Path) -> Settings:
    """Of a command beside the box, which goes by them too. Raises `ConfigError`."""
    from broadcaster.settings.schema import load_settings

    def tell(error: ConfigError) -> None:
        print(f"先按上次能用的（{folder / LAST_GOOD} 里有）：{error}", file=sys.stderr)

    return load_or_last_good(load_settings, folder, FILES[:1], tell)


def load_checked_lexicon(folder: Path) -> LexiconSettings:
    """Raises `ConfigError`, also for a reading that cannot be."""
    from broadcaster.settings.schema import load_lexicon
    from broadcaster.text.lexicon import load_lexicon as check_lexicon

    check_lexicon(lexicon := load_lexicon(folder))
    return lexicon


def _state_folders(config_folder: Path) -> Iterator[Path]:
    """The state folders that may hold the control socket: by the settings, and by those of the last good
    start, because the box runs on when they are damaged. Raises `ConfigError` if neither can be read.
    """
    good_folder = config_folder / LAST_GOOD
    is_kept = (good_folder / FILES[0]).exists()
    try:
        yield (now := _state_folder(config_folder))
    except ConfigError:
        if not is_kept:
            raise
        now = None
    if is_kept and (before := _state_folder(good_folder)) != now:
        yield before


def _state_folder(config_folder: Path) -> Path:
    """Settings that are checked whole take 0.2 s, half of what `stop` would take."""
    import yaml

    try:
        with (config_folder / "broadcaster.yaml").open("rb") as file:
            return under_project(Path(yaml.safe_load(file)["paths"]["state"]))
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError):
        from broadcaster.settings.schema import load_settings

        return load_settings(config_folder).paths.state


def load_config_to_run(folder: Path) -> Config:
    """The same for a box that nobody watches: what is damaged since the last start is taken as it was
    then, and told. Raises `ConfigError` where it never was good.
    """
    from broadcaster.schedule.timetable_file import load_timetable
    from broadcaster.settings.problems import keys_twice

    wrong: list[ConfigError] = []
    config = load_or_last_good(load_config, folder, FILES, wrong.append)
    if wrong:
        fault = f"设置用不了，先按上次能用的广播，请改好再重新启动：{wrong[0]}"
        config = replace(config, folder=folder, fault=fault, timetable=load_timetable(folder))
    if not config.timetable.slots and (config.timetable.problems or config.fault):
        slots = load_timetable(folder / LAST_GOOD).slots
        return replace(config, timetable=config.timetable.model_copy(update={"slots": slots}))
    if not config.fault and (doubts := keys_twice(folder / FILES[0])):
        return replace(config, fault=f"设置里有不清楚的：{'；'.join(doubts)}。")
    if not (config.fault or config.timetable.problems):
        config = replace(config, changed=_changed(folder, config.settings))
        store_last_good(folder, FILES)
    return config


def _changed(folder: Path, now: Settings) -> str:
    from broadcaster.settings.schema import load_settings

    try:
        good = folder / LAST_GOOD
        before = load_settings(good).model_dump(mode="json") if unreported(folder, FILES[:1]) else {}
        return was_changed(folder, FILES, before, now.model_dump(mode="json") if before else {})
    except (ConfigError, OSError):
        return ""
