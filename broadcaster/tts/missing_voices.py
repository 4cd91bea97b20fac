"""A program for scripts/setup, which runs it at every start: lists the voices to install. Quick, and
imports no model; the files that it reads are read next by the voice child anyway.

A line for each: `baker none`, `recorded none`, or `baker old` for one that speaks, but was made by an
older recipe.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from broadcaster.core.errors import ConfigError, VoiceUnavailable
from broadcaster.core.project_folders import CONFIG_FOLDER
from broadcaster.settings.schema import load_settings
from broadcaster.tts.baker.engine import BakerEngine
from broadcaster.tts.recorded.engine import RecordedEngine
from broadcaster.tts.recorded.phrases import ALARM, is_complete


def lacking(voices_folder: Path) -> Iterator[str]:
    baker = BakerEngine(voices_folder, threads=1)
    try:
        baker.version("")
        baker.check()
        if not baker.is_of_this_release():
            yield "baker old"
    except VoiceUnavailable:
        yield "baker none"
    if not is_complete(voices_folder / RecordedEngine.name / ALARM):
        yield "recorded none"


if __name__ == "__main__":
    try:
        folder = load_settings(CONFIG_FOLDER).paths.voices
    except ConfigError:
        sys.exit()  # the box itself tells what is wrong with them
    sys.stdout.writelines(f"{line}\n" for line in lacking(folder))
